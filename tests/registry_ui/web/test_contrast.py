"""Text on every ground that it meets is readable in both themes (WCAG 2.2 AA), measured from the tokens."""

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path("registry_ui/web/static/css/tokens.css").read_text()
COLORS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
}
# Inside a block: a # before it begins an id.
LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*\})|(?<![\w-])(?:rgba?|hsla?|oklch|oklab)\(")
GROUNDS = ("canvas", "surface", "raised", "sunken", "hover")
STATES = ("ok", "warn", "bad", "info")
TEXT = [
    *product(("ink", "muted", "faint", "accent-ink"), GROUNDS),
    *product(("ink", "accent-ink"), ("accent-tint",)),
    *product(("on-accent",), ("accent", "accent-hover")),
    *((f"{state}-ink", f"{state}-tint") for state in STATES),
    *product([f"{state}-ink" for state in STATES], ("surface", "canvas", "raised")),
    *((f"hue-{number}-ink", f"hue-{number}") for number in range(1, 9)),
    *product(("ink",), [f"hue-{number}" for number in range(1, 9)]),
    *product([f"code-{kind}" for kind in ("keyword", "string", "number", "name", "comment")], ("sunken", "surface")),
]
SHAPES = [
    *product(("control", "focus", "accent"), ("canvas", "surface")),
    *product([f"{state}-fill" for state in STATES], ("surface", "canvas")),
    *product([f"hue-{number}-fill" for number in range(1, 9)], ("surface",)),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(text, ground, theme):
    assert contrast(COLORS[text][theme], COLORS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_edges_of_controls_focus_and_dots_can_be_seen(shape, ground, theme):
    assert contrast(COLORS[shape][theme], COLORS[ground][theme]) >= 3


def test_colors_are_said_in_tokens_only():
    """A literal color elsewhere would be measured by nobody."""
    for sheet in Path("registry_ui").glob("*/static/**/*.css"):
        if "vendor" not in sheet.parts and sheet.name != "tokens.css":
            literal = LITERAL.findall(drop_allowed(sheet.read_text()))
            assert not literal, f"{sheet} says {literal[0]}; use a token of tokens.css"


def drop_allowed(css: str) -> str:
    """Take out addresses, and colors that no theme changes: of the logo, paper, the veil of dialogs, words on pictures."""
    unthemed = (
        r"url\([^)]*\)",
        r"@media print \{.*?\n\}",
        r"\.logo-[a-z]+ \{[^}]*\}",
        r"::backdrop \{[^}]*\}",
        r"\.(?:box text|pair circle) \{[^}]*\}",
    )
    for pattern in unthemed:
        css = re.sub(pattern, "", css, flags=re.DOTALL)
    return css


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    red, green, blue = (linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
