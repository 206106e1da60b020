"""Drawn scenes: a landscape as a picture, and for each of its pixels what it shows."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

LABELS = ("sky", "meadow", "sun", "cloud", "mountain", "water", "path", "house", "tree")
WIDTH, HEIGHT = 96, 72  # pixels the model sees

Color = tuple[int, int, int]
Point = tuple[float, float]
Dice = np.random.Generator


@dataclass(frozen=True)
class Palette:
    """The colors of one kind of day; each scene varies them."""

    sky: tuple[Color, Color]  # above, at the horizon
    meadow: Color
    sun: Color
    cloud: Color
    mountain: Color
    water: Color
    path: Color
    foliage: Color


DAY = Palette(
    ((120, 180, 230), (200, 228, 245)), (112, 172, 92), (248, 200, 66), (250, 250, 250), (140, 150, 165), (78, 140, 200),
    (205, 185, 150), (52, 125, 72),
)  # fmt: skip
EVENING = Palette(
    ((88, 70, 120), (240, 150, 110)), (90, 105, 70), (252, 220, 150), (235, 170, 160), (96, 78, 110), (120, 95, 135),
    (150, 120, 105), (58, 74, 60),
)  # fmt: skip
NIGHT = Palette(
    ((18, 24, 52), (48, 62, 98)), (34, 60, 52), (238, 236, 215), (84, 94, 120), (40, 44, 66), (30, 52, 92),
    (92, 88, 92), (24, 50, 42),
)  # fmt: skip
WINTER = Palette(
    ((176, 190, 205), (222, 228, 234)), (236, 240, 244), (250, 240, 200), (206, 212, 220), (150, 165, 182), (150, 185, 210),
    (190, 188, 190), (70, 98, 92),
)  # fmt: skip
AUTUMN = Palette(
    ((160, 195, 215), (236, 226, 200)), (190, 165, 90), (246, 180, 80), (246, 240, 228), (150, 125, 110), (96, 140, 150),
    (176, 150, 120), (205, 105, 45),
)  # fmt: skip
PALETTES = (DAY, EVENING, NIGHT, WINTER, AUTUMN)
# Kept back: no scene that the model learns from has these colors.
BLOSSOM = Palette(
    ((170, 200, 190), (250, 220, 225)), (160, 185, 130), (255, 150, 140), (255, 240, 245), (175, 150, 185), (130, 175, 175),
    (225, 200, 185), (235, 150, 185),
)  # fmt: skip
WALLS = ((196, 87, 63), (236, 224, 200), (210, 165, 90), (120, 140, 170), (245, 245, 240), (168, 80, 96), (110, 90, 76))
ROOFS = ((91, 64, 50), (60, 60, 72), (170, 70, 50), (52, 92, 92), (120, 40, 46))
BARK = (98, 70, 50)
LIT = (250, 214, 120)


def draw_scene(
    dice: Dice, *, palettes: tuple[Palette, ...] = PALETTES, scale: int = 1, clean: bool = False
) -> tuple[Image.Image, NDArray[np.uint8]]:
    """Return a scene of `scale` times 96 by 72 pixels and the number of each pixel's label; `clean` leaves the grain out."""
    canvas = Canvas(dice, scale)
    palette = palettes[dice.integers(len(palettes))]
    horizon = dice.uniform(0.45, 0.72)
    canvas.sky(*palette.sky)
    _above(canvas, palette, horizon)
    _below(canvas, palette, horizon)
    for depth in sorted(dice.uniform(0, 1, size=dice.integers(2, 6))):
        foot = horizon + (0.97 - horizon) * (0.1 + 0.85 * depth)
        size = (0.16 + 0.26 * depth) * dice.uniform(0.8, 1.2)
        (_house if dice.random() < 0.45 else _tree)(canvas, palette, (dice.uniform(0.05, 0.95), foot), size)
    return canvas.image if clean else grained(canvas.image, dice), np.asarray(canvas.labels)


class Canvas:
    """A picture and its labels, painted together. Points go from 0 to 1 across and down."""

    def __init__(self, dice: Dice, scale: int) -> None:
        self.dice = dice
        self.size = (WIDTH * scale, HEIGHT * scale)
        self.image = Image.new("RGB", self.size)
        self.labels = Image.new("L", self.size)
        self._on_image, self._on_labels = ImageDraw.Draw(self.image), ImageDraw.Draw(self.labels)

    def sky(self, above: Color, below: Color) -> None:
        """Fill everything with a sky that pales downwards."""
        shares = np.linspace(0, 1, self.size[1])[:, None, None]
        column = np.array(self.varied(above)) * (1 - shares) + np.array(self.varied(below)) * shares
        self.image.paste(Image.fromarray(np.repeat(column, self.size[0], axis=1).astype(np.uint8)))

    def polygon(self, points: list[Point], color: Color, label: str) -> None:
        placed = [self._placed(point) for point in points]
        self._on_image.polygon(placed, fill=color)
        self._on_labels.polygon(placed, fill=LABELS.index(label))

    def ellipse(self, centre: Point, radius: float, color: Color, label: str, *, flat: float = 1.0) -> None:
        """Paint a disc; `radius` is a share of the height, `flat` squeezes it."""
        (x, y), reach = self._placed(centre), radius * self.size[1]
        disc = (x - reach, y - reach * flat, x + reach, y + reach * flat)
        self._on_image.ellipse(disc, fill=color)
        self._on_labels.ellipse(disc, fill=LABELS.index(label))

    def varied(self, color: Color, by: float = 18) -> Color:
        """Return a color near this one."""
        red, green, blue = np.clip(np.array(color) + self.dice.normal(0, by, size=3), 0, 255).astype(int).tolist()
        return red, green, blue

    def _placed(self, point: Point) -> Point:
        return point[0] * self.size[0], point[1] * self.size[1]


