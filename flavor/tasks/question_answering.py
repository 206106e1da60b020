"""Question answering: a question and a context to the part of the context that answers."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task, Warned

WINDOWS = 16  # of a context or several, in one forward pass


class QuestionAnswering(Task):
    name = "question-answering"
    title = "Question answering"
    summary = "Answers a question by a part of a text that is given with it."
    modality = "text"
    pipeline = "..pipelines.question_answering:QuestionAnsweringPipeline"
    auto_model = "AutoModelForQuestionAnswering"
    architecture_suffixes = ("ForQuestionAnswering", "ForQuestionAnsweringSimple")

    inputs = (
        Field("question", Kind.TEXT, "The question."),
        Field("context", Kind.TEXT, "The text that holds the answer, of any length."),
    )
    outputs = (
        Field("answer", Kind.TEXT, "The answer as it stands in the context; empty where the model finds that there is none."),
        Field("score", Kind.NUMBER, "Probability, 0 to 1."),
        Field("start", Kind.INTEGER, "Its first character in the context, in code points."),
        Field("end", Kind.INTEGER, "One past its last character."),
    )
    params = (
        Param("top_k", int, 1, "Answers returned, best first.", minimum=1, maximum=1000),
        Param("handle_impossible_answer", bool, False, "Let 'no answer' be one of the answers."),
        Param("max_answer_len", int, 15, "Longest answer, in tokens.", minimum=1, maximum=10_000),
        Param("align_to_words", bool, True, "Widen answers to whole words.", advanced=True),
        Param(
            "max_seq_len",
            int,
            None,
            "Tokens of question and context read at once; left out, 384, or what the model reads.",
            minimum=8,
            maximum=100_000,
            advanced=True,
        ),
        Param(
            "doc_stride",
            int,
            None,
            "Tokens that two windows of a long context share; left out, 128.",
            minimum=0,
            maximum=100_000,
            advanced=True,
        ),
        Param(
            "max_question_len",
            int,
            64,
            "Longest question, in tokens; what is over is cut.",
            minimum=1,
            maximum=10_000,
            advanced=True,
        ),
    )
    example = {"question": "Where do I live?", "context": "My name is Sarah and I live in London."}
    display = Display.ANSWER

    def check_row(self, row: Row) -> None:
        if not row["question"].strip():
            raise InvalidInput("question", "question is empty; ask something about the context.")

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row, and a warning when its question is cut."""
        count = len(pipeline.tokenizer(row["question"], add_special_tokens=False, verbose=False)["input_ids"])
        limit = pipeline.question_limit(params.get("max_seq_len"), params["max_question_len"])
        return row, [Warned("input_truncated", f"{limit} of {count} tokens of the question used")] if count > limit else []

    def truncates(self, params: Row) -> bool:
        return False

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N dicts of a question and a context."""
        return [dict(row) for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N dicts to N results; windows of a long context are read together, as rows are."""
        size = WINDOWS if pipeline.tokenizer.pad_token_id is not None else 1
        return pipeline(inputs, **{**arguments, "batch_size": size})

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results (one answer, or a list) to N lists of answers, best first; an empty list for an empty context."""
        return [[_answer(each) for each in (found if isinstance(found, list) else [found])] for found in raw]

    def to_stock(self, results: list[list[Row]]) -> list[str]:
        """Stock's answers in one list, those of the first question first: one per question unless `top_k` says more."""
        return [text for rows in results for text in ([row["answer"].strip() for row in rows] or [""])]


def _answer(raw: Row) -> Row:
    return {"answer": raw["answer"], "score": float(raw["score"]), "start": int(raw["start"]), "end": int(raw["end"])}


TASK = QuestionAnswering()
