"""Rows into batches of like length, so that little is padded; the caller puts the answers back in order."""

from collections.abc import Sequence

MAX_ROWS = 32
MAX_PADDED_COST = 16_384  # tokens of a batch, padding included


def batches(costs: Sequence[int], *, max_rows: int = MAX_ROWS, max_padded_cost: int = MAX_PADDED_COST) -> list[list[int]]:
    """Return lists of positions in `costs`, cheapest first; each position once.

    A batch has at most `max_rows` rows, and rows times its dearest cost at most `max_padded_cost` (one row may exceed it).
    """
    found: list[list[int]] = []
    for position in sorted(range(len(costs)), key=lambda each: costs[each]):
        fits = found and len(found[-1]) < max_rows and (len(found[-1]) + 1) * costs[position] <= max_padded_cost
        if fits:
            found[-1].append(position)
        else:
            found.append([position])
    return found
