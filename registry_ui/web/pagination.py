"""One page of a list, whatever the URL asks for."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

PAGE_SIZE = 50


class ElidedPage(Page):
    """A page that knows which page numbers to offer: 1 2 … 7 [8] 9 … 41 42."""

    @property
    def elided(self) -> Iterable[int | str]:
        return self.paginator.get_elided_page_range(self.number, on_each_side=1, on_ends=1)


class _Paginator(Paginator):
    def _get_page(self, *args: Any, **kwargs: Any) -> ElidedPage:
        return ElidedPage(*args, **kwargs)


def paginate(rows: QuerySet | Sequence, number: str | int | None, *, size: int = PAGE_SIZE) -> ElidedPage:
    """Return the page with this number; the first when it is no number, the last when it is too large."""
    return cast(ElidedPage, _Paginator(rows, size).get_page(number))
