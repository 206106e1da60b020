"""The zero-shot-audio-classification pipeline of transformers, whose answers can be repeated and whose labels may be long."""

from typing import Any

import numpy
from transformers import ZeroShotAudioClassificationPipeline as Native

from ._hearing import heard


class ZeroShotAudioClassificationPipeline(Native):
    """A sound and candidate labels in, scored labels out: called as transformers' own.

    transformers' draws the parts of a long sound by chance, so that two calls differ, and fails at a label over the model's
    length; here `tokenizer_kwargs` may ask for it to be cut.
    """

    def _sanitize_parameters(
        self, tokenizer_kwargs: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
        more = {} if tokenizer_kwargs is None else {"tokenizer_kwargs": tokenizer_kwargs}
        return {**preprocess, **more}, forward, postprocess

    def preprocess(
        self,
        audio: Any,
        candidate_labels: list[str] | None = None,
        hypothesis_template: str = "This is a sound of {}.",
        tokenizer_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        labels, samples = candidate_labels or [], heard(audio, self.feature_extractor.sampling_rate)
        chance = numpy.random.get_state()
        numpy.random.seed(0)
        try:
            inputs = super().preprocess(samples, labels, hypothesis_template)
        finally:
            numpy.random.set_state(chance)
        sentences = [hypothesis_template.format(label) for label in labels]
        inputs["text_inputs"] = [self.tokenizer(sentences, return_tensors="pt", padding=True, **(tokenizer_kwargs or {}))]
        return inputs
