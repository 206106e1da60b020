"""Shared by the classification family: its parameters, its output fields, its rows."""

from typing import Any

from ._base import Field, Kind, Param, Row

ALL_LABELS = 0  # the value of top_k that asks for every label

LABEL_OUTPUTS = (
    Field("label", Kind.TEXT, "A label of the model's configuration."),
    Field("score", Kind.NUMBER, "Probability, 0 to 1, unless function_to_apply is none."),
)
LABEL_PARAMS = (
    Param(
        "top_k",
        int,
        5,
        "Labels returned per input, best first; 0 returns all.",
        minimum=0,
        maximum=100_000,
        null=ALL_LABELS,
    ),
    Param(
        "function_to_apply",
        str,
        None,
        "How logits become scores. Left out, the model's problem type decides: softmax, or sigmoid when labels are independent.",
        choices=("softmax", "sigmoid", "none"),
    ),
)


def rows_of_labels(raw: list[Any]) -> list[list[Row]]:
    """N raw results (one label, or a list of labels) to N lists of label rows, best score first."""
    return [_labels(each if isinstance(each, list) else [each]) for each in raw]


def function_of(config: Any) -> Row:
    """The function that the pipelines apply when none is asked for, read from a model's configuration."""
    problem = getattr(config, "problem_type", None)
    if problem == "regression":
        return {"function_to_apply": "none"}
    if problem == "multi_label_classification" or getattr(config, "num_labels", 2) == 1:
        return {"function_to_apply": "sigmoid"}
    return {"function_to_apply": "softmax"}


def _labels(labels: list[Row]) -> list[Row]:
    rows = [{"label": str(each["label"]), "score": float(each["score"])} for each in labels]
    return sorted(rows, key=lambda row: row["score"], reverse=True)
