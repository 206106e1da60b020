"""Tiny seeded pipelines of the vision tasks, made offline in well under a second. Every builder returns new objects."""

from functools import partial
from io import BytesIO
from typing import Any

import av
import numpy
import torch
from PIL import Image
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    DetrConfig,
    DPTConfig,
    DPTForDepthEstimation,
    DPTImageProcessorPil,
    ImageFeatureExtractionPipeline,
    ImageSegmentationPipeline,
    MaskFormerConfig,
    MaskFormerForInstanceSegmentation,
    MaskFormerImageProcessorPil,
    ObjectDetectionPipeline,
    OwlViTConfig,
    OwlViTForObjectDetection,
    OwlViTImageProcessorPil,
    Pipeline,
    PreTrainedTokenizerFast,
    SamConfig,
    SamImageProcessorPil,
    SamModel,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessorPil,
    SuperGlueConfig,
    SuperGlueForKeypointMatching,
    SuperGlueImageProcessorPil,
    SuperPointConfig,
    Swin2SRConfig,
    Swin2SRForImageSuperResolution,
    Swin2SRImageProcessorPil,
    SwinConfig,
    VideoMAEConfig,
    VideoMAEForVideoClassification,
    VideoMAEImageProcessorPil,
    ViTConfig,
    ViTImageProcessorPil,
    ViTModel,
    YolosConfig,
    YolosForObjectDetection,
    YolosImageProcessorPil,
)

from flavor.pipelines.depth_estimation import DepthEstimationPipeline
from flavor.pipelines.image_to_image import ImageToImagePipeline
from flavor.pipelines.keypoint_matching import KeypointMatchingPipeline
from flavor.pipelines.mask_generation import MaskGenerationPipeline
from flavor.pipelines.video_classification import VideoClassificationPipeline
from flavor.pipelines.zero_shot_image_classification import ZeroShotImageClassificationPipeline
from flavor.pipelines.zero_shot_object_detection import ZeroShotObjectDetectionPipeline

from .tiny_models import seeded, word_tokenizer

SIDE = 32
_TRANSFORMER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37}
_DETR = {"layers": 1, "attention_heads": 2, "ffn_dim": 16}


def noise(width: int = 40, height: int = 30, *, seed: int = 0) -> Image.Image:
    """A picture of colored dots, always the same for a seed."""
    return Image.fromarray(numpy.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype="uint8"))


