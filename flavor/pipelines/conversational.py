"""A pipeline for conversations, which transformers has no more: chats, and models from before there were chat templates."""

from typing import Any

import torch
from transformers import GenerationConfig, Pipeline
from transformers.utils.chat_template_utils import Chat

Messages = list[dict[str, Any]]


class ConversationalPipeline(Pipeline):
    """Messages in, the answer out: `pipeline([{"role": "user", "content": "Hi"}])` returns `{"role": "assistant", …}`.

    Without a chat template a decoder reads the messages with an end token behind each (DialoGPT), an encoder reads them two
    spaces apart (BlenderBot); when they are too long, the newest count.
    """

    _pipeline_calls_generate = True
    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256, do_sample=True, temperature=0.7)

    continues_prompts = False  # an answer begins anew

    def _sanitize_parameters(self, **generate_kwargs: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {}, generate_kwargs, {}

    def __call__(self, conversation: Messages | list[Messages], **kwargs: Any) -> Any:
        if conversation and isinstance(conversation[0], list):
            return [super(ConversationalPipeline, self).__call__(_chat(each), **kwargs) for each in conversation]
        return super().__call__(_chat(conversation), **kwargs)

    def preprocess(self, chat: Any, truncation: Any = None) -> dict[str, Any]:
        """Return the conversation as token ids, in one row. Raises ValueError when a message is no text."""
        ids = self._ids(chat.messages)
        limit = self.tokenizer.model_max_length if truncation else len(ids)
        kept = torch.tensor([ids[-limit:]])
        return {"input_ids": kept, "attention_mask": torch.ones_like(kept)}

    def _ids(self, messages: Messages) -> list[int]:
        if getattr(self.tokenizer, "chat_template", None):
            encoded = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)
            return list(encoded["input_ids"])
        if not all(isinstance(message.get("content"), str) for message in messages):
            raise ValueError("without a chat template every message must be a text")
        end = self.tokenizer.eos_token_id
        if self.model.config.is_encoder_decoder:
            said = "  ".join((" " if each["role"] == "user" else "") + each["content"] for each in messages)
            return [*self.tokenizer(said, add_special_tokens=False, verbose=False)["input_ids"], end]
        texts = self.tokenizer([each["content"] for each in messages], add_special_tokens=False, verbose=False)["input_ids"]
        return [token for ids in texts for token in (*ids, end)]

    def _forward(self, model_inputs: dict[str, Any], **generate_kwargs: Any) -> dict[str, Any]:
        ids = self.model.generate(**model_inputs, **self._prepare_generate_kwargs(generate_kwargs, return_dict_in_generate=False))
        read = 0 if self.model.config.is_encoder_decoder else model_inputs["input_ids"].shape[1]
        return {"output_ids": ids[0, read:]}

    def postprocess(self, model_outputs: dict[str, Any]) -> dict[str, str]:
        text = self.tokenizer.decode(model_outputs["output_ids"], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return {"role": "assistant", "content": text}


def _chat(messages: Any) -> Chat:
    """Mark a list as one conversation rather than a list of inputs."""
    return Chat(messages)
