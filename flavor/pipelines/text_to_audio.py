"""The text-to-audio pipeline of transformers, whose sounds can be made again, and which knows what its model takes."""

from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from inspect import signature
from typing import Any

import torch
from transformers import TextToAudioPipeline as Native

from ..errors import HubUnavailable, MissingDependency
from ..tasks._base import InvalidInput, Row
from ..tasks._generation import generation_defaults

_UNLIMITED = 10**9  # tokenizers without a limit say 1e30
_WRITING = ("max_new_tokens", "do_sample", "temperature", "top_k", "top_p", "guidance_scale")
_SPEAKING = ("speaker_id", "speaking_rate")


class TextToAudioPipeline(Native):
    """A text in, a sound out: called as transformers' own, and with `seed`, `speaker_id`, `speaking_rate`.

    Models of speech draw by chance how they say a text; with `seed` the same text sounds the same.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().__init__(*args, **kwargs)
        except OSError as error:
            raise HubUnavailable(
                f"This model writes spectrograms, and what makes them heard cannot be had from the Hub: {error} "
                "Give vocoder= when loading it, or log a model that has one, such as VITS or FastSpeech2ConformerWithHifiGan."
            ) from error

    def _sanitize_parameters(
        self,
        seed: int | None = None,
        speaker_id: int | None = None,
        speaking_rate: float | None = None,
        forward_params: Row | None = None,
        generate_kwargs: Row | None = None,
        **kwargs: Any,
    ) -> tuple[Row, Row, Row]:
        spoken = {"speaker_id": speaker_id, "speaking_rate": speaking_rate}
        named = {name: value for name, value in spoken.items() if value is not None}
        written = {name: kwargs.pop(name) for name in _WRITING if name in kwargs}
        preprocess, forward, postprocess = super()._sanitize_parameters(
            forward_params={**(forward_params or {}), **named}, generate_kwargs={**(generate_kwargs or {}), **written}, **kwargs
        )
        return preprocess, forward if seed is None else {**forward, "seed": seed}, postprocess

    def preprocess(self, text: Any, **kwargs: Any) -> Any:
        if self.processor is None and self.tokenizer.model_max_length < _UNLIMITED:
            kwargs.setdefault("truncation", True)
        return super().preprocess(text, **kwargs)

    def _forward(self, model_inputs: Any, seed: int | None = None, **kwargs: Any) -> Any:
        chance: AbstractContextManager[Any] = nullcontext() if seed is None else _chance_of(seed, self.device)
        with chance:
            return super()._forward(model_inputs, **kwargs)

    @property
    def settings(self) -> Row:
        """What is so when a call says nothing."""
        if self.model.can_generate():
            said = {"guidance_scale": self.model.generation_config.guidance_scale, **generation_defaults(self)}
            return {name: value for name, value in said.items() if name in _WRITING and value is not None}
        rate = getattr(self.model.config, "speaking_rate", None)
        return {"speaking_rate": rate} if rate is not None and "speaking_rate" in self._taken() else {}

    def has_words(self, text: str) -> bool:
        """Whether the model knows any letter of a text; of none it can make nothing."""
        return bool(self.tokenizer(text)["input_ids"])

    def check(self, params: Row) -> None:
        """Raise InvalidInput naming the parameter that this kind of model does not take, MissingDependency what it needs."""
        if getattr(self.tokenizer, "phonemize", False) and find_spec("phonemizer") is None:
            raise MissingDependency(
                "This model reads sounds, not letters, which needs the package phonemizer (and espeak-ng); install them.",
                package="phonemizer",
            )
        taken = self._taken()
        for name in (*_SPEAKING, *_WRITING):
            if params.get(name) is not None and name not in taken:
                known = ", ".join(taken) or "none of them"
                raise InvalidInput(
                    f"params.{name}", f"params.{name} means nothing to this model, which takes {known}; leave it out."
                )
        voices = getattr(self.model.config, "num_speakers", 0)
        if (speaker := params.get("speaker_id")) is not None and speaker >= voices:
            raise InvalidInput("params.speaker_id", f"params.speaker_id must be from 0 to {voices - 1}, got {speaker}.")

    def _taken(self) -> tuple[str, ...]:
        if self.model.can_generate():
            return _WRITING
        names = signature(self.model.forward).parameters
        has_voices = getattr(self.model.config, "num_speakers", 1) > 1
        return tuple(name for name in _SPEAKING if name in names and (has_voices or name != "speaker_id"))


@contextmanager
def _chance_of(seed: int, device: torch.device) -> Any:
    """torch's chance beginning at `seed`; afterwards it goes on as if nothing had been."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
