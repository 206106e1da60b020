"""Versions side by side: a row for each thing that is known of them, the first version is what the others are held against."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flavor.compatibility import Change, Effect, changes_between

from ..web.templatetags.format import count, format_bytes, number
from . import figures, text_changes
from .models import ModelVersion
from .signatures import Column, signature_of
from .text_changes import TextChange

FEWEST, MOST = 2, 8
METRICS = "Metrics"
MINUS = "\N{MINUS SIGN}"

_Shown = Callable[[Any], str]


@dataclass(frozen=True)
class Delta:
    """How far a number is from the baseline's; `tone` is `better`, `worse`, or empty where nobody can say."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Cell:
    """One version's value: as it is, as people read it, and how far from the baseline."""

    value: Any
    text: str
    delta: Delta | None = None


@dataclass(frozen=True)
class Row:
    """One thing that is known of at least one of the versions."""

    name: str
    cells: list[Cell]

    @property
    def is_equal(self) -> bool:
        return all(cell.value == self.cells[0].value for cell in self.cells)


@dataclass(frozen=True)
class Section:
    """Rows of one kind, those that differ apart from those that are equal."""

    title: str
    rows: list[Row]
    are_numbers: bool = False

    @property
    def different(self) -> list[Row]:
        return [row for row in self.rows if not row.is_equal]

    @property
    def equal(self) -> list[Row]:
        return [row for row in self.rows if row.is_equal]


@dataclass(frozen=True)
class Verdict:
    """What happens to callers of the baseline when `version` takes its place."""

    version: ModelVersion
    changes: list[Change]

    @property
    def effect(self) -> Effect:
        return self.changes[0].effect if self.changes else Effect.COMPATIBLE


@dataclass(frozen=True)
class Comparison:
    """The versions, baseline first, and all that tells them apart."""

    versions: list[ModelVersion]
    sections: list[Section]
    verdicts: list[Verdict]
    texts: list[TextChange] = field(default_factory=list)

    @property
    def metrics(self) -> list[Row]:
        return next((section.rows for section in self.sections if section.title == METRICS), [])

    @property
    def baseline(self) -> ModelVersion:
        return self.versions[0]


def compare(versions: Sequence[ModelVersion]) -> Comparison:
    """Return how the versions differ from the first of them. Two at least."""
    baseline, *others = versions
    sections = [section for section in _sections(versions) if section.rows]
    return Comparison(
        versions=list(versions),
        sections=sections,
        verdicts=[Verdict(version, changes_between(baseline, version)) for version in others],
        texts=[change for version in others for change in text_changes.between(baseline, version)],
    )


def _sections(versions: Sequence[ModelVersion]) -> Iterator[Section]:
    yield Section("About", list(_facts(versions)))
    yield Section(METRICS, list(_metrics(versions)), are_numbers=True)
    yield Section("Signature", _rows([_signature(version) for version in versions]))
    yield Section("Defaults saved with the model", _rows([version.model_config for version in versions]))
    yield Section("Run parameters", _rows([version.params for version in versions]))
    yield Section("Tags", _rows([version.shown_tags for version in versions]))
    yield Section("Files", _rows([_sizes(version) for version in versions], shown=format_bytes), are_numbers=True)


def _facts(versions: Sequence[ModelVersion]) -> Iterator[Row]:
    facts: dict[str, tuple[Callable[[ModelVersion], Any], _Shown]] = {
        "Task": (lambda version: version.known_task.title if version.known_task else version.task, str),
        "Architecture": (lambda version: version.architecture, str),
        "Parameters": (lambda version: version.parameter_count, count),
        "Precision": (lambda version: version.dtype, str),
        "Size": (lambda version: version.size_bytes, format_bytes),
        "Base model": (lambda version: version.base_model, str),
        "Licence": (lambda version: version.license, str),
        "Transformers": (lambda version: version.transformers_version, str),
        "Run": (lambda version: version.run_name or version.run_id, str),
        "Cannot be tried": (lambda version: version.problem, str),
    }
    for name, (read, shown) in facts.items():
        values = [read(version) or None for version in versions]
        if any(value is not None for value in values):
            yield Row(name, [_cell(value, shown) for value in values])


def _metrics(versions: Sequence[ModelVersion]) -> Iterator[Row]:
    for name in figures.in_order({name for version in versions for name in version.metrics}):
        values = [version.metrics.get(name) for version in versions]
        deltas = [None, *(_delta(name, values[0], value) for value in values[1:])]
        yield Row(name, [Cell(value, number(value), delta) for value, delta in zip(values, deltas, strict=True)])


def _delta(name: str, baseline: Any, value: Any) -> Delta | None:
    if not isinstance(baseline, int | float) or not isinstance(value, int | float) or value == baseline:
        return None
    difference = value - baseline
    sign = "+" if difference > 0 else MINUS
    best = figures.direction(name)
    return Delta(sign + number(abs(difference)), "" if not best else "better" if (difference > 0) == (best > 0) else "worse")


def _signature(version: ModelVersion) -> dict[str, str]:
    view = signature_of(version)
    fields = {
        f"{part} {column.name}".rstrip(): column.type if column.is_required else f"{column.type}, optional"
        for part, columns in (("Input", view.inputs), ("Output", view.outputs))
        for column in columns
    }
    return fields | {f"Param {param.name}": f"{param.type}, {_default(param)}" for param in view.params}


def _default(param: Column) -> str:
    return f"default {param.default}" if param.has_default else "no default"


def _sizes(version: ModelVersion) -> dict[str, int]:
    return {file["path"]: file["size_bytes"] for file in version.files}


def _rows(facts: Sequence[Mapping[str, Any]], shown: _Shown = str) -> list[Row]:
    return [Row(name, [_cell(each.get(name), shown) for each in facts]) for name in _names(facts)]


def _names(facts: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in the order in which they are met: a dict keeps it, a set does not."""
    return list(dict.fromkeys(name for each in facts for name in each))


def _cell(value: Any, shown: _Shown) -> Cell:
    return Cell(value, "" if value is None else shown(value))
