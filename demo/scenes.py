"""Scenes: a small network that says what each part of a drawn landscape shows."""

import io
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import ResNetConfig, SegformerImageProcessorPil, UperNetConfig, UperNetForSemanticSegmentation

from .cards import CardText, Figure, write_card
from .digits import data_uri
from .drawing import AUTUMN, BLOSSOM, DAY, HEIGHT, LABELS, NIGHT, PALETTES, WIDTH, WINTER, Palette, draw_scene
from .recipe import Example, Figures, Recipe, Schedule

TASK = "image-segmentation"
TRAINED_ON, HELD_OUT, KEPT_BACK = 1200, 120, 80  # scenes
SHOWN_SCALE = 4  # of the sample images people see
SAMPLES = (("a summer day", DAY, 4), ("at night", NIGHT, 14), ("in winter", WINTER, 17), ("in autumn", AUTUMN, 13))


def prepare(*, scenes: int = TRAINED_ON) -> Recipe:
    """Draw the scenes and return the untrained model with all that its training needs."""
    size = {"height": HEIGHT, "width": WIDTH}
    processor = SegformerImageProcessorPil(size=size, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    model = untrained()
    held_out = encode(processor, drawn(HELD_OUT, seed=2))
    blossom = encode(processor, drawn(KEPT_BACK, seed=3, palettes=(BLOSSOM,)))

    def measure() -> Figures:
        seen, unseen = confusion(model, held_out), confusion(model, blossom)
        return {
            "held_out_mean_iou": mean_iou(seen),
            "unseen_colors_mean_iou": mean_iou(unseen),
            "held_out_pixel_accuracy": float(seen.trace() / seen.sum()),
        }

    return Recipe(
        task=TASK,
        model=model,
        processor=processor,
        examples=encode(processor, drawn(scenes, seed=1)),
        held_out=held_out,
        collate=collate,
        schedule=Schedule(epochs=4, batch_size=8, learning_rate=5e-3),
        measure=measure,
        card=lambda figures: write_card(card_text(), figures),
        input_example=sample(DAY, SAMPLES[0][2]),
        sorts_by_length=False,
    )


def untrained() -> UperNetForSemanticSegmentation:
    """A few convolutions that look at four sizes at once: 290,000 parameters."""
    backbone = ResNetConfig(  # type: ignore[call-arg]  # every backbone takes out_features
        embedding_size=24,
        hidden_sizes=[24, 48, 96],
        depths=[1, 1, 1],
        layer_type="basic",
        out_features=["stage1", "stage2", "stage3"],
    )
    return UperNetForSemanticSegmentation(
        UperNetConfig(
            backbone_config=backbone,
            hidden_size=32,
            pool_scales=[1, 2, 3],
            use_auxiliary_head=False,
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
        )
    )


def drawn(count: int, *, seed: int, palettes: tuple[Palette, ...] = PALETTES) -> list[tuple[Image.Image, Any]]:
    """Return scenes and the labels of their pixels."""
    dice = np.random.default_rng(seed)
    return [draw_scene(dice, palettes=palettes) for _ in range(count)]


def encode(processor: Any, scenes: list[tuple[Image.Image, Any]]) -> list[Example]:
    """Return pixel values as the image processor makes them at prediction time, and the label of each pixel."""
    pixels = processor([image for image, _ in scenes], return_tensors="pt")["pixel_values"]
    return [{"pixel_values": values, "labels": labels} for values, (_, labels) in zip(pixels, scenes, strict=True)]


def collate(examples: list[Example]) -> dict[str, Any]:
    """Stack examples into one batch."""
    return {
        "pixel_values": torch.stack([example["pixel_values"] for example in examples]),
        "labels": torch.tensor(np.stack([example["labels"] for example in examples]), dtype=torch.long),
    }


def confusion(model: Any, examples: list[Example]) -> torch.Tensor:
    """Return how many pixels of each label (rows) were taken for which (columns)."""
    model.eval()
    batch = collate(examples)
    with torch.no_grad():
        guesses = model(pixel_values=batch["pixel_values"]).logits.argmax(1)
    pairs = batch["labels"].flatten() * len(LABELS) + guesses.flatten()
    return torch.bincount(pairs, minlength=len(LABELS) ** 2).reshape(len(LABELS), len(LABELS))


def mean_iou(counts: torch.Tensor) -> float:
    """Return the mean over the labels of: pixels rightly found, by pixels that are it or were taken for it."""
    joined = counts.sum(0) + counts.sum(1) - counts.diag()
    return float((counts.diag() / joined.clamp(min=1)).mean())


def sample(palette: Palette, seed: int) -> str:
    """Return a scene that was never trained on, large enough to look at, as a data URI."""
    image, _ = draw_scene(np.random.default_rng(1000 + seed), palettes=(palette,), scale=SHOWN_SCALE, clean=True)
    png = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(png, "PNG", optimize=True)
    return data_uri(png.getvalue())


def card_text() -> CardText:
    """Return the card, with samples that are drawn when it is written."""
    return CardText(
        name="scenes",
        title="Scenes",
        task=TASK,
        task_title="Image segmentation",
        summary=(
            "Says what each part of a drawn landscape shows: "
            + ", ".join(f"*{label}*" for label in LABELS)
            + ". A few convolutions that look at four sizes at once (UPerNet on a small ResNet, 290,000 parameters), trained from "
            "scratch on this machine in half a minute."
        ),
        data=(
            f"{TRAINED_ON:,} landscapes of {WIDTH} by {HEIGHT} pixels, drawn by code for this training: five kinds of day (summer, evening, night, "
            "winter, autumn), every color varied, houses before and behind trees, with the softness and grain of paper and cameras. "
            f"{HELD_OUT} others are held out, and {KEPT_BACK} in the colors of a spring that was kept back altogether."
        ),
        use=(
            '```python\nimport flavor\n\nlook = flavor.load_model("models:/scenes@champion")\n'
            'for part in look("drawing.png"):\n    print(part["label"], part["mask"])\n```'
        ),
        limits="Flat drawings of landscapes. Photographs are another world, and every pixel is given one of the nine labels.",
        figures=(
            Figure("held_out_mean_iou", "held-out scenes", "drawn-scenes", "mean_iou"),
            Figure("unseen_colors_mean_iou", "scenes in colors it never saw", "drawn-scenes-unseen-colors", "mean_iou"),
            Figure("held_out_pixel_accuracy", "held-out scenes, by pixel", "drawn-scenes", "accuracy"),
        ),
        tags=("vision", "upernet", "trained-from-scratch"),
        widget=tuple({"src": sample(palette, seed), "example_title": title} for title, palette, seed in SAMPLES),
    )
