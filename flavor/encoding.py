"""What a generating model reads: prompts and chats as token ids, or whatever its pipeline's `preprocess` makes of a row."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from jinja2 import TemplateError
from transformers.utils.chat_template_utils import Chat

from .tasks._base import InvalidInput, Row, Task

# What pipelines keep beside the model's inputs.
_NOT_INPUTS = ("text", "prompt_text")


@dataclass(frozen=True)
class Encoded:
    """One input of the model. `ids` is empty where the model reads no text."""

    ids: list[int]
    per_token: dict[str, list[int]] = field(default_factory=dict)  # padded as ids are: token_type_ids and the like
    media: dict[str, Any] = field(default_factory=dict)  # pixel_values …: their first dimension is that of rows, or of pieces
    settings: Row = field(default_factory=dict)  # of `generate`: forced_bos_token_id …
    is_padded: bool = True  # beside a longer one
    is_continued: bool = True  # by what is written, word by word; an answer in a chat begins anew

    @property
    def is_cuttable(self) -> bool:
        """Whether tokens may be left out: those that stand for media may not."""
        return not self.media and not self.per_token

    @property
    def company(self) -> tuple:
        """Inputs with equal `company` fit into one batch."""
        shapes = [
            (name, tuple(value.shape[1:]), value.dtype) if isinstance(value, torch.Tensor) else (name, id(value))
            for name, value in self.media.items()
        ]
        length = 0 if self.is_padded else len(self.ids)
        return (length, *sorted(map(repr, shapes)), *sorted(self.per_token), *sorted(map(repr, self.settings.items())))


def encode(task: Task, pipeline: Any, model_input: Any, params: Row, *, limit: int | None = None) -> Encoded:
    """Return what the model reads of one pipeline input; a text is cut to `limit` tokens when that is given.

    Raises InvalidInput when a chat cannot be rendered or the processor refuses the input.
    """
    if task.preprocesses:
        return _preprocessed(task, pipeline, model_input, params, limit)
    ids = _ids_of(pipeline, model_input, params)
    return Encoded(ids if limit is None else ids[-limit:], is_continued=isinstance(model_input, str))


def is_encoder_decoder(pipeline: Any) -> bool:
    """Whether what is read and what is written are two texts."""
    return bool(getattr(pipeline.model.config, "is_encoder_decoder", False))


def _ids_of(pipeline: Any, model_input: str | list[Row], params: Row) -> list[int]:
    """The token ids of a prompt or a chat; the first token that marks the beginning comes once."""
    tokenizer = pipeline.tokenizer
    if isinstance(model_input, str):
        ids = tokenizer((getattr(pipeline, "prefix", None) or "") + model_input, verbose=False)["input_ids"]
    else:
        ids = _chat_ids(tokenizer, model_input, params)
    begin = tokenizer.bos_token_id
    if begin is not None and ids[:2] == [begin, begin]:
        ids = ids[1:]
    if ids:
        return list(ids)
    if begin is None:
        raise InvalidInput("text", "text is empty and this model has no token to begin with; give it a few words.")
    return [begin]


def _chat_ids(tokenizer: Any, messages: list[Row], params: Row) -> list[int]:
    if not getattr(tokenizer, "chat_template", None):
        raise InvalidInput("messages", "this model has no chat template; send text instead of messages.")
    is_continued = params.get("continue_final_message")
    if is_continued is None:
        is_continued = messages[-1]["role"] == "assistant"
    try:
        encoded = tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=not is_continued,
            continue_final_message=is_continued,
            tools=params.get("tools"),
            documents=params.get("documents"),
            tokenize=True,
            return_dict=True,
        )
    except (TemplateError, ValueError, TypeError) as error:
        raise InvalidInput("messages", f"the model's chat template refuses these messages: {error}.") from error
    return encoded["input_ids"]


def _preprocessed(task: Task, pipeline: Any, model_input: Any, params: Row, limit: int | None) -> Encoded:
    is_chat = isinstance(model_input, list) and all(isinstance(each, dict) and "role" in each for each in model_input)
    cut = {} if limit is None else {"truncation": True}
    try:
        given = Chat(model_input) if is_chat else model_input
        inputs = pipeline.preprocess(given, **task.preprocess_params(params), **cut)
    except (TemplateError, ValueError, TypeError, StrictDataclassError) as error:
        name = "messages" if is_chat else task.inputs[0].name
        raise InvalidInput(name, f"the model's own preparation refuses this {name}: {error}.") from error
    found = _sorted_out(
        {name: value for name, value in inputs.items() if name not in _NOT_INPUTS and value is not None},
        is_padded=getattr(pipeline, "pads_prompts", True),
        is_continued=getattr(pipeline, "continues_prompts", not is_encoder_decoder(pipeline)),
    )
    if limit is not None and len(found.ids) > limit and found.is_cuttable:
        return replace(found, ids=found.ids[-limit:])
    return found


def _sorted_out(inputs: Mapping[str, Any], *, is_padded: bool, is_continued: bool) -> Encoded:
    """Tell tokens, what goes with every token, media and settings of `generate` from one another."""
    ids = inputs["input_ids"][0].tolist() if "input_ids" in inputs else []
    found = Encoded(ids, is_padded=is_padded, is_continued=is_continued)
    for name, value in inputs.items():
        if name == "input_ids":
            continue
        if isinstance(value, torch.Tensor) and ids and value.ndim == 2 and value.shape == (1, len(ids)):
            if name != "attention_mask" or not bool(value.all()):
                found.per_token[name] = value[0].tolist()
        elif isinstance(value, bool | int | float | str):
            found.settings[name] = value
        else:
            found.media[name] = value
    return found
