"""The visual-question-answering pipeline of transformers 4; transformers 5 has none any more."""

from typing import Any

import torch
from transformers import GenerationConfig, Pipeline
from transformers.image_utils import load_image

from ..lengths import written_limit

BLIP2 = "blip-2"  # reads places for the picture and the question as one text, and goes on from there


class VisualQuestionAnsweringPipeline(Pipeline):
    """A picture and a question in, answers out: `pipeline({"image": image, "question": text})` returns a list of dicts.

    A model that knows its answers (ViLT) gives the `top_k` best of them with a score; one that writes (BLIP, BLIP-2) gives one.
    """

    _pipeline_calls_generate = True
    _non_generation_params = ("top_k",)  # the number of answers, not the sampling parameter
    _load_processor = False
    _load_image_processor = True
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256)

    @property
    def writes(self) -> bool:
        """Whether the model writes its answer, rather than choose among those it knows."""
        return bool(self.model.can_generate())

    def _sanitize_parameters(
        self,
        top_k: int | None = None,
        padding: Any = None,
        truncation: Any = None,
        timeout: float | None = None,
        **generate_kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        said = {"padding": padding, "truncation": truncation, "timeout": timeout}
        preprocess = {name: value for name, value in said.items() if value is not None}
        return preprocess, generate_kwargs, {} if top_k is None else {"top_k": top_k}

    def __call__(self, image: Any, question: Any = None, **kwargs: Any) -> Any:
        """Answer one question about one picture, one about several, several about one, or a list of such pairs."""
        pictures = image if isinstance(image, list) else [image]
        if question is None:
            return super().__call__(image, **kwargs)
        asked = question if isinstance(question, list) else [question]
        pairs = [{"image": picture, "question": text} for picture in pictures for text in asked]
        return super().__call__(pairs if isinstance(image, list) or isinstance(question, list) else pairs[0], **kwargs)

    def preprocess(
        self, inputs: dict[str, Any], padding: Any = False, truncation: Any = False, timeout: float | None = None
    ) -> dict[str, Any]:
        """Return the question as tokens and the picture as the model sees it."""
        encoded = self.tokenizer(inputs["question"], return_tensors="pt", padding=padding, truncation=truncation)
        image = load_image(inputs["image"], timeout=timeout)
        seen = self.image_processor(images=image, return_tensors="pt").to(self.dtype)
        read = {name: encoded[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in encoded}
        if self.writes:
            read.pop("token_type_ids", None)
        return {**(self._with_places(read) if self._is_blip2 else read), **seen}

    def _with_places(self, read: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The question behind as many places as the picture takes, which its processor adds and its tokenizer does not."""
        config = self.model.config
        places = torch.full((1, config.num_query_tokens), config.image_token_index)
        more = {"input_ids": places, "attention_mask": torch.ones_like(places)}
        return {name: torch.cat([more[name], values], dim=1) for name, values in read.items()}

    def _forward(self, model_inputs: dict[str, Any], **generate_kwargs: Any) -> dict[str, torch.Tensor]:
        if not self.writes:
            return {"logits": self.model(**model_inputs).logits}
        settings = self._prepare_generate_kwargs(generate_kwargs, return_dict_in_generate=False)
        already = model_inputs["input_ids"].shape[1] if self._goes_on else 0
        if "max_new_tokens" in settings and (limit := written_limit(self)):
            settings["max_new_tokens"] = max(1, min(settings["max_new_tokens"], limit - already))
        written = self.model.generate(**model_inputs, **settings)
        return {"written": written[:, already:]}

    @property
    def _is_blip2(self) -> bool:
        return self.model.config.model_type == BLIP2

    @property
    def _goes_on(self) -> bool:
        """Whether what is written comes back with what was read in front of it."""
        return self._is_blip2 and not self.model.language_model.config.is_encoder_decoder

    def postprocess(self, model_outputs: dict[str, torch.Tensor], top_k: int = 5) -> list[dict[str, Any]]:
        if "written" in model_outputs:
            texts = self.tokenizer.batch_decode(model_outputs["written"], skip_special_tokens=True)
            return [{"answer": text.strip()} for text in texts]
        chances = model_outputs["logits"].float().sigmoid()[0]
        scores, places = chances.topk(min(top_k, len(chances)))
        names = self.model.config.id2label
        return [{"score": score, "answer": names[place]} for score, place in zip(scores.tolist(), places.tolist(), strict=True)]
