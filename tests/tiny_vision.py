"""Tiny seeded pipelines of the vision tasks, made offline in well under a second. Every builder returns new objects."""

from typing import Any

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
    ImageSegmentationPipeline,
    MaskFormerConfig,
    MaskFormerForInstanceSegmentation,
    MaskFormerImageProcessorPil,
    ObjectDetectionPipeline,
    Pipeline,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessorPil,
    SwinConfig,
    YolosConfig,
    YolosForObjectDetection,
    YolosImageProcessorPil,
)

from flavor.pipelines.depth_estimation import DepthEstimationPipeline
from flavor.pipelines.zero_shot_image_classification import ZeroShotImageClassificationPipeline

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
        text_config={
            **_TRANSFORMER,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 64,
            "bos_token_id": tokenizer.cls_token_id,
            "eos_token_id": tokenizer.sep_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={**_TRANSFORMER, "image_size": SIDE, "patch_size": 8},
        projection_dim=16,
    )
    model = seeded(CLIPModel, config, seed=seed)
    size = {"height": SIDE, "width": SIDE}
    processor = CLIPImageProcessorPil(size=size, crop_size=size)
    return ZeroShotImageClassificationPipeline(
        model=model, tokenizer=tokenizer, image_processor=processor, task="zero-shot-image-classification", device="cpu"
    )
