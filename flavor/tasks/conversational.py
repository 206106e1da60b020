"""Conversation: what somebody says answered, with what was said before in mind."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._generation import FALLBACKS, GENERATION_PARAMS, generation_defaults
from ._text_to_text import written_fields


class Conversational(Task):
    name = "conversational"
    title = "Conversation"
    summary = "Answers what somebody says, with what was said before in mind."
    modality = "text"
    pipeline = "..pipelines.conversational:ConversationalPipeline"
    auto_model = "AutoModelForCausalLM"

    inputs = (
        Field("text", Kind.TEXT, "What is said.", required=False),
        Field("messages", Kind.MESSAGES, "The whole conversation so far, by those who remember it themselves.", required=False),
        Field(
            "conversation_id",
            Kind.TEXT,
            "Any text that only this conversation has. The loaded model then remembers what was said under it; "
            "left out, nothing is remembered.",
            required=False,
        ),
    )
    one_of = (("text", "messages"),)
    outputs = (
        *written_fields("generated_text", "The answer, as the model wrote it: nothing is stripped."),
        Field("message", Kind.JSON, "The answer as a chat message."),
        Field("conversation_id", Kind.TEXT, "The conversation under which it is remembered.", required=False),
        Field("turns", Kind.INTEGER, "Messages of the conversation, this answer included.", required=False),
    )
    params = GENERATION_PARAMS
    fallbacks = FALLBACKS
    example = {"text": "Hello, who are you?"}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    streams = True
    generates = True
    preprocesses = True
    remembers = True

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N lists of messages."""
        return [row["messages"] for row in rows]

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        names = {each.name for each in self.outputs}
        return [[{name: one[name] for name in names & set(one)} for one in sequences] for sequences in raw]

    def display_for(self, row: Row) -> Display:
        return Display.CHAT if row.get("messages") else Display.TEXT

    def to_stock(self, results: list[list[Row]]) -> str | list[str]:
        """Stock's one text, the last answer; several for several. Stock's one conversation of all callers is not brought back."""
        texts = [rows[0]["generated_text"] if rows else "" for rows in results]
        return texts[0] if len(texts) == 1 else texts

    def result_title(self, row: Row) -> str:
        if row.get("text"):
            return row["text"]
        content = (row.get("messages") or [{}])[-1].get("content")
        return content if isinstance(content, str) else self.title


TASK = Conversational()
