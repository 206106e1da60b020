"""Document question answering: a page and a question to the words that answer it."""

import json
import re
from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task, Warned
from ._example_page import PAGE, PAGE_WORDS
from ._generation import GENERATION_PARAMS

_WRITING = ("max_new_tokens", "num_beams")
_LANGUAGES = re.compile(r"[A-Za-z_]{2,20}(\+[A-Za-z_]{2,20})*")  # it becomes an argument of a program
_FORM = "a list of [word, [left, top, right, bottom]] with numbers from 0 to 1000"


class DocumentQuestionAnswering(Task):
    name = "document-question-answering"
    title = "Document question answering"
    summary = "Answers a question about a page by the words that stand on it."
    modality = "multimodal"
    pipeline = "..pipelines.document_question_answering:DocumentQuestionAnsweringPipeline"
    auto_model = "AutoModelForDocumentQuestionAnswering"
    architecture_suffixes = (
        "LayoutLMForQuestionAnswering",
        "LayoutLMv2ForQuestionAnswering",
        "LayoutLMv3ForQuestionAnswering",
    )
    optional_components = ("image_processor",)

    inputs = (
        Field("question", Kind.TEXT, "The question."),
        Field("image", Kind.IMAGE, "The page; needed unless word_boxes are given.", required=False),
        Field(
            "word_boxes",
            Kind.JSON,
            f"The words of the page and their places, in thousandths of it: {_FORM}. Left out, tesseract reads the page.",
            required=False,
        ),
    )
    outputs = (
        Field("answer", Kind.TEXT, "The words that answer, or what the model wrote; empty where it found no answer."),
        Field("score", Kind.NUMBER, "How sure the model is, 0 to 1; absent where it writes.", required=False),
        Field("start", Kind.INTEGER, "The first word of the answer, counted from 0 on the page.", required=False),
        Field("end", Kind.INTEGER, "Its last word.", required=False),
        Field(
            "boxes",
            Kind.JSON,
            "Where its words stand: left, top, right and bottom of each in thousandths of the page.",
            required=False,
        ),
    )
    params = (
        Param("top_k", int, 1, "Answers returned, best first.", minimum=1, maximum=1000),
        Param("max_answer_len", int, 15, "Most tokens of an answer.", minimum=1, maximum=10_000),
        Param("handle_impossible_answer", bool, False, "Let an empty answer be one of the answers."),
        Param(
            "max_question_len",
            int,
            None,
            "Most tokens of the question; the rest is cut.",
            minimum=1,
            maximum=10_000,
            advanced=True,
        ),
        Param(
            "max_seq_len",
            int,
            None,
            "Tokens of question and page that are read at once; left out, as many as the model can.",
            minimum=8,
            maximum=100_000,
            advanced=True,
        ),
        Param(
            "doc_stride",
            int,
            None,
            "Tokens that two parts of a long page have in common.",
            minimum=0,
            maximum=10_000,
            advanced=True,
        ),
        Param("lang", str, None, "Language of the page for tesseract, such as eng or deu+fra.", advanced=True),
        *(each for each in GENERATION_PARAMS if each.name in _WRITING),
    )
    example = {"question": "What is the invoice number?", "image": PAGE, "word_boxes": PAGE_WORDS}
    display = Display.ANSWER
    streams = True
    written = "answer"

    def tokenized(self, row: Row, params: Row) -> Row | None:
        """Nothing is counted: a page is read in parts."""
        return None

    def check_model(self, pipeline: Any, params: Row) -> None:
        said = next((name for name in _WRITING if params.get(name) is not None), None)
        if said and not pipeline.writes:
            name = f"params.{said}"
            raise InvalidInput(name, f"{name} is for models that write; this one finds answers on the page: leave it out.")
        limit, size = pipeline.tokenizer.model_max_length, params.get("max_seq_len") or 0
        if size > limit:
            raise InvalidInput("params.max_seq_len", f"params.max_seq_len must be {limit} or less for this model, got {size}.")
        if params.get("lang") is not None and not _LANGUAGES.fullmatch(params["lang"]):
            raise InvalidInput("params.lang", f"params.lang must be names such as eng or deu+fra, got {params['lang']!r}.")

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row with the words of its page, read by tesseract where they are not given, and its question cut to fit."""
        if pipeline.writes:
            return _checked_page(row), []
        if "word_boxes" in row:
            words = _words(row["word_boxes"])
        elif "image" in row:
            words = pipeline.read_words(row["image"], lang=params.get("lang"))
        else:
            raise InvalidInput("image", "give the page as image, or its words as word_boxes.")
        question, warnings = _cut(row["question"], params, pipeline)
        return {**row, "question": question, "word_boxes": words}, warnings

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N dicts of a question, the page's words and, where given, its image."""
        return [{"image": row.get("image"), **{name: row[name] for name in row if name != "image"}} for row in rows]

    def call_params(self, params: Row) -> Row:
        return {name: value for name, value in params.items() if name not in ("lang", "max_question_len")}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One page at a time, each in as many parts as it takes; a page without words has no answer."""
        one = {**arguments, "batch_size": 1}
        return [pipeline(each, **one) if each.get("word_boxes") or pipeline.writes else [] for each in inputs]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of answers, best first."""
        return [[_answer(each) for each in answers] for answers in raw]

    def result_title(self, row: Row) -> str:
        return row.get("question") or self.title