def labelled(*labels: str) -> dict[str, Any]:
    """The two tables of a configuration that name its classes."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: number for number, label in enumerate(labels)}}


def object_detection(*, labels: tuple[str, ...] = ("cat", "cup", "hat"), seed: int = 0) -> Pipeline:
    config = YolosConfig(
        **_TRANSFORMER,
        image_size=[SIDE, SIDE],
        patch_size=8,
        num_detection_tokens=6,
        initializer_range=0.5,
        **labelled(*labels),
    )
    processor = YolosImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE})
    model = seeded(YolosForObjectDetection, config, seed=seed)
    return ObjectDetectionPipeline(model=model, image_processor=processor, task="object-detection", device="cpu")


def image_segmentation(*, labels: tuple[str, ...] = ("sky", "grass", "house"), seed: int = 0) -> Pipeline:
    config = SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[16, 32],
        patch_sizes=[7, 3],
        strides=[4, 2],
        num_attention_heads=[1, 2],
        mlp_ratios=[2, 2],
        decoder_hidden_size=16,
        initializer_range=0.5,
        **labelled(*labels),
    )
    processor = SegformerImageProcessorPil(size={"height": SIDE, "width": SIDE})
    model = seeded(SegformerForSemanticSegmentation, config, seed=seed)
    return ImageSegmentationPipeline(model=model, image_processor=processor, task="image-segmentation", device="cpu")


def panoptic_segmentation(*, seed: int = 0) -> Pipeline:
    """A segmenter that tells things of one kind apart, made sure of itself so that it finds some."""
    detr = {f"{end}_{name}": value for end in ("encoder", "decoder") for name, value in _DETR.items()}
    config = MaskFormerConfig(
        backbone_config=SwinConfig(
            image_size=SIDE,
            patch_size=2,
            embed_dim=8,
            depths=[1, 1, 1, 1],
            num_heads=[1, 1, 2, 2],
            window_size=4,
            out_features=["stage1", "stage2", "stage3", "stage4"],
        ),
        decoder_config=DetrConfig(d_model=16, num_queries=4, **detr),
        mask_feature_size=32,
        fpn_feature_size=32,
        **labelled("cat", "cup"),
    )
    model = seeded(MaskFormerForInstanceSegmentation, config, seed=seed)
    model.class_predictor.bias.data = torch.tensor([2.0, 0.0, -2.0])  # the last is "nothing"
    processor = MaskFormerImageProcessorPil(size={"height": SIDE, "width": SIDE}, size_divisor=SIDE)
    return ImageSegmentationPipeline(model=model, image_processor=processor, task="image-segmentation", device="cpu")


def depth_estimation(*, seed: int = 0) -> Pipeline:
    config = DPTConfig(
        **{**_TRANSFORMER, "num_hidden_layers": 4},
        image_size=SIDE,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[16, 16, 16, 16],
        fusion_hidden_size=16,
        reassemble_factors=[2, 1, 1, 0.5],
        initializer_range=0.1,
    )
    model = seeded(DPTForDepthEstimation, config, seed=seed)
    processor = DPTImageProcessorPil(size={"height": SIDE, "width": SIDE})
    return DepthEstimationPipeline(model=model, image_processor=processor, task="depth-estimation", device="cpu")


def zero_shot_image_classification(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    config = CLIPConfig(
        text_config=_text_config(tokenizer, positions=64),
        vision_config={**_TRANSFORMER, "image_size": SIDE, "patch_size": 8},
        projection_dim=16,
    )
    model = seeded(CLIPModel, config, seed=seed)
    size = {"height": SIDE, "width": SIDE}
    processor = CLIPImageProcessorPil(size=size, crop_size=size)
    return ZeroShotImageClassificationPipeline(
        model=model, tokenizer=tokenizer, image_processor=processor, task="zero-shot-image-classification", device="cpu"
    )


def zero_shot_object_detection(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    config = OwlViTConfig(
        text_config=_text_config(tokenizer, positions=16),
        vision_config={**_TRANSFORMER, "image_size": SIDE, "patch_size": 8},
        projection_dim=32,
    )
    model = seeded(OwlViTForObjectDetection, config, seed=seed)
    size = {"height": SIDE, "width": SIDE}
    processor = OwlViTImageProcessorPil(size=size, crop_size=size)
    return ZeroShotObjectDetectionPipeline(
        model=model, tokenizer=tokenizer, image_processor=processor, task="zero-shot-object-detection", device="cpu"
    )


def image_feature_extraction(*, add_pooling_layer: bool = True, seed: int = 0) -> Pipeline:
    config = ViTConfig(**_TRANSFORMER, image_size=SIDE, patch_size=8, initializer_range=0.5)
    model = seeded(partial(ViTModel, add_pooling_layer=add_pooling_layer), config, seed=seed)
    processor = ViTImageProcessorPil(size={"height": SIDE, "width": SIDE})
    return ImageFeatureExtractionPipeline(model=model, image_processor=processor, task="image-feature-extraction", device="cpu")


def mask_generation(*, seed: int = 0) -> Pipeline:
    side = {"image_size": 2 * SIDE, "patch_size": 8}
    config = SamConfig(
        vision_config={
            **side,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "mlp_dim": 37,
            "output_channels": 16,
            "window_size": 2,
            "global_attn_indexes": [1],
            "num_pos_feats": 8,
        },
        prompt_encoder_config={**side, "hidden_size": 16, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "mlp_dim": 32,
            "iou_head_hidden_dim": 16,
            "iou_head_depth": 2,
        },
    )
    model = seeded(SamModel, config, seed=seed)
    processor = SamImageProcessorPil(
        size={"longest_edge": 2 * SIDE},
        pad_size={"height": 2 * SIDE, "width": 2 * SIDE},
        mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
    )
    return MaskGenerationPipeline(model=model, image_processor=processor, task="mask-generation", device="cpu")


def keypoint_matching(*, seed: int = 0) -> Pipeline:
    detector = SuperPointConfig(
        encoder_hidden_sizes=[8, 8, 16, 16],
        decoder_hidden_size=16,
        keypoint_decoder_dim=65,
        descriptor_decoder_dim=16,
        keypoint_threshold=0.0,
        max_keypoints=12,
        border_removal_distance=1,
    )
    config = SuperGlueConfig(
        keypoint_detector_config=detector,
        hidden_size=16,
        keypoint_encoder_sizes=[8, 16],
        gnn_layers_types=["self", "cross"],
        num_attention_heads=2,
        sinkhorn_iterations=5,
        matching_threshold=0.0,
    )
    model = seeded(SuperGlueForKeypointMatching, config, seed=seed)
    processor = SuperGlueImageProcessorPil(size={"height": 48, "width": 64})
    return KeypointMatchingPipeline(model=model, image_processor=processor, task="keypoint-matching", device="cpu")


def image_to_image(*, seed: int = 0) -> Pipeline:
    config = Swin2SRConfig(
        image_size=16,
        patch_size=1,
        embed_dim=12,
        depths=[1],
        num_heads=[2],
        window_size=4,
        mlp_ratio=2.0,
        upscale=2,
        upsampler="pixelshuffle",
        initializer_range=0.2,
    )
    model = seeded(Swin2SRForImageSuperResolution, config, seed=seed)
    processor = Swin2SRImageProcessorPil(size_divisor=8)
    return ImageToImagePipeline(model=model, image_processor=processor, task="image-to-image", device="cpu")


def video_classification(*, labels: tuple[str, ...] = ("rolls", "bounces", "stands"), frames: int = 4, seed: int = 0) -> Pipeline:
    config = VideoMAEConfig(
        **_TRANSFORMER,
        image_size=SIDE,
        patch_size=8,
        num_frames=frames,
        tubelet_size=2,
        initializer_range=0.5,
        **labelled(*labels),
    )
    model = seeded(VideoMAEForVideoClassification, config, seed=seed)
    size = {"height": SIDE, "width": SIDE}
    processor = VideoMAEImageProcessorPil(size=size, crop_size=size)
    return VideoClassificationPipeline(model=model, image_processor=processor, task="video-classification", device="cpu")


def film(
    frames: int = 12, width: int = 48, height: int = 32, *, container: str = "mp4", codec: str = "mpeg4", sound: bool = False
) -> bytes:
    """A film in which every frame is a little brighter than the one before; only of silence when `sound` is set."""
    buffer = BytesIO()
    with av.open(buffer, "w", format=container) as file:
        if sound:
            stream: Any = file.add_stream("aac", rate=16_000)
            made: list[Any] = [av.AudioFrame.from_ndarray(numpy.zeros((1, 1024), "float32"), format="fltp", layout="mono")]
            made[0].sample_rate = 16_000
        else:
            stream = file.add_stream(codec, rate=8)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            grey = [numpy.full((height, width, 3), 20 + 200 * number // frames, "uint8") for number in range(frames)]
            made = [av.VideoFrame.from_ndarray(each, format="rgb24") for each in grey]
        for frame in (*made, None):
            for packet in stream.encode(frame):
                file.mux(packet)
    return buffer.getvalue()


def _text_config(tokenizer: PreTrainedTokenizerFast, *, positions: int) -> dict[str, Any]:
    """The text half of CLIP and its kin, over a tokenizer that has BERT's names for special tokens."""
    special = {"bos": tokenizer.cls_token_id, "eos": tokenizer.sep_token_id, "pad": tokenizer.pad_token_id}
    ids = {f"{name}_token_id": number for name, number in special.items()}
    return {**_TRANSFORMER, **ids, "vocab_size": len(tokenizer), "max_position_embeddings": positions}
