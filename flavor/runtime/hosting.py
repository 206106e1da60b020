"""A model's child on the side of those who ask: what it was sent, what it computes, what it said."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import runner
from .channel import Message
from .children import Child, ChildFailed, Ending
from .memory import private_bytes
from .requests import GRACE_S, Pending
from .zygote import Zygote

if TYPE_CHECKING:
    from .places import ModelFiles

logger = logging.getLogger(__name__)

Effect = Callable[[], None]


class Host:
    """One child that holds one model. Its fields are guarded by the pool's lock, which the listeners take."""

    def __init__(
        self, uri: str, *, on_message: Callable[["Host", Message], None], on_end: Callable[["Host", Ending], None]
    ) -> None:
        self.uri = uri
        self.pending: dict[int, Pending] = {}
        self.memory_bytes = 0
        self.outcome = threading.Event()  # loaded, failed or dead
        self.problem: ChildFailed | None = None
        self.ending: Ending | None = None
        self.is_leaving = False
        self._is_killed = False
        self._on_message = on_message
        self._on_end = on_end
        self._child: Child | None = None

    def start(self, zygote: Zygote, *, loader: str, files: "ModelFiles", max_batch: int) -> None:
        """Fork the child, which begins to load. Raises ChildDied when it cannot be forked."""
        self._child = zygote.spawn(
            f"{runner.__name__}:serve",
            {"loader": loader, "path": files.folder, "options": files.loader_options, "max_batch": max_batch},
            name=f"model {self.uri}",
            on_message=self._hear,
            on_line=lambda line: logger.info("%s: %s", self.uri, line),
            on_end=self._end,
        )

    def send(self, pendings: Iterable[Pending]) -> None:
        """Send requests to the child, together."""
        sent = list(pendings)
        self.pending.update((each.number, each) for each in sent)
        self._tell({"predict": [each.to_child() for each in sent]})

    def cancel(self, numbers: list[int]) -> None:
        """Tell the child that nobody wants these any more."""
        self._tell({"cancel": numbers})

    def kill(self) -> None:
        """End the child now."""
        self._is_killed = True
        if self._child is not None:
            self._child.kill()

    def measure(self) -> int:
        """Note and return what memory it holds."""
        pid = self._child.pid if self._child else None
        self.memory_bytes = (private_bytes(pid) if pid else 0) or self.memory_bytes
        return self.memory_bytes

    def hung_at(self) -> float:
        """Return when it is to be killed, because nobody wants anything of what it computes."""
        taken = [each for each in self.pending.values() if each.is_taken]
        if self._is_killed or not taken or not all(each.is_answered for each in taken):
            return float("inf")
        return max(each.unwanted_at for each in taken) + GRACE_S

    def take(self, message: Message) -> list[Effect]:
        """Note what the child says about requests, under the lock; return what is to be done without it."""
        if "token" in message:
            found = self.pending.get(message["token"])
            return [lambda: found.on_token(message["text"])] if found else []
        if "answer" in message:
            answered = self.pending.pop(message["answer"], None)
            return [answered.answer_from_child(message)] if answered else []
        for number in message.get("taken", ()):
            if number in self.pending:
                self.pending[number].is_taken = True
        return []

    def _tell(self, message: dict[str, Any]) -> None:
        if self._child is not None:
            self._child.send(message)

    def _hear(self, message: Message) -> None:
        if "failed" in message:
            self.problem = ChildFailed(**message["failed"])
            if self.problem.code == "internal-error":
                logger.error("%s could not be loaded:\n%s", self.uri, message.get("traceback", ""))
        if "failed" in message or "loaded" in message:
            self.outcome.set()
        else:
            self._on_message(self, message)

    def _end(self, ending: Ending) -> None:
        self.ending = ending
        self.outcome.set()
        self._on_end(self, ending)
