"""What was said so far, by conversation: each has an id that its caller chose, and none sees another's."""

import threading
from collections import OrderedDict

from .tasks._base import Row

MOST_CONVERSATIONS = 1_000  # the one that was silent for longest is forgotten first
MOST_MESSAGES = 200  # of one conversation; the oldest are forgotten first

ID = "conversation_id"


class Conversations:
    """The memory of one loaded model; it ends with the model."""

    def __init__(self, *, most: int = MOST_CONVERSATIONS) -> None:
        self._most = most
        self._messages: OrderedDict[str, list[Row]] = OrderedDict()
        self._lock = threading.Lock()

    def opened(self, row: Row) -> Row:
        """Return the row with all that was said in its conversation as `messages`, its own text the last of them.

        Messages that are given stand for the whole conversation.
        """
        if "messages" in row:
            return row
        said = {name: value for name, value in row.items() if name != "text"}
        return {**said, "messages": [*self._heard(row.get(ID)), {"role": "user", "content": row["text"]}]}

    def keep(self, row: Row, answer: Row) -> None:
        """Remember an opened row and the message that answers it, where the row names a conversation."""
        if ID not in row:
            return
        with self._lock:
            self._messages[row[ID]] = [*row["messages"], answer][-MOST_MESSAGES:]
            self._messages.move_to_end(row[ID])
            while len(self._messages) > self._most:
                self._messages.popitem(last=False)

    def _heard(self, conversation: str | None) -> list[Row]:
        with self._lock:
            return list(self._messages.get(conversation or "", ()))


def in_turn(rows: list[Row]) -> list[list[int]]:
    """Return the places of rows in groups that are run one after another: a conversation's second row waits for its first."""
    groups: list[list[int]] = []
    seen: dict[str, int] = {}
    for place, row in enumerate(rows):
        said = row.get(ID) if isinstance(row, dict) else None
        turn = seen.get(said, -1) + 1 if isinstance(said, str) else 0
        if isinstance(said, str):
            seen[said] = turn
        while len(groups) <= turn:
            groups.append([])
        groups[turn].append(place)
    return groups
