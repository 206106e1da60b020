"""Table question answering: a table and a question to the cells that answer it."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Row, Task, Warned

_LINE = 2  # in what TAPAS says of each token: segment, column, line …


class TableQuestionAnswering(Task):
    name = "table-question-answering"
    title = "Table question answering"
    summary = "Answers a question by the cells of a table."
    modality = "text"
    pipeline = "transformers:TableQuestionAnsweringPipeline"
    auto_model = "AutoModelForTableQuestionAnswering"
    architecture_suffixes = ("TapasForQuestionAnswering",)

    inputs = (
        Field("question", Kind.TEXT, "The question.", also=("query",)),
        Field("table", Kind.TABLE, "The table, as columns; every cell is read as text."),
        Field(
            "previous_questions",
            Kind.LABELS,
            "Questions asked before about this table, for models trained on conversations.",
            required=False,
        ),
    )
    outputs = (
        Field("answer", Kind.TEXT, "The answering cells, with the aggregator in front where there is one."),
        Field("coordinates", Kind.JSON, "Row and column of each answering cell, from 0."),
        Field("cells", Kind.LABELS, "Their texts."),
        Field(
            "aggregator",
            Kind.TEXT,
            "What is to be done with the cells, where the model says so, such as SUM or NONE.",
            required=False,
        ),
    )
    example = {
        "question": "How many stars does transformers have?",
        "table": {
            "Repository": ["Transformers", "Datasets", "Tokenizers"],
            "Stars": ["36542", "4512", "3934"],
            "Programming language": ["Python", "Python", "Rust"],
        },
    }
    display = Display.CELLS

    def tokenized(self, row: Row, params: Row) -> Row | None:
        """Nothing is counted: how many tokens a table has depends on how much of it fits."""
        return None

    def check_row(self, row: Row) -> None:
        if not any(_text(cell).strip() for cells in row["table"].values() for cell in cells):
            raise InvalidInput("table", "table has no cell with a text; fill in at least one.")
        if not row["question"].strip():
            raise InvalidInput("question", "question is empty; ask something about the table.")

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row with every cell as text, and a warning when the model cannot read all of them."""
        table = {str(name): [_text(cell) for cell in cells] for name, cells in row["table"].items()}
        return {**row, "table": table}, _cut(pipeline.tokenizer, table, row["question"])

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N pairs of a table and its questions, the last of which is to be answered."""
        return [{"table": row["table"], "query": [*row.get("previous_questions", ()), row["question"]]} for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N pairs to N answers. Questions that stand alone are read together, which the pipeline itself cannot do."""
        found: dict[int, Any] = {}
        alone = [place for place, each in enumerate(inputs) if len(each["query"]) == 1]
        if alone:
            found.update(zip(alone, _read_together(pipeline, [inputs[place] for place in alone]), strict=True))
        for place, each in enumerate(inputs):
            if place not in found:
                found[place] = pipeline(dict(each), sequential=True)[-1]
        return [found[place] for place in range(len(inputs))]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw answers to N lists of one row; no cell is an empty answer."""
        return [[_answer(each)] for each in raw]

    def to_stock(self, results: list[list[Row]]) -> list[str]:
        """Stock's answers, one text per question."""
        return [rows[0]["answer"] for rows in results]


def _read_together(pipeline: Any, inputs: list[Row]) -> list[Row]:
    """One forward pass for several tables, padded to the longest; each is then cut to its own length again."""
    encoded = [pipeline.preprocess({"table": _frame(each["table"]), "query": each["query"][0]}) for each in inputs]
    tables = [each.pop("table") for each in encoded]
    lengths = [each["input_ids"].shape[1] for each in encoded]
    batch = {name: _padded([each[name] for each in encoded], max(lengths)) for name in encoded[0]}
    outputs = pipeline.forward({"table": tables, **batch})["outputs"]
    answers = []
    for number, (each, table, length) in enumerate(zip(encoded, tables, lengths, strict=True)):
        logits = [outputs["logits"][number : number + 1, :length]]
        if pipeline.aggregate:
            logits.append(outputs["logits_aggregation"][number : number + 1])
        answers.append(pipeline.postprocess({"model_inputs": each, "table": table, "outputs": tuple(logits)}))
    return answers


def _padded(tensors: list[Any], length: int) -> Any:
    """Tensors of (1, length, …) one under the other; what is added stands for nothing, and is masked."""
    found = tensors[0].new_zeros((len(tensors), length, *tensors[0].shape[2:]))
    for number, tensor in enumerate(tensors):
        found[number, : tensor.shape[1]] = tensor[0]
    return found


def _cut(tokenizer: Any, table: dict[str, list[str]], question: str) -> list[Warned]:
    """A warning when not all of a table fits behind its question: long cells are cut first, then lines are left out."""
    lines, limit = len(next(iter(table.values()))), tokenizer.model_max_length
    characters = len(question) + sum(len(name) + sum(map(len, cells)) for name, cells in table.items())
    if characters + len(table) * (lines + 1) + 2 <= limit and lines < tokenizer.max_row_id:  # an empty cell is a token too
        return []
    frame = _frame(table)
    try:
        read = tokenizer(frame, question, truncation="drop_rows_to_fit")
        whole = tokenizer(frame, question, truncation="drop_rows_to_fit", max_length=10**7, verbose=False)
    except ValueError as error:
        raise InvalidInput("table", f"the model cannot read this table: {error}.") from error
    kept = max(kinds[_LINE] for kinds in read["token_type_ids"])
    if kept == 0 or len(read["input_ids"]) > limit:
        asked = len(tokenizer.tokenize(question))
        if asked > limit // 2:
            raise InvalidInput(
                "question", f"question has {asked} of the {limit} tokens that the model reads with the table; shorten it."
            )
        raise InvalidInput("table", f"table is too wide: not one line of it fits in the {limit} tokens that the model reads.")
    if kept == lines and len(read["input_ids"]) == len(whole["input_ids"]):
        return []
    detail = f"{kept} of {lines} lines and {len(read['input_ids'])} of {len(whole['input_ids'])} tokens used"
    return [Warned("input_truncated", detail)]


def _frame(table: dict[str, list[str]]) -> Any:
    from pandas import DataFrame  # heavy

    return DataFrame(table)


def _text(cell: Any) -> str:
    if cell is None or cell != cell:  # NaN
        return ""
    return str(cell)


def _answer(raw: Row) -> Row:
    found = {
        "answer": raw["answer"],
        "coordinates": [[int(place) for place in each] for each in raw["coordinates"]],
        "cells": list(raw["cells"]),
    }
    return {**found, "aggregator": raw["aggregator"]} if "aggregator" in raw else found


TASK = TableQuestionAnswering()
