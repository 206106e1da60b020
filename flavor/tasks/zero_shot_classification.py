"""Zero-shot classification: one text to scores of labels that are named in the request."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task, Warned
from ._candidate_labels import LABELS, TEMPLATE, check_template, template_param
from ._label_scores import LABEL_OUTPUTS

MAX_PAIRS = 32  # of text and label, in one forward pass
_NO_ENTAILMENT = Warned(
    "no_entailment_label", "no label of the model's configuration begins with 'entail'; its last class is taken for that"
)


class ZeroShotClassification(Task):
    name = "zero-shot-classification"
    title = "Zero-shot classification"
    summary = "Scores any labels for a text, by a model that tells whether one sentence follows from another."
    modality = "text"
    pipeline = "transformers:ZeroShotClassificationPipeline"
    auto_model = "AutoModelForSequenceClassification"
    architecture_suffixes = ("SequenceClassification",)  # shorter than text classification's: done when asked for, never guessed

    inputs = (
        Field("text", Kind.TEXT, "The text to classify.", also=("sequences", "sequence")),
        Field(
            LABELS,
            Kind.LABELS,
            "The labels to choose from; left out, those of the parameter candidate_labels.",
            required=False,
        ),
    )
    outputs = LABEL_OUTPUTS
    params = (
        Param("multi_label", bool, False, "Score each label by itself; else the scores of all add up to 1."),
        template_param("This example is {}."),
        Param(LABELS, list, None, "Labels of the texts that come without labels of their own.", advanced=True),
    )
    stock_outputs = (
        Field("sequence", Kind.TEXT, "The text."),
        Field("labels", Kind.TEXT, "One of the labels."),
        Field("scores", Kind.NUMBER, "Its probability."),
    )
    example = {
        "text": "My phone gets hot and its battery is empty by noon.",
        LABELS: ["mobile phones", "billing", "delivery"],
    }
    display = Display.LABELS

    def tokenized(self, row: Row, params: Row) -> Row:
        """The text with its longest hypothesis, which is never cut."""
        return {"text": row["text"], "text_pair": max(_hypotheses(row, params), key=len)}

    def check_model(self, pipeline: Any, params: Row) -> None:
        check_template(params)

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row with its labels, checked against what the model can tell."""
        labels = [label for label in row.get(LABELS) or params.get(LABELS) or [] if label.strip()]
        if not labels:
            raise InvalidInput(LABELS, f"{LABELS} is missing; name the labels to choose from.")
        fitted = {**row, LABELS: labels}
        _check_room(_hypotheses(fitted, params), pipeline.tokenizer)
        return fitted, [_NO_ENTAILMENT] if pipeline.entailment_id == -1 else []

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N pairs of a text, a blank where it is empty, and its labels."""
        return [(row["text"] or " ", tuple(row[LABELS])) for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N pairs to N results: the pipeline takes one set of labels at a time."""
        found: dict[int, Any] = {}
        own = {name: arguments[name] for name in ("multi_label", TEMPLATE)}
        size = MAX_PAIRS if pipeline.tokenizer.pad_token_id is not None else 1
        for labels in dict.fromkeys(labels for _, labels in inputs):
            places = [place for place, (_, its) in enumerate(inputs) if its == labels]
            texts = [inputs[place][0] for place in places]
            raw = pipeline(texts, candidate_labels=list(labels), batch_size=min(size, len(texts) * len(labels)), **own)
            found.update(zip(places, raw, strict=True))
        return [found[place] for place in range(len(inputs))]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return [
            [{"label": label, "score": float(score)} for label, score in zip(each["labels"], each["scores"], strict=True)]
            for each in raw
        ]

    def to_stock_of(self, rows: list[Row], results: list[list[Row]], said: Row) -> list[Row]:
        """Stock's frame: sequence, label and score, one line per text and label."""
        return [
            {"sequence": row["text"], "labels": each["label"], "scores": each["score"]}
            for row, labels in zip(rows, results, strict=True)
            for each in labels
        ]


def _hypotheses(row: Row, params: Row) -> list[str]:
    return [params[TEMPLATE].format(label) for label in row[LABELS]]


def _check_room(hypotheses: list[str], tokenizer: Any) -> None:
    """Refuse a label that leaves the text no room: labels are not cut."""
    longest = max(hypotheses, key=len)
    if len(longest) < tokenizer.model_max_length // 2:  # a token has at least one character
        return
    count = len(tokenizer(longest, verbose=False)["input_ids"])
    if count > tokenizer.model_max_length // 2:
        limit = tokenizer.model_max_length
        raise InvalidInput(LABELS, f"{LABELS} has a label of {count} tokens and the model reads {limit} in all; shorten it.")


TASK = ZeroShotClassification()