def _checked_page(row: Row) -> Row:
    if "image" not in row:
        raise InvalidInput("image", "image is missing: this model reads the page itself.")
    return {name: value for name, value in row.items() if name != "word_boxes"}


def _words(given: Any) -> list[tuple[str, list[int]]]:
    """The words of a page, blank ones left out. Raises InvalidInput naming the first that is not as it must be."""
    try:
        given = json.loads(given) if isinstance(given, str) else given
    except json.JSONDecodeError as error:
        raise InvalidInput("word_boxes", f"word_boxes must be {_FORM}; the text given is not JSON: {error}.") from error
    if not isinstance(given, list | tuple):
        raise InvalidInput("word_boxes", f"word_boxes must be {_FORM}, got {type(given).__name__}.")
    for place, each in enumerate(given):
        if not _is_word(each):
            raise InvalidInput("word_boxes", f"word_boxes[{place}] must be one of {_FORM}, got {str(each)[:80]}.")
    return [(word, [int(side) for side in box]) for word, box in given if word.strip()]


def _is_word(each: Any) -> bool:
    if not (isinstance(each, list | tuple) and len(each) == 2 and isinstance(each[0], str)):
        return False
    box = each[1]
    if not (isinstance(box, list | tuple) and len(box) == 4):
        return False
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) and 0 <= side <= 1000 for side in box)
    return numbers and box[0] <= box[2] and box[1] <= box[3]


def _cut(question: str, params: Row, pipeline: Any) -> tuple[str, list[Warned]]:
    """A question that leaves half of what is read at once to the page."""
    size = params.get("max_seq_len") or pipeline.tokenizer.model_max_length
    longest = min(params.get("max_question_len") or size, max(1, size // 2 - 4))
    tokens = pipeline.question_tokens(question)
    if not tokens:
        raise InvalidInput("question", "question is empty; ask something about the page.")
    if len(tokens) <= longest:
        return question, []
    detail = f"{longest} of {len(tokens)} tokens of the question used"
    return question[: tokens[longest - 1][1]], [Warned("input_truncated", detail)]


def _answer(raw: Row) -> Row:
    if "score" not in raw:
        return {"answer": raw["answer"] or ""}
    found = {"answer": str(raw["answer"]), "score": float(raw["score"])}
    if not raw["answer"]:
        return found
    return {**found, "start": int(raw["start"]), "end": int(raw["end"]), "boxes": [list(box) for box in raw["boxes"]]}


TASK = DocumentQuestionAnswering()
