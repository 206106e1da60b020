"""The card's front matter, as facts for people: short values, and the results it claims."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Key of the front matter to its label; what is not here is part of other facts or for machines only.
_LABELS = {
    "language": "Language",
    "datasets": "Datasets",
    "metrics": "Measured by",
    "tags": "Tags",
    "library_name": "Library",
    "co2_eq_emissions": "Emissions",
}
_MOST_VALUES = 20


@dataclass(frozen=True)
class CardFact:
    """One line of the front matter."""

    label: str
    values: list[str]


@dataclass(frozen=True)
class ClaimedResult:
    """One figure of the card's `model-index`: claimed by its author, measured by nobody here."""

    dataset: str
    metric: str
    value: Any


def facts_of(card_data: dict[str, Any]) -> list[CardFact]:
    """Return what the front matter says that no other fact of a version says."""
    found = [CardFact(label, _values(card_data.get(key))) for key, label in _LABELS.items()]
    return [fact for fact in found if fact.values]


def results_of(card_data: dict[str, Any]) -> list[ClaimedResult]:
    """Return the results of `model-index`; parts that are not as the Hub defines them are left out."""
    return list(_results(card_data.get("model-index")))


def _results(index: Any) -> Iterator[ClaimedResult]:
    for model in _dicts(index):
        for result in _dicts(model.get("results")):
            dataset = result.get("dataset")
            name = str(dataset.get("name") or dataset.get("type") or "") if isinstance(dataset, dict) else ""
            for metric in _dicts(result.get("metrics")):
                if isinstance(metric.get("value"), int | float | str):
                    yield ClaimedResult(name, str(metric.get("name") or metric.get("type") or ""), metric["value"])


def _values(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each) for each in values if isinstance(each, str | int | float) and str(each)][:_MOST_VALUES]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
