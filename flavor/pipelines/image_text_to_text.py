"""The image-text-to-text pipeline of transformers, for prompts and chats as people write them."""

from typing import Any

from transformers import ImageTextToTextPipeline as Native
from transformers.utils.chat_template_utils import Chat

from ._prompts import read_messages, read_prompt, save_processor


class ImageTextToTextPipeline(Native):
    """Images and words in, words out.

    A prompt without a place for its image gets one in front, plain texts of a chat become parts where its template reads
    parts, and a checkpoint has the processor: transformers' own fails or goes wrong at each.
    """

    def preprocess(self, inputs: Any = None, truncation: Any = None, **kwargs: Any) -> Any:
        """Return what the model reads. Nothing is truncated here: the end of a prompt must stay."""
        if isinstance(inputs, Chat):
            messages: Any = inputs.messages
            read_as: Any = read_messages(self.processor, messages)
            return super().preprocess(Chat(read_as), **kwargs)
        read = super().preprocess
        return read_prompt(self.processor, lambda given: read(given, **kwargs), inputs)

    def save_pretrained(self, save_directory: Any, **kwargs: Any) -> None:
        super().save_pretrained(save_directory, **kwargs)
        save_processor(self.processor, save_directory)
