"""Messages between a child and the process that had it made, over one socket, each with its length in front.

Downwards they are pickled: rows hold bytes, and a child trusts who made it. Upwards they are JSON: a model must not be able
to run code in the process that asked it.
"""

import json
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

_LENGTH = struct.Struct("!I")
_AT_ONCE = 2**18
_LONGEST = 2**29

Message = dict[str, Any]


class BrokenMessage(Exception):
    """The other end does not keep to the form of messages."""


class Frames:
    """Bytes as they come, cut into messages."""

    def __init__(self, decode: Callable[[bytes], Any]) -> None:
        self._decode = decode
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Yield the messages that `data` completes. Raises BrokenMessage."""
        self._held += data
        while len(self._held) >= _LENGTH.size:
            length = _LENGTH.unpack_from(self._held)[0]
            if length > _LONGEST:
                raise BrokenMessage(f"a message of {length} bytes is announced; at most {_LONGEST} are read")
            end = _LENGTH.size + length
            if len(self._held) < end:
                return
            body = bytes(self._held[_LENGTH.size : end])
            del self._held[:end]
            yield self._decoded(body)

    def _decoded(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except ValueError as error:
            raise BrokenMessage(f"a message of {len(body)} bytes cannot be read: {error}") from error


class Channel:
    """One end of the socket; `send` may be called by any thread, `messages` by one."""

    def __init__(self, connection: socket.socket, *, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]) -> None:
        self.connection = connection
        self.frames = Frames(decode)
        self._encode = encode
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send a message; blocks while the other end does not read. Raises OSError when it is gone."""
        body = self._encode(message)
        with self._lock:
            self.connection.sendall(_LENGTH.pack(len(body)) + body)

    def messages(self) -> Iterator[Any]:
        """Yield messages until the other end is closed; a later call goes on after the last one that was taken."""
        yield from self.frames.feed(b"")
        while data := self.receive():
            yield from self.frames.feed(data)

    def receive(self) -> bytes:
        """Return bytes that have come, none when the other end is closed."""
        try:
            return self.connection.recv(_AT_ONCE)
        except OSError:
            return b""


def parents_end(connection: socket.socket) -> Channel:
    """Return the end of the process that asks."""
    return Channel(connection, encode=pickle.dumps, decode=json.loads)


def childs_end(connection: socket.socket) -> Channel:
    """Return the end of the child."""
    return Channel(connection, encode=lambda message: json.dumps(message).encode(), decode=pickle.loads)
