"""A Hugging Face Hub on this machine: it has a few texts, and remembers what it was asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Server:
    """Its address, and the paths of the requests in order."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def hub_server(texts: Mapping[str, str]) -> Iterator[Server]:
    """Serve `texts` by path, all at COMMIT; anything else is not there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            text = texts.get(self.path)
            content = (text or "").encode()
            self.send_response(200 if text is not None else 404)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *said: object) -> None:
            """Nobody reads it."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{listening.server_address[1]}")
    thread = Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
