"""Model cards of the demos: Markdown with the front matter that hubs read."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from .recipe import Figures


@dataclass(frozen=True)
class Figure:
    """One measured value: the `figure` of a recipe, on which data, by which metric."""

    figure: str
    title: str
    dataset: str
    metric: str = "accuracy"


@dataclass(frozen=True)
class CardText:
    """The parts of a card that a demo writes itself."""

    name: str
    title: str
    task: str
    task_title: str
    summary: str
    data: str
    limits: str
    use: str
    figures: tuple[Figure, ...]
    tags: tuple[str, ...] = ()
    widget: tuple[dict[str, Any], ...] = ()
    base_model: str | None = None
    library: str = "transformers"
    extra: dict[str, Any] = field(default_factory=dict)


def write_card(text: CardText, figures: Figures) -> str:
    """Return the card as Markdown with YAML front matter; figures that were not measured are left out."""
    known = tuple(figure for figure in text.figures if figure.figure in figures)
    front = yaml.safe_dump(_front_matter(text, known, figures), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{front}---\n\n{_body(text, known, figures)}"


def _front_matter(text: CardText, known: tuple[Figure, ...], figures: Figures) -> dict[str, Any]:
    front: dict[str, Any] = {
        "license": "cc0-1.0",
        "language": "en",
        "library_name": text.library,
        "pipeline_tag": text.task,
        "tags": ["demo", *text.tags],
        "datasets": sorted({figure.dataset for figure in known}),
        "metrics": sorted({figure.metric for figure in known}),
    }
    if text.base_model:
        front["base_model"] = text.base_model
    if text.widget:
        front["widget"] = list(text.widget)
    front["model-index"] = [{"name": text.name, "results": [_result(text, figure, figures) for figure in known]}]
    return front | text.extra


def _result(text: CardText, figure: Figure, figures: Figures) -> dict[str, Any]:
    return {
        "task": {"type": text.task, "name": text.task_title},
        "dataset": {"type": figure.dataset, "name": figure.title},
        "metrics": [
            {"type": figure.metric, "name": f"{figure.metric} on {figure.title}", "value": round(figures[figure.figure], 4)}
        ],
    }


def _body(text: CardText, known: tuple[Figure, ...], figures: Figures) -> str:
    rows = "\n".join(f"| {figure.title} | {figure.metric} | {figures[figure.figure]:.3f} |" for figure in known)
    return f"""# {text.title}

{text.summary}

## How well it does

Measured right after training, on data that was kept back:

| Data | Metric | Value |
| --- | --- | ---: |
{rows}

## Training data

{text.data}

## Use

{text.use}

## Limits

{text.limits}
"""
