"""What a task is: its fields, its parameters, how its result is drawn. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Class = type  # under another name, since Param has a field called `type`


class InvalidInput(ValueError):
    """A value of the caller that breaks a rule; `field` is the dotted name of what to mend (`text`, `params.top_k`)."""

    code = "invalid-input"

    def __init__(self, field: str, message: str, *, row: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.row = row


class Kind(StrEnum):
    """What a value *is*; the interface decides how it looks, the signature how it is typed."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    LABELS = "labels"  # a list of short texts
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    TABLE = "table"  # column name to list of cells
    MESSAGES = "messages"  # chat: a list of {"role", "content"}
    TENSOR = "tensor"
    JSON = "json"


class Display(StrEnum):
    """The picture that fits a result; `templates/outputs/_<display>.html` draws it."""

    LABELS = "labels"
    SPANS = "spans"
    TEXT = "text"
    CHAT = "chat"
    ANSWER = "answer"
    CELLS = "cells"
    TRANSCRIPT = "transcript"
    AUDIO = "audio"
    IMAGE = "image"
    BOXES = "boxes"
    MASKS = "masks"
    DEPTH = "depth"
    KEYPOINTS = "keypoints"
    VECTORS = "vectors"
    DECISIONS = "decisions"
    JSON = "json"


@dataclass(frozen=True)
class Field:
    """One named value of an input or output row."""

    name: str
    kind: Kind
    help: str
    required: bool = True
    also: tuple[str, ...] = ()  # other names that callers write: stock's


