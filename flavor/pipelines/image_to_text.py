"""The image-to-text pipeline of transformers 4; transformers 5 sends its callers to another that wants a processor."""

from typing import Any

from transformers import GenerationConfig, Pipeline
from transformers.image_utils import load_image

# What it takes to go on from words: by model type, as each model was trained.
GIT, PIX2STRUCT, BLIP, ENCODER_DECODER = "git", "pix2struct", "blip", "vision-encoder-decoder"


class ImageToTextPipeline(Pipeline):
    """A picture in, words out: `pipeline(image)` returns `[{"generated_text": "…"}]`, a list of pictures a list of those.

    `prompt=` gives words to go on from. A dict of `image` and `prompt` says them for one picture.
    """

    _pipeline_calls_generate = True
    _load_processor = False
    _load_image_processor = True
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256)

    pads_prompts = False  # BLIP takes the first token of a row for its beginning, padding or not

    @property
    def end_token_id(self) -> int | None:
        """The token that ends a text, where the model's generation config does not say it."""
        is_blip = self.model.config.model_type == BLIP
        return self.model.config.text_config.sep_token_id if is_blip else None

    def _sanitize_parameters(
        self,
        prompt: str | None = None,
        timeout: float | None = None,
        generate_kwargs: dict[str, Any] | None = None,
        **more: Any,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess = {name: value for name, value in (("prompt", prompt), ("timeout", timeout)) if value is not None}
        return preprocess, {**(generate_kwargs or {}), **more}, {}

    def preprocess(
        self, image: Any, prompt: str | None = None, timeout: float | None = None, truncation: Any = None
    ) -> dict[str, Any]:
        """Return the picture as the model sees it, and the words to go on from as tokens.

        Raises ValueError when the model cannot go on from words.
        """
        if isinstance(image, dict):
            image, prompt = image["image"], image.get("prompt", prompt)
        kind = self.model.config.model_type
        headed = {"header_text": prompt} if prompt and kind == PIX2STRUCT else {}
        inputs = dict(
            self.image_processor(images=load_image(image, timeout=timeout), return_tensors="pt", **headed).to(self.dtype)
        )
        if not prompt or kind == PIX2STRUCT:
            return inputs
        if kind == ENCODER_DECODER:
            raise ValueError(f"{type(self.model).__name__} cannot go on from words that are given; send the image alone")
        return {**inputs, **self._prompt_inputs(prompt, kind)}

    def _prompt_inputs(self, prompt: str, kind: str) -> dict[str, Any]:
        encoded = self.tokenizer(prompt, return_tensors="pt", verbose=False)
        if kind == GIT:  # its texts begin like a sentence and end nowhere yet
            encoded = {name: values[:, :-1] for name, values in encoded.items()}
        return {name: values for name, values in encoded.items() if name != "token_type_ids"}

    def _forward(self, model_inputs: dict[str, Any], **generate_kwargs: Any) -> Any:
        return self.model.generate(
            **model_inputs, **self._prepare_generate_kwargs(generate_kwargs, return_dict_in_generate=False)
        )

    def postprocess(self, model_outputs: Any) -> list[dict[str, Any]]:
        return [{"generated_text": self.tokenizer.decode(ids, skip_special_tokens=True)} for ids in model_outputs]
