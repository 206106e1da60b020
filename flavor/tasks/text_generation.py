"""Text generation: a prompt continued, or a chat answered."""

import re
from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task
from ._generation import FALLBACKS, GENERATION_PARAMS, LOGPROB_PARAMS, PROMPT_PARAMS, generation_defaults
from ._messages import check_shown


class TextGeneration(Task):
    name = "text-generation"
    title = "Text generation"
    summary = "Continues a prompt, or answers a chat."
    modality = "text"
    pipeline = "transformers:TextGenerationPipeline"
    auto_model = "AutoModelForCausalLM"
    architecture_suffixes = ("ForCausalLM", "LMHeadModel")

    inputs = (
        Field("text", Kind.TEXT, "The prompt to continue.", required=False),
        Field("messages", Kind.MESSAGES, "The chat to answer, for models with a chat template.", required=False),
    )
    one_of = (("text", "messages"),)
    outputs = (
        Field("generated_text", Kind.TEXT, "The text written, as the model wrote it: nothing is stripped."),
        Field("message", Kind.JSON, "The same as a chat message, where messages were sent.", required=False),
        Field("finish_reason", Kind.TEXT, "stop: the model ended or a stop text came; length, time or cancelled: it was ended."),
        Field("generated_tokens", Kind.INTEGER, "Tokens written, the end token included."),
        Field("logprobs", Kind.JSON, "How likely every token was, when asked for.", required=False),
    )
    params = (
        *GENERATION_PARAMS,
        Param(
            "return_full_text",
            bool,
            None,
            "Repeat the prompt in front of the answer. Left out, only where no prompt template is set; never in a chat.",
        ),
        Param(
            "continue_final_message",
            bool,
            None,
            "Continue the last message of a chat; left out, when it is the assistant's.",
            advanced=True,
        ),
        Param("tools", list, None, "Tools shown to the chat template, as JSON schemas.", advanced=True, items=dict),
        Param("documents", list, None, "Documents shown to the chat template.", advanced=True, items=dict),
        *LOGPROB_PARAMS,
        *PROMPT_PARAMS,
    )
    fallbacks = FALLBACKS
    stock_template_config = {"return_full_text": False}
    stock_settings = ("include_prompt", "collapse_whitespace")  # the first does nothing but to pipelines that bring own code
    example = {"text": "Once upon a time,"}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    accepts_prompt_template = True
    streams = True
    generates = True

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N prompts: a text, or a list of messages."""
        return [row.get("messages") or row["text"] for row in rows]

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def check_model(self, pipeline: Any, params: Row) -> None:
        check_shown(pipeline, params)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        return [[_answer(sequence) for sequence in sequences] for sequences in raw]

    def display_for(self, row: Row) -> Display:
        return Display.CHAT if row.get("messages") else Display.TEXT

    def to_stock_of(self, rows: list[Row], results: list[list[Row]], said: Row) -> list[str]:
        """Stock's texts, one per input: the first sequence, stripped."""
        texts = [sequences[0]["generated_text"] if sequences else "" for sequences in results]
        if said.get("collapse_whitespace"):
            texts = [re.sub(r"\s+", " ", text) for text in texts]
        return [text.strip() for text in texts]

    def result_title(self, row: Row) -> str:
        if not row.get("messages"):
            return row.get("text") or self.title
        content = row["messages"][-1].get("content")
        return content if isinstance(content, str) else self.title


def _answer(sequence: Row) -> Row:
    names = ("generated_text", "message", "finish_reason", "generated_tokens", "logprobs")
    return {name: sequence[name] for name in names if sequence.get(name) is not None}


TASK = TextGeneration()
