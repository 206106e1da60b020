"""A worker that answers by itself, and a browser that speaks htmx."""

import pytest
from django.test import Client

from registry_ui.predictions import history
from registry_ui.predictions.streams import TokenWriter
from registry_ui.predictions.tasks import predict_batch
from tests.registry_ui.predictions.conftest import PlayedWorker, _fresh, advertise, reply

__all__ = ["_fresh"]


class AnsweringWorker(PlayedWorker):
    """Answers every request at once with `answers` (results or an error), and writes its row."""

    def __init__(self):
        super().__init__()
        self.answer = None

    def receive(self, args, *, queue, retry):
        super().receive(args, queue=queue, retry=retry)
        if self.answer is None:
            return
        message = self.take()
        for request in message.requests:
            answer = {"id": request.id, **self.answer}
            if request.is_stream:
                TokenWriter(request.id).end(answer)
            else:
                reply(request.id, **self.answer)
            history.write([history.row_of(message, request, answer)])

    def says(self, *records, **rest):
        """Answer one row with these records."""
        result = {"records": list(records), "warnings": [], "usage": {}, "parameters": {}, "error": None, "timing_ms": {}, **rest}
        self.answer = {"results": [result], "timing_ms": {"queued": 1.0, "model": 14.0}}

    def fails(self, code, detail, field=None):
        """Answer with an error."""
        self.answer = {"error": {"code": code, "detail": detail, "field": field}}


@pytest.fixture
def worker(monkeypatch):
    """A living worker that answers as it is told, and not at all until then."""
    played = AnsweringWorker()
    monkeypatch.setattr(predict_batch, "apply_async", played.receive)
    advertise()
    return played


@pytest.fixture
def htmx_alice(alice):
    """Alice's browser as htmx sends requests from it."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(alice)
    return client
