"""Decision: questions about a state, each answered with a probability for every option."""

from pathlib import Path
from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Row, Task, Warned

MAX_QUESTIONS = 64
MAX_ASSETS = 4
_PARTS = ("type", "instructions", "criteria")
_OUTCOMES = ("true", "false")


class Decision(Task):
    name = "decision"
    title = "Decision"
    summary = "Answers questions about a state: one of several options, a level, or yes and no, each with its probability."
    modality = "multimodal"
    pipeline = "transformers:DecisionPipeline"
    auto_model = "AutoModelForDecision"
    # The others write texts: they decide by the likelihood of a label when asked to, and are never guessed to be for this.
    architecture_suffixes = ("ForDecision", "CausalLM", "HeadModel", "ConditionalGeneration")
    alternatives = {"tokenizer": "processor"}

    inputs = (
        Field("state", Kind.JSON, "What is to be decided about: a text, or JSON."),
        Field(
            "questions",
            Kind.JSON,
            "Questions by name. Each has a type (choice, score or noul, which is yes or no), instructions, and criteria: options "
            "and their descriptions, levels from the lowest on, or what true and false mean.",
        ),
        Field(
            "assets",
            Kind.JSON,
            "Images by the placeholder that stands for them in the other texts, in base64; for models that see.",
            required=False,
        ),
    )
    outputs = (
        Field("question", Kind.TEXT, "Name of the question."),
        Field("type", Kind.TEXT, "Its type, on which the other fields depend: choice, score or noul."),
        Field("choice", Kind.TEXT, "The likeliest option.", required=False),
        Field("score", Kind.NUMBER, "The expected level, counted from 0.", required=False),
        Field("noul", Kind.NUMBER, "Probability of yes, 0 to 1.", required=False),
        Field("confidence", Kind.NUMBER, "How far from chance, 0 to 1.", required=False),
        Field("probabilities", Kind.JSON, "Probability of each option, or of each level by its number.", required=False),
        Field("legend", Kind.JSON, "The levels by their numbers.", required=False),
    )
    checkpoint_files = ("decision.json", "decision_template.jinja")
    example = {
        "state": "I was charged twice for my order and want my money back before Friday.",
        "questions": {
            "refund": {"type": "noul", "instructions": "Is a refund requested?"},
            "urgency": {"type": "score", "instructions": "How urgent is it?", "criteria": ["Can wait", "This week", "Today"]},
            "team": {
                "type": "choice",
                "instructions": "Who should answer?",
                "criteria": {"billing": "Payments and invoices", "delivery": "Parcels", "technical": None},
            },
        },
    }
    display = Display.DECISIONS
    max_batch = 1

    def check_row(self, row: Row) -> None:
        _check_questions(row["questions"])
        assets = row.get("assets") or {}
        if not isinstance(assets, dict) or not all(assets):
            raise InvalidInput("assets", "assets must be an object of placeholders and images.")
        if len(assets) > MAX_ASSETS:
            raise InvalidInput("assets", f"assets has {len(assets)} images; at most {MAX_ASSETS} are read.")

    def check_model(self, pipeline: Any, params: Row) -> None:
        reads = pipeline.processor or pipeline.tokenizer
        if pipeline.decision_config.chat_template is None and not getattr(reads, "chat_template", None):
            raise InvalidInput("questions", "this model has no template to put questions into; log it with a chat template.")

    def tokenized(self, row: Row, params: Row) -> Row | None:
        """Nothing is counted: a row is a prompt for each question."""
        return None

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row as prompts for this model: one for each question, or one for all, as its template has it."""
        request = {**row, "assets": {name: _image(value, name) for name, value in (row.get("assets") or {}).items()}}
        try:
            prompts = pipeline.preprocess(request)
            _check_labels(prompts["prompts"], pipeline)
        except ValueError as error:
            field = "assets" if "image" in str(error).lower() else "questions"
            raise InvalidInput(field, str(error)) from error
        _check_length(prompts["prompts"], pipeline.tokenizer)
        return {**row, "prompts": prompts}, []

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N sets of prompts."""
        return [row["prompts"] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N sets of prompts to N objects of answers by question."""
        return [pipeline.postprocess(pipeline.forward(prompts)) for prompts in inputs]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N objects of answers to N lists of one row per question, in the order asked."""
        return [[{"question": name, **answer} for name, answer in answers.items()] for answers in raw]

    def result_title(self, row: Row) -> str:
        return row["state"] if isinstance(row.get("state"), str) else self.title

    def save_settings(self, pipeline: Any, folder: Path) -> None:
        """Labels, temperatures and template of the pipeline, which may differ from those of the model's folder."""
        pipeline.decision_config.save_pretrained(folder)


def _check_questions(questions: Any) -> None:
    if not isinstance(questions, dict) or not questions:
        raise InvalidInput("questions", "questions must be an object with one or more questions by their names.")
    if len(questions) > MAX_QUESTIONS:
        raise InvalidInput(
            "questions", f"questions has {len(questions)} questions; at most {MAX_QUESTIONS} are answered at once."
        )
    for name, question in questions.items():
        if problem := _problem(question):
            raise InvalidInput("questions", f"questions.{name} {problem}")


def _problem(question: Any) -> str | None:
    if not isinstance(question, dict):
        return f"must be an object with {', '.join(_PARTS)}, got {question!r}."
    unknown = [name for name in question if name not in _PARTS]
    if unknown:
        return f"has {unknown[0]!r}, which no question has; it takes {', '.join(_PARTS)}."
    check = _CRITERIA.get(str(question.get("type")))
    if check is None:
        return f"must have a type, one of {', '.join(_CRITERIA)}, got {question.get('type')!r}."
    fits, wanted = check
    return None if fits(question.get("criteria")) else f"must have criteria, {wanted}, as it is of the type {question['type']}."


def _are_options(criteria: Any) -> bool:
    return isinstance(criteria, dict) and bool(criteria) and all(criteria)


def _are_levels(criteria: Any) -> bool:
    return isinstance(criteria, list) and bool(criteria)


def _are_outcomes(criteria: Any) -> bool:
    return criteria is None or (isinstance(criteria, dict) and set(criteria) <= set(_OUTCOMES))


_CRITERIA = {
    "choice": (_are_options, "an object of options and their descriptions (null for none)"),
    "score": (_are_levels, "a list of levels, the lowest first"),
    "noul": (_are_outcomes, "an object that says what true and false mean, or none at all"),
}


def _check_labels(prompts: list[Any], pipeline: Any) -> None:
    """Raise ValueError when a model without a head of its own has labels that are not one token each."""
    if not hasattr(pipeline.model, "decide"):
        for _, questions in prompts:
            for question in questions:
                pipeline.label_token_ids(tuple(question.labels))


def _check_length(prompts: list[Any], tokenizer: Any) -> None:
    """Refuse what the model cannot read whole: a question that is cut would be another question."""
    longest = max(inputs["input_ids"].shape[1] for inputs, _ in prompts)
    limit = tokenizer.model_max_length
    if longest > limit:
        raise InvalidInput("state", f"state and question have {longest} tokens and the model reads {limit}; shorten the state.")


def _image(value: Any, name: str) -> Any:
    """An asset decoded: the pipeline itself would open any path and fetch any address that it is given for one."""
    from ..media import decode_image  # heavy

    held = value.get("data_base64") if isinstance(value, dict) else value
    try:
        return decode_image(held, field=f"assets.{name}")
    except InvalidInput as error:
        raise InvalidInput("assets", str(error)) from error


TASK = Decision()
