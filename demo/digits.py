"""Digits: a small residual network trained on scikit-learn's handwritten digits."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from transformers import ResNetConfig, ResNetForImageClassification, ViTImageProcessorPil

from .cards import CardText, Figure, write_card
from .grammar import DATA
from .recipe import Example, Figures, Recipe, Schedule

TASK = "image-classification"
SIDE = 32  # pixels the model sees
SHOWN_SIDE = 128  # pixels of the sample images people see
HELD_OUT = 360  # the last ones: written by other people than the rest
SAMPLES = DATA / "digits"

Pixels = NDArray[np.uint8]


def prepare(*, variants: int = 8) -> Recipe:
    """Enlarge and vary the digits and return the untrained model with all that its training needs."""
    images, digits = load_images()
    processor = ViTImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[0.5] * 3, image_std=[0.5] * 3, do_convert_rgb=True
    )
    model = ResNetForImageClassification(
        ResNetConfig(
            embedding_size=16,
            hidden_sizes=[32, 64],
            depths=[2, 2],
            layer_type="basic",
            id2label={digit: str(digit) for digit in range(10)},
            label2id={str(digit): digit for digit in range(10)},
        )
    )
    training, held_out = slice(None, -HELD_OUT), slice(-HELD_OUT, None)
    varied = vary(images[training], np.random.default_rng(1), variants=variants)
    held_out_examples = encode(processor, images[held_out], digits[held_out])
    inverted = encode(processor, 255 - images[held_out], digits[held_out])

    def measure() -> Figures:
        return {"held_out_accuracy": accuracy(model, held_out_examples), "inverted_accuracy": accuracy(model, inverted)}

    return Recipe(
        task=TASK,
        model=model,
        processor=processor,
        examples=encode(processor, varied, np.tile(digits[training], variants)),
        held_out=held_out_examples,
        collate=collate,
        schedule=Schedule(epochs=4, batch_size=64, learning_rate=3e-3, weight_decay=0.05),
        measure=measure,
        card=lambda figures: write_card(CARD, figures),
        input_example=data_uri((SAMPLES / "seven.png").read_bytes()),
        sorts_by_length=False,
    )


def load_images() -> tuple[Pixels, NDArray[np.int64]]:
    """Return the 1797 digits as white on black images of 32 by 32 pixels, and which digit each is."""
    data = load_digits()
    small = (data.images * (255 / 16)).astype(np.uint8)
    enlarged = [np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for image in small]
    return np.stack(enlarged), data.target


def vary(images: Pixels, dice: np.random.Generator, *, variants: int) -> Pixels:
    """Return `variants` copies of all images: turned, stretched, shifted, fainter, half of them black on white."""
    return np.concatenate([np.stack([_varied(image, dice) for image in images]) for _ in range(variants)])


def _varied(image: Pixels, dice: np.random.Generator) -> Pixels:
    angle = np.deg2rad(dice.uniform(-14, 14))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag(1 / dice.uniform(0.7, 1.15, size=2)) @ np.array([[1.0, dice.uniform(-0.15, 0.15)], [0.0, 1.0]])
    centre = (SIDE - 1) / 2
    offset = centre - matrix @ np.array([centre, centre]) + dice.uniform(-3, 3, size=2)
    moved = ndimage.affine_transform(image.astype(float), matrix, offset, order=1)
    if dice.random() < 0.25:
        moved = ndimage.grey_dilation(moved, size=(3, 3))
    faint = np.clip(moved * dice.uniform(0.7, 1.3), 0, 255).astype(np.uint8)
    return 255 - faint if dice.random() < 0.5 else faint


def encode(processor: Any, images: Pixels, digits: NDArray[np.int64]) -> list[Example]:
    """Return pixel values as the image processor makes them at prediction time, and labels."""
    examples: list[Example] = []
    for start in range(0, len(images), 512):
        batch = [Image.fromarray(image).convert("RGB") for image in images[start : start + 512]]
        pixels = processor(batch, return_tensors="pt")["pixel_values"]
        labels = digits[start : start + 512].tolist()
        examples += [{"pixel_values": values, "labels": label} for values, label in zip(pixels, labels, strict=True)]
    return examples


def collate(examples: list[Example]) -> dict[str, Any]:
    """Stack examples into one batch."""
    return {
        "pixel_values": torch.stack([example["pixel_values"] for example in examples]),
        "labels": torch.tensor([example["labels"] for example in examples]),
    }


def accuracy(model: Any, examples: list[Example]) -> float:
    """Return the share of images whose best label is the right one."""
    model.eval()
    batch = collate(examples)
    with torch.no_grad():
        guesses = model(pixel_values=batch["pixel_values"]).logits.argmax(-1)
    return float((guesses == batch["labels"]).float().mean())


def data_uri(png: bytes) -> str:
    """Return a PNG as a data URI, the form in which images travel in JSON."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def write_samples(folder: Path = SAMPLES) -> list[Path]:
    """Write one held-out image of each digit as PNG, large enough to look at; these are what the playground offers."""
    folder.mkdir(exist_ok=True)
    data = load_digits()
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    paths = []
    for digit, name in enumerate(names):
        index = len(data.target) - HELD_OUT + int(np.flatnonzero(data.target[-HELD_OUT:] == digit)[0])
        small = Image.fromarray((data.images[index] * (255 / 16)).astype(np.uint8))
        large = io.BytesIO()
        small.resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.BICUBIC).save(large, "PNG", optimize=True)
        (folder / f"{name}.png").write_bytes(large.getvalue())
        paths.append(folder / f"{name}.png")
    return paths


def _samples() -> tuple[dict[str, Any], ...]:
    return tuple(
        {"src": data_uri((SAMPLES / f"{name}.png").read_bytes()), "example_title": name}
        for name in ("seven", "three", "zero", "eight")
    )


CARD = CardText(
    name="digits",
    title="Digits",
    task=TASK,
    task_title="Image classification",
    summary=(
        "Reads a single handwritten digit, **0** to **9**, from a small picture, light on dark or dark on light. A residual network "
        "of eight small convolutions, trained from scratch on this machine in half a minute."
    ),
    data=(
        "The 1,797 digits that ship with scikit-learn (`load_digits`, from the UCI *Optical Recognition of Handwritten Digits* set, CC BY 4.0), "
        "8 by 8 pixels, enlarged to 32. The first 1,437 are trained on in eight variants: turned, stretched, shifted, fainter, half of them inverted. "
        "The last 360, by other writers, are held out."
    ),
    use='```python\nimport flavor\n\nread = flavor.load_model("models:/digits@champion")\nread("seven.png")\n```',
    limits="One digit that fills the picture, without frame or background pattern. It answers with a digit even when there is none.",
    figures=(
        Figure("held_out_accuracy", "held-out digits by other writers", "sklearn-digits"),
        Figure("inverted_accuracy", "the same, dark on light", "sklearn-digits-inverted"),
    ),
    tags=("vision", "resnet", "trained-from-scratch"),
    widget=_samples() if SAMPLES.exists() else (),
)
