"""The zero-shot-image-classification pipeline of transformers, which passes on what it is told about its tokenizer."""

from typing import Any

from transformers import ZeroShotImageClassificationPipeline as Native


class ZeroShotImageClassificationPipeline(Native):
    """An image and candidate labels in, scored labels out; a label over the model's length is cut when truncation is asked for.

    transformers' own documents `tokenizer_kwargs` and drops them, so a long label ends in an error about tensor sizes.
    """

    def _sanitize_parameters(
        self, tokenizer_kwargs: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
        more = {} if tokenizer_kwargs is None else {"tokenizer_kwargs": tokenizer_kwargs}
        return {**preprocess, **more}, forward, postprocess
