"""What a list of models was asked for: words, task, order. One parser for the page and for REST."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from .models import ModelVersion, RegisteredModel

NO_TASK = "none"
DEFAULT_SORT = "-updated"
LONGEST_QUERY = 200
# What may be sorted by, and the column; those of the latest version are looked up only when asked for.
_OWN_COLUMNS = {"name": "name", "task": "task", "updated": "updated_at", "created": "created_at"}
_LATEST_COLUMNS = {"size": "size_bytes", "parameters": "parameter_count"}


@dataclass(frozen=True)
class ModelQuery:
    """Words that all must occur, a task (`none`: without one), and a sort key with `-` for descending."""

    q: str = ""
    task: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Self:
        """Read the query from a URL; a sort key that there is not means the default one."""
        sort = params.get("sort", "")
        is_known = sort.removeprefix("-") in {*_OWN_COLUMNS, *_LATEST_COLUMNS}
        q = " ".join(params.get("q", "").replace("\0", "").split())[:LONGEST_QUERY]
        return cls(q, params.get("task", "").replace("\0", ""), sort if is_known else DEFAULT_SORT)

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.q or self.task)

    def matching(self) -> QuerySet[RegisteredModel]:
        """Return the models in which each word occurs: in the name, description, tags, or a version's card, tags or run."""
        found = RegisteredModel.objects.all()
        for word in self.q.split():
            found = found.filter(_mentions(word))
        return found

    def of_task(self, found: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
        """Keep the models of the asked task."""
        return found.filter(task="" if self.task == NO_TASK else self.task) if self.task else found

    def in_order(self, found: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
        """Sort; models that have no such value come last, equal ones by name."""
        key = self.sort.removeprefix("-")
        column: Combinable
        if key in _LATEST_COLUMNS:
            latest = ModelVersion.objects.filter(model=OuterRef("pk"), version=OuterRef("latest_version"))
            found = found.annotate(sorted_by=Subquery(latest.values(_LATEST_COLUMNS[key])[:1]))
            column = F("sorted_by")
        else:
            column = F(_OWN_COLUMNS[key])
        order = column.desc(nulls_last=True) if self.sort.startswith("-") else column.asc(nulls_last=True)
        return found.order_by(order, "name")


def _mentions(word: str) -> Q:
    versions = ModelVersion.objects.filter(model=OuterRef("pk")).alias(tags_text=Cast("tags", TextField()))
    in_versions = Q(card__icontains=word) | Q(description__icontains=word) | Q(run_name__icontains=word)
    own_tags = RegisteredModel.objects.filter(pk=OuterRef("pk")).alias(tags_text=Cast("tags", TextField()))
    return (
        Q(name__icontains=word)
        | Q(description__icontains=word)
        | Q(task__icontains=word)
        | Exists(own_tags.filter(_in_tags(word)))
        | Exists(versions.filter(in_versions | _in_tags(word)))
    )


def _in_tags(word: str) -> Q:
    """SQLite keeps JSON as it was written: other letters than ASCII as escapes."""
    return Q(tags_text__icontains=word) | Q(tags_text__icontains=json.dumps(word)[1:-1])
