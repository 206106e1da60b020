"""Drawn scenes: the picture and the labels of its pixels tell the same."""

import numpy as np
import pytest

from demo.drawing import BLOSSOM, HEIGHT, LABELS, PALETTES, WIDTH, draw_scene


def scenes(count: int = 60, **options):
    dice = np.random.default_rng(7)
    return [draw_scene(dice, **options) for _ in range(count)]


def test_a_seed_always_draws_the_same_scene():
    (first, labels), (again, same) = (draw_scene(np.random.default_rng(5)) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert np.array_equal(labels, same)


@pytest.mark.parametrize("scale", [1, 3])
def test_every_pixel_has_a_label(scale):
    image, labels = draw_scene(np.random.default_rng(5), scale=scale)
    assert image.size == (WIDTH * scale, HEIGHT * scale)
    assert labels.shape == (HEIGHT * scale, WIDTH * scale)
    assert labels.max() < len(LABELS)


def test_all_things_are_drawn_again_and_again():
    seen = [set(np.unique(labels)) for _, labels in scenes()]
    assert all(sum(number in found for found in seen) >= 15 for number in range(len(LABELS)))


def test_what_has_one_label_has_nearly_one_color_in_a_clean_sun():
    for image, labels in scenes(clean=True):
        sun = np.asarray(image)[labels == LABELS.index("sun")]
        assert len(sun) == 0 or sun.std(axis=0).max() < 1


def test_the_colors_of_the_kept_back_spring_are_in_no_other_palette():
    assert BLOSSOM not in PALETTES
    assert all(BLOSSOM.foliage != palette.foliage for palette in PALETTES)
