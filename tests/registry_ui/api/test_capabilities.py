"""Which workers could run a version, and what the others lack."""

import pytest

from tests.factories import make_version
from tests.registry_ui.predictions.conftest import advertise

pytestmark = pytest.mark.django_db

PATH = "/models/sentiment/versions/1/capabilities"
HERE = {"torch": "2.13.0", "transformers": "5.23.0", "pyyaml": "6.0.3"}


@pytest.fixture
def version(tmp_path):
    def make(requirements: str, **facts):
        (tmp_path / "requirements.txt").write_text(requirements)
        files = [{"path": "requirements.txt", "size_bytes": len(requirements)}]
        return make_version(artifact_uri=tmp_path.as_uri(), files=files, **facts)

    return make


def verdicts(api):
    return {each["worker"]: (each["verdict"], each["reason"]) for each in api.fetch(PATH).json()["data"]}


def test_each_worker_says_what_it_lacks(api, version):
    version("torch==2.12.0\nPyYAML\npeft==0.21.2\n")
    advertise("bare", packages=HERE)
    advertise("full", packages=HERE | {"peft": "0.20.0"})

    assert verdicts(api) == {"bare": ("needs packages", "It needs peft; install what is missing."), "full": ("loads here", "")}
    packages = api.fetch(PATH).json()["data"][1]["packages"]
    assert packages == [
        {"name": "torch", "needed": "2.12.0", "here": "2.13.0"},
        {"name": "PyYAML", "needed": "", "here": "6.0.3"},
        {"name": "peft", "needed": "0.21.2", "here": "0.20.0"},
    ]


def test_what_stock_writes_down_for_company_is_not_missed(api, version):
    version("torch\ntorchvision==0.28.0\naccelerate\n")
    advertise("w", packages=HERE)
    assert verdicts(api) == {"w": ("loads here", "")}


def test_a_version_that_loads_nowhere_says_why(api, version):
    version("torch\n", problem="Its weights are pickles, which can run code.")
    advertise("w", packages=HERE)
    assert verdicts(api) == {"w": ("refused", "Its weights are pickles, which can run code.")}


def test_without_requirements_nothing_is_missed(api):
    make_version()
    advertise("w")
    assert verdicts(api) == {"w": ("loads here", "")}


def test_without_a_worker_there_is_no_verdict(api, version):
    version("torch\n")
    assert verdicts(api) == {}


def test_a_file_that_vanished_is_named(api, version, tmp_path):
    version("torch\n")
    (tmp_path / "requirements.txt").unlink()
    advertise("w", packages=HERE)
    answer = api.fetch(PATH)
    assert answer.status_code == 404
    assert "requirements.txt" in answer.json()["detail"]


def test_a_store_that_cannot_be_reached_is_said(api, version):
    row = version("torch\n")
    row.artifact_uri = "file:///nowhere/at/all"
    row.save()
    advertise("w", packages=HERE)
    answer = api.fetch(PATH)
    assert answer.status_code == 503
    assert "does not exist on this machine" in answer.json()["detail"]


def test_a_version_that_is_not_there_is_named(api):
    assert api.fetch(PATH).status_code == 404