def grained(image: Image.Image, dice: Dice) -> Image.Image:
    """Return the picture as paper and cameras leave it: softer, brighter or darker, with grain."""
    softened = image.filter(ImageFilter.GaussianBlur(dice.uniform(0, 0.9)))
    values = np.asarray(softened, dtype=np.float32) * dice.uniform(0.85, 1.12)
    return Image.fromarray(np.clip(values + dice.normal(0, dice.uniform(0, 9), size=values.shape), 0, 255).astype(np.uint8))


def _above(canvas: Canvas, palette: Palette, horizon: float) -> None:
    dice = canvas.dice
    if dice.random() < 0.8:
        place = (dice.uniform(0.08, 0.92), dice.uniform(0.08, horizon - 0.08))
        canvas.ellipse(place, dice.uniform(0.06, 0.13), canvas.varied(palette.sun, 10), "sun")
    for _ in range(dice.integers(0, 4)):
        _cloud(canvas, palette, (dice.uniform(0.05, 0.95), dice.uniform(0.08, horizon - 0.12)))
    if dice.random() < 0.65:
        for _ in range(dice.integers(1, 4)):
            _mountain(canvas, palette, horizon)


def _cloud(canvas: Canvas, palette: Palette, centre: Point) -> None:
    color, width = canvas.varied(palette.cloud, 8), canvas.dice.uniform(0.05, 0.1)
    for step in np.linspace(-1, 1, 4):
        place = (centre[0] + step * width, centre[1] + canvas.dice.uniform(-0.02, 0.02))
        canvas.ellipse(place, canvas.dice.uniform(0.035, 0.07), color, "cloud", flat=0.75)


def _mountain(canvas: Canvas, palette: Palette, horizon: float) -> None:
    dice, color = canvas.dice, canvas.varied(palette.mountain, 12)
    middle, reach, top = dice.uniform(0, 1), dice.uniform(0.2, 0.4), horizon - dice.uniform(0.15, 0.35)
    shoulder = (middle + reach * dice.uniform(0.2, 0.5), horizon - (horizon - top) * dice.uniform(0.4, 0.7))
    base = horizon + 0.1
    canvas.polygon([(middle - reach, base), (middle, top), shoulder, (middle + reach, base)], color, "mountain")


def _below(canvas: Canvas, palette: Palette, horizon: float) -> None:
    dice = canvas.dice
    phase, swell = dice.uniform(0, 6), dice.uniform(0, 0.03)
    line = [(x, horizon + swell * math.sin(phase + 7 * x)) for x in np.linspace(0, 1, 24)]
    canvas.polygon([*line, (1, 1), (0, 1)], canvas.varied(palette.meadow), "meadow")
    if dice.random() < 0.5:
        place, reach = (dice.uniform(0, 1), dice.uniform(horizon + 0.12, 0.95)), dice.uniform(0.14, 0.4)
        canvas.ellipse(place, reach, canvas.varied(palette.water, 12), "water", flat=dice.uniform(0.2, 0.4))
    if dice.random() < 0.5:
        foot, head, width = dice.uniform(0.1, 0.9), dice.uniform(0.2, 0.8), dice.uniform(0.06, 0.14)
        top = horizon + 0.04
        points = [(foot - width, 1.0), (head - width / 6, top), (head + width / 6, top), (foot + width, 1.0)]
        canvas.polygon(points, canvas.varied(palette.path, 12), "path")


def _house(canvas: Canvas, palette: Palette, foot: Point, size: float) -> None:
    dice = canvas.dice
    width, height = size * dice.uniform(0.32, 0.5), size * dice.uniform(0.5, 0.75)
    (x, y), wall, roof = foot, canvas.varied(WALLS[dice.integers(len(WALLS))]), canvas.varied(ROOFS[dice.integers(len(ROOFS))])
    eaves, ridge = y - height, y - height - size * dice.uniform(0.25, 0.5)
    canvas.polygon([(x - width, y), (x - width, eaves), (x + width, eaves), (x + width, y)], wall, "house")
    canvas.polygon([(x - width * 1.2, eaves), (x, ridge), (x + width * 1.2, eaves)], roof, "house")
    door, pane = canvas.varied(BARK), canvas.varied(LIT if dice.random() < 0.5 else (90, 110, 130))
    canvas.polygon(_box(x + width * 0.35, y, width * 0.2, height * 0.55), door, "house")
    canvas.polygon(_box(x - width * 0.4, y - height * 0.4, width * 0.25, height * 0.35), pane, "house")


def _tree(canvas: Canvas, palette: Palette, foot: Point, size: float) -> None:
    dice, (x, y) = canvas.dice, foot
    color, height = canvas.varied(palette.foliage), size * dice.uniform(0.9, 1.4)
    canvas.polygon(_box(x, y, size * 0.05, height * 0.45), canvas.varied(BARK, 10), "tree")
    if dice.random() < 0.45:
        for step in (0.0, 0.28, 0.5):
            reach, base = size * (0.3 - 0.3 * step), y - height * (0.25 + step)
            canvas.polygon([(x - reach, base), (x, base - height * 0.42), (x + reach, base)], color, "tree")
    else:
        for _ in range(3):
            place = (x + dice.uniform(-0.1, 0.1) * size, y - height * dice.uniform(0.55, 0.75))
            canvas.ellipse(place, size * dice.uniform(0.24, 0.34), color, "tree")


def _box(x: float, foot: float, reach: float, height: float) -> list[Point]:
    return [(x - reach, foot), (x - reach, foot - height), (x + reach, foot - height), (x + reach, foot)]
