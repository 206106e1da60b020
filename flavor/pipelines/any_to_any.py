"""The any-to-any pipeline of transformers, without a need for torchvision where nothing of it is used."""

from importlib.util import find_spec
from typing import Any

import torch
from transformers import AnyToAnyPipeline as Native
from transformers import Pipeline
from transformers.models.auto.modeling_auto import MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES
from transformers.pipelines.any_to_any import Chat as NativeChat
from transformers.utils.chat_template_utils import Chat

from ..errors import MissingDependency
from ..tasks._base import InvalidInput, Sound
from ._prompts import read_messages, read_prompt, save_processor

_SPOKEN_RATE = 24_000  # of the models that speak, all of Qwen's Omni family


class AnyToAnyPipeline(Native):
    """Words, images, sounds and films in; words, an image or a sound out.

    A prompt without a place for its media gets one in front, plain texts of a chat become parts where its template reads
    parts, a model that makes images is told so when it reads its prompt, and a checkpoint has the processor.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # transformers asks for torchvision for every model that sees; image processors of Pillow do without.
        Pipeline.__init__(self, *args, **kwargs)
        self.check_model_type(MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES)

    @property
    def makes(self) -> tuple[str, ...]:
        """What the model can answer with: text, image, audio."""
        said = self.model.output_modalities
        return (said,) if isinstance(said, str) else tuple(said)

    def check_reads(self, kind: str) -> None:
        """Raise InvalidInput where the model does not read media of this kind, MissingDependency where it could."""
        said = self.model.input_modalities
        reads = (said,) if isinstance(said, str) else tuple(said)
        if kind not in reads:
            raise InvalidInput(kind, f"{kind} is not what this model reads; it reads {', '.join(sorted(reads))}.")
        if kind == "video" and getattr(self.processor, "video_processor", None) is None and find_spec("torchvision") is None:
            raise MissingDependency("Reading films needs torchvision; install it.", package="torchvision")

    def make(self, given: Any, mode: str, *, seed: int, settings: dict[str, Any], processor_kwargs: dict[str, Any]) -> Any:
        """Return an image of PIL, or a Sound."""
        chat = isinstance(given, list)
        more = {**processor_kwargs, **({"generation_mode": mode} if self._is_told_the_mode else {})}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            (found,) = super().__call__(
                NativeChat(given) if chat else given,
                generation_mode=mode,
                generate_kwargs=dict(settings),
                processor_kwargs=more or None,
            )
        made = found[f"generated_{mode}"]
        return Sound(made, _SPOKEN_RATE) if mode == "audio" else made

    @property
    def _is_told_the_mode(self) -> bool:
        return "generation_mode" in getattr(getattr(self.processor, "valid_processor_kwargs", None), "__annotations__", {})

    def preprocess(self, inputs: Any = None, truncation: Any = None, **kwargs: Any) -> Any:
        """Return what the model reads. Nothing is truncated here: the end of a prompt must stay."""
        if isinstance(inputs, Chat | NativeChat):
            messages: Any = inputs.messages
            return super().preprocess(NativeChat(read_messages(self.processor, messages)), **kwargs)
        read = super().preprocess
        return read_prompt(self.processor, lambda given: read(given, **kwargs), inputs)

    def postprocess(self, model_outputs: dict[str, Any], **kwargs: Any) -> Any:
        """Image processors of Pillow take colors first, where models give them last and transformers passes them on so."""
        is_pillows = type(getattr(self.processor, "image_processor", None)).__name__.endswith("Pil")
        if kwargs.get("generation_mode") != "image" or not is_pillows:
            return super().postprocess(model_outputs, **kwargs)
        images = self.model.decode_image_tokens(model_outputs["generated_sequence"].to(self.model.device))
        colors_first = list(images.permute(0, 3, 1, 2).float().cpu())
        made = self.processor.postprocess(colors_first, return_tensors="PIL.Image.Image")["pixel_values"]
        return [{"input_text": model_outputs["prompt_text"], "generated_image": image} for image in made]

    def save_pretrained(self, save_directory: Any, **kwargs: Any) -> None:
        super().save_pretrained(save_directory, **kwargs)
        save_processor(self.processor, save_directory)