@dataclass(frozen=True)
class Param:
    """One call-time parameter. `default` None means: the model's own default; a request's None means "not said".

    `type` is int, float, bool, str, list (of texts, or of JSON values) or dict (or its JSON text).

    `choices` closes the set; `minimum` and `maximum` are inclusive; `advanced` folds it away in forms.
    """

    name: str
    type: type
    default: Any
    help: str
    choices: tuple = ()
    minimum: float | None = None
    maximum: float | None = None
    advanced: bool = False
    items: Class = str  # of a list's members
    also: tuple[tuple[Any, Any], ...] = ()  # what else callers write, and what it means: (True, "segment")
    null: Any = None  # what null means in a model config, where it means something to the pipelines


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples, mono float32 from -1 to 1, and how many of them make a second: what audio inputs and outputs are in memory."""

    samples: Any
    sampling_rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sampling_rate


@dataclass(frozen=True)
class Warned:
    """Something the caller should know about one result, such as `input_truncated`."""

    code: str
    detail: str


class Task:
    """The one description of a pipeline task: every signature, form, schema, check and picture is read from it.

    A task file sets the class attributes and the two conversions, and ends with `TASK = ItsClass()`.
    """

    name: str
    title: str  # for people: "Text classification"
    summary: str  # one sentence: what goes in, what comes out
    modality: str  # "text", "audio", "vision", "multimodal"
    aliases: tuple[str, ...] = ()
    pipeline: str  # "transformers:TextClassificationPipeline", or relative "..pipelines.summarization:SummarizationPipeline"
    auto_model: str  # the Auto class of the head: "AutoModelForSequenceClassification"
    architecture_suffixes: tuple[str, ...] = ()  # "ForSequenceClassification": offline inference of the task
    components: tuple[str, ...] = ("tokenizer",)  # what the pipeline needs beside the model
    optional_components: tuple[str, ...] = ()  # what some of its models need as well
    alternatives: dict[str, str] = {}  # of components: what goes before one of them where a model has it
    packages: tuple[str, ...] = ()  # what running the task needs beside the packages of its modality
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    params: tuple[Param, ...] = ()
    example: Row
    example_params: Row = {}
    display: Display
    accepts_prompt_template: bool = False
    streams: bool = False
    written: str = "generated_text"  # the output whose text is told piece by piece, where the task streams
    generates: bool = False  # text made token by token: run by `flavor.generation`, not by the pipeline's own call
    preprocesses: bool = False  # of those, the ones whose pipeline's `preprocess` makes what the model reads
    draws: bool = False  # what the pipeline's own call makes depends on chance: `call` is told `seeds`, one per input
    remembers: bool = False  # what was said under a conversation_id, see `flavor.conversations`
    message_media: tuple[Kind, ...] = ()  # what parts of messages may hold beside texts
    max_batch: int | None = None  # rows of one forward pass, where fewer than usual fit
    one_of: tuple[tuple[str, ...], ...] = ()  # groups of optional inputs of which a row has exactly one
    fallbacks: Row = {}  # values of params where nobody says one, when a form should not show them as said
    stock_defaults: Row = {}  # params that stock's shape needs where our default, or the model's, is richer
    stock_outputs: tuple[Field, ...] = (Field("", Kind.TEXT, "The answer."),)  # what stock answers with, where it does the task
    stock_template_config: Row = {}  # what stock adds to the model config where there is a prompt template
    stock_settings: tuple[str, ...] = ()  # what stock takes among the params to trim its answers
    checkpoint_files: tuple[str, ...] = ()  # further files of a checkpoint that the task reads, kept beside the weights
    unused_weights: tuple[str, ...] = ()  # beginnings of weights that the task never reads, so that they may be missing

    def variant(self, name: str) -> "Task | None":
        """The task of a name that says more than this one's own, such as the languages of a translation."""
        return None

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N checked rows to N pipeline inputs; `params` are the effective ones."""
        raise NotImplementedError

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw pipeline results to N lists of output rows: one row for a text, none for a text without entities."""
        raise NotImplementedError

    def call_params(self, params: Row) -> Row:
        """The effective params as keyword arguments of the pipeline's call."""
        return dict(params)

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N pipeline inputs through the pipeline: N raw results, in order."""
        return pipeline(inputs, **arguments)

    def check_row(self, row: Row) -> None:
        """Raise InvalidInput for what the kinds of the inputs do not tell, such as an empty question."""

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """A decoded row as this loaded model reads it, and what the caller should know of that.

        Raises InvalidInput for what only the model can tell, such as a text without its mask.
        """
        return row, []

    def check_model(self, pipeline: Any, params: Row) -> None:
        """Raise InvalidInput naming one of the effective params that this loaded model cannot follow."""

    def save_settings(self, pipeline: Any, folder: Path) -> None:
        """Write what a pipeline keeps beside its model and its components into the folder of the model."""

    def preprocess_params(self, params: Row) -> Row:
        """The effective params as keyword arguments of the pipeline's `preprocess`, where `preprocesses`."""
        return {}

    def decoding(self, pipeline: Any, params: Row) -> dict[Kind, Row]:
        """What the decoders of `flavor.decoding` are told, by kind, beyond limits and the model's sampling rate."""
        return {}

    def model_defaults(self, pipeline: Any) -> Row:
        """What the loaded model says itself about params: its generation config, its problem type."""
        return {}

    def tokenized(self, row: Row, params: Row) -> Row | None:
        """Arguments of the tokenizer that count this row's tokens; None when nothing is tokenized."""
        if "tokenizer" not in self.components:
            return None
        texts = [row[each.name] for each in self.inputs if each.kind is Kind.TEXT and row.get(each.name) is not None]
        return dict(zip(("text", "text_pair"), texts, strict=False)) or None

    def truncates(self, params: Row) -> bool:
        """Whether a text over the model's length is cut, rather than read in windows."""
        return True

    def streams_with(self, params: Row) -> bool:
        """Whether an answer with these params can be told piece by piece: one text, and not the best of several."""
        return self.streams and all((params.get(name) or 1) == 1 for name in ("num_return_sequences", "num_beams"))

    def generates_with(self, params: Row) -> bool:
        """Whether an answer with these params is text made token by token, where the task `generates`."""
        return self.generates

    def display_for(self, row: Row) -> Display:
        """The picture that fits the result of this input row."""
        return self.display

    @property
    def is_done_by_stock(self) -> bool:
        """Whether stock answers this task in a shape of its own."""
        return type(self).to_stock is not Task.to_stock or type(self).to_stock_of is not Task.to_stock_of

    def to_stock(self, results: list[list[Row]]) -> Any:
        """N results in the shape that stock `mlflow.transformers` answers, where stock can do the task."""
        return results

    def to_stock_of(self, rows: list[Row], results: list[list[Row]], said: Row) -> Any:
        """The same, where that shape repeats something of the input rows, or depends on the params that anybody `said`."""
        return self.to_stock(results)

    def from_stock(self, row: Row) -> Row:
        """A row as callers of stock write it, in our fields."""
        return row

    def result_title(self, row: Row) -> str:
        """A short name of one input row, for histories and tables."""
        value = row.get(self.inputs[0].name)
        return value if isinstance(value, str) else self.title
