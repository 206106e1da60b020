"""The audio-classification pipeline of transformers, which hears files without ffmpeg."""

from typing import Any

from transformers import AudioClassificationPipeline as Native

from ._hearing import heard


class AudioClassificationPipeline(Native):
    """A sound in (samples, a path, the bytes of a file), scored labels out: called as transformers' own."""

    def preprocess(self, inputs: Any) -> Any:
        return super().preprocess(heard(inputs, self.feature_extractor.sampling_rate))
