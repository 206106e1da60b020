"""The video-classification pipeline of transformers, which also takes frames that are decoded already."""

from typing import Any

import numpy
from transformers import VideoClassificationPipeline as Native

from ..tasks.video_classification import frames_of


class VideoClassificationPipeline(Native):
    """A film in, scored labels out. A path or an address goes the way of transformers' own.

    An array (frames, height, width, 3) is what the model reads: its last frame is repeated where there are fewer than
    `num_frames`, for which transformers' own ends in an error about tensor sizes.
    """

    def preprocess(self, video: Any, num_frames: int | None = None, frame_sampling_rate: int = 1) -> Any:
        if isinstance(video, str):
            return super().preprocess(video, num_frames=num_frames, frame_sampling_rate=frame_sampling_rate)
        wanted = num_frames or frames_of(self.model.config)
        frames = numpy.concatenate([video, numpy.repeat(video[-1:], max(0, wanted - len(video)), axis=0)])
        if self.video_processor is not None:
            inputs = self.video_processor(frames, do_sample_frames=False, return_tensors="pt")
        else:
            inputs = self.image_processor(list(frames), input_data_format="channels_last", return_tensors="pt")
        return inputs.to(self.dtype)
