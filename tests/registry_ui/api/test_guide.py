"""The commands of docs/rest.md do what the guide says."""

import json
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from registry_ui.jobs.services import submit_load
from registry_ui.predictions.streams import TokenWriter
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db

GUIDE = Path(settings.BASE_DIR, "docs", "rest.md").read_text()
COMMANDS = re.findall(r"```sh\n(curl .*?)\n```", GUIDE, re.DOTALL)


@pytest.fixture
def registry(api, worker, bells):
    """The registry that the guide talks to."""

    def answer(request):
        answered = {"results": [{"records": [{"label": "good", "score": 1.0}]} for _ in request.rows]}
        if request.is_stream:
            TokenWriter(request.id).end({"id": request.id, **answered})
            return None
        return answered

    worker.answers = answer
    make_version()
    make_version("first-steps", aliases=("production",))
    make_version("digits", task="image-classification")
    make_version("storyteller", task="text-generation")
    return api


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: re.search(r'/api/v1([^"?]*)', command)[1])
def test_a_command_of_the_guide_works(command, registry, alice):
    job = submit_load(model_uri="models:/sentiment/1", created_by=alice)
    job.cancel()
    promise = registry.send("/models/sentiment/versions/1/predict", {"inputs": "a"}, Prefer="respond-async").json()

    answer = run(registry, command, {"REGISTRY": "", "TOKEN": "mlr", "JOB": job.id, "PREDICTION": promise["id"]})

    assert answer.status_code in {200, 202}, answer.content
    if "respond-async" in command or "logged-models" in command:
        assert answer.status_code == 202
        assert answer["Location"]
    if "event-stream" in command:
        assert b"event: result" in b"".join(answer.streaming_content)


def test_the_problem_in_the_guide_is_one_that_comes(registry):
    shown = json.loads(re.search(r"```json\n(.*?)\n```", GUIDE, re.DOTALL)[1])
    came = registry.send(shown["instance"].removeprefix(PREFIX), {"inputs": "a", "parameters": {"top_k": -1}}).json()

    assert {**came, "request_id": shown["request_id"]} == shown


def run(api, command, variables):
    """Do with the client of the tests what curl would do."""
    for name, value in variables.items():
        command = command.replace(f"${name}", str(value))
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    path, method, headers, body, parts = "", None, {}, None, {}
    for word in words:
        if word == "-X":
            method = next(words).lower()
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            body = next(words)
        elif word == "-F":
            name, _, value = next(words).partition("=")
            parts[name] = SimpleUploadedFile("picture.png", image(), "image/png") if value.startswith("@") else value
        elif not word.startswith("-"):
            path = word
    headers.pop("Authorization")
    if body is None and not parts:
        return getattr(api, method or "get")(path, headers=headers)
    content_type = headers.pop("Content-Type", None)
    data = parts or (image() if body.startswith("@") else body)
    return api.post(path, data, **({"content_type": content_type} if content_type else {}), headers=headers)
