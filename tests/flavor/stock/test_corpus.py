"""Every artifact of the corpus, as stock wrote it with five MLflows and four Transformers, loads and answers as it did there."""

import base64
import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
import soundfile
from PIL import Image

import flavor
from flavor.errors import HubUnavailable, ModelNotLoadable, UntrustedCode
from flavor.examination import Verdict
from flavor.inspection import local_reader, read_facts
from flavor.tasks import Task, get_task
from flavor.trust import hash_folder

CORPUS = Path(__file__).parents[1] / "corpus"
ARTIFACTS = CORPUS / "artifacts"
BASE = CORPUS / "bases/tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"  # of BASE, where artifacts refer to the Hub
NAMES = sorted(path.relative_to(ARTIFACTS).as_posix().removesuffix(".json") for path in ARTIFACTS.glob("*/*.json"))
REFERENCES = [name for name in NAMES if name.endswith("reference")]
PICKLED = [name for name in NAMES if any((ARTIFACTS / name).rglob("*.bin"))]
WITH_CODE = [name for name in NAMES if (ARTIFACTS / name / "code").is_dir()]


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the Hub, in a process that works offline, with the one model to which artifacts refer."""
    repository = tmp_path / "cache/models--corpus--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(COMMIT)
    shutil.copytree(BASE, repository / "snapshots" / COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return repository


def note_of(name: str) -> dict[str, Any]:
    """What the environment that wrote an artifact said about it, the answers of its pipeline among it."""
    found: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return found


def needed_for(name: str) -> dict[str, Any]:
    """What has to be said when an artifact is loaded: that its pickles or its code are trusted, where its base lies."""
    found = {"trust": hash_folder(ARTIFACTS / name)} if name in (*PICKLED, *WITH_CODE) else {}
    return found | ({"base_model_path": str(BASE)} if name.endswith("adapter-on-path") else {})


def for_pipeline(value: Any, task: str = "") -> Any:
    """A medium as a pipeline takes it, a conversation as the messages that it is now; anything else as it is."""
    if task == "conversational":
        return [{"role": "user", "content": value}]
    if value == {"file": "picture.png"}:
        return Image.open(CORPUS / "media/picture.png")
    if value == {"file": "sound.wav"}:
        samples, rate = soundfile.read(CORPUS / "media/sound.wav", dtype="float32")
        return {"raw": samples, "sampling_rate": rate}
    return value


def for_runtime(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its media as bytes."""
    is_file = {name: isinstance(value, dict) and set(value) == {"file"} for name, value in row.items()}
    return {name: (CORPUS / "media" / value["file"]).read_bytes() if is_file[name] else value for name, value in row.items()}


def near(found: Any, expected: Any) -> bool:
    """Whether an answer holds all that was expected, numbers within 1e-4; it may hold more."""
    if isinstance(expected, dict) and "png" in expected:
        seen, drawn = pixels_of(found), pixels_of(base64.b64decode(expected["png"]))
        # Transformers 4 left what its processor added to make sides divisible in the picture.
        return bool(numpy.abs(seen - drawn[: seen.shape[0], : seen.shape[1]]).max() <= 1)
    if isinstance(expected, dict):
        return all(name in found and near(found[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(near, found, expected))
    if isinstance(expected, float):
        return bool(abs(found - expected) <= 1e-4)
    return bool(found == expected)


def records_of(task: Task, answer: Any) -> list[dict[str, Any]]:
    """The answer of a pipeline as our runtime gives it."""
    if task.name == "feature-extraction":
        return [{"embedding": answer[0]}]
    if task.name == "image-to-image":
        return [{"image": answer}]
    return answer if task.generates else task.from_pipeline([answer])[0]


def pixels_of(picture: Any) -> Any:
    opened = Image.open(BytesIO(picture)) if isinstance(picture, bytes) else picture
    return numpy.asarray(opened.convert("RGB"), dtype=int)


@pytest.mark.parametrize("name", NAMES)
def test_its_pipeline_answers_as_where_it_was_written(name: str) -> None:
    pipeline = flavor.load_model(str(ARTIFACTS / name), device="cpu", **needed_for(name))
    for asked in note_of(name)["asked"]:
        kwargs = {key: for_pipeline(value) for key, value in asked["kwargs"].items()}
        found = pipeline(*(for_pipeline(value, pipeline.task) for value in asked["args"]), **kwargs)
        if pipeline.task == "conversational":
            found = [{"generated_text": found["content"]}]
        assert near(found, asked["answer"]), (found, asked["answer"])


@pytest.mark.parametrize("name", NAMES)
def test_our_runtime_answers_as_where_it_was_written(name: str) -> None:
    model = flavor.load_pyfunc_model(str(ARTIFACTS / name), device="cpu", **needed_for(name))
    for asked in note_of(name)["asked"]:
        (result,) = model.run([for_runtime(asked["row"])], asked["params"])
        assert near(result.records, records_of(model.task, asked["answer"])), (result.records, asked["answer"])


@pytest.mark.parametrize("name", NAMES)
def test_its_components_come_apart(name: str) -> None:
    parts = flavor.load_model(str(ARTIFACTS / name), return_type="components", device="cpu", **needed_for(name))
    task = get_task(parts["task"])
    assert set(parts) >= {"model", *task.components} or "processor" in parts
    assert not parts["model"].training


@pytest.mark.parametrize("name", NAMES)
def test_it_is_told_about_without_being_loaded(name: str) -> None:
    note = note_of(name)
    found = flavor.inspect(str(ARTIFACTS / name))
    facts = read_facts(*local_reader(ARTIFACTS / name))
    assert found.facts == facts
    assert facts.task == get_task(note["task"]).name
    assert facts.transformers_version == note["written_by"]["transformers"]
    assert facts.architecture
    refused = name in (*PICKLED, *WITH_CODE)
    assert found.verdict == (Verdict.REFUSED if refused else Verdict.LOADS), found.reason
    assert bool(found.pickle_imports) == (name in PICKLED)
    assert found.code == (["code/helper.py"] if name in WITH_CODE else [])


@pytest.mark.parametrize("name", [*PICKLED, *WITH_CODE])
def test_nothing_of_it_runs_unless_its_hash_is_named(name: str) -> None:
    with pytest.raises(UntrustedCode, match=r"could run any code .* load it with trust='sha256:[0-9a-f]{64}'") as caught:
        flavor.load_model(str(ARTIFACTS / name), device="cpu")
    assert "\n" not in str(caught.value)


def test_the_bare_model_comes_too() -> None:
    found = flavor.load_model(str(ARTIFACTS / "2.22.1-4.46.3/components"), return_type="model", device="cpu")
    assert type(found).__name__ == "BertForSequenceClassification"


def test_an_alias_as_task_is_understood() -> None:
    found = flavor.inspect(str(ARTIFACTS / "3.17.2-5.23.0/token-classification"))
    assert "task: ner" in found.facts.mlmodel
    assert found.facts.task == "token-classification"


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("/template")])
def test_its_template_config_and_signature_hold(name: str) -> None:
    model = flavor.load_pyfunc_model(str(ARTIFACTS / name), device="cpu", **needed_for(name))
    (result,) = model.run([{"text": "good soup"}])
    assert model.prompt_template == "Q: {prompt} A:"
    assert not result.records[0]["generated_text"].startswith("Q:")
    has_params = "params: null" not in (ARTIFACTS / name / "MLmodel").read_text()
    source = {"value": 4, "source": "signature" if has_params else "model_config"}
    assert result.parameters["max_new_tokens"] == source
    assert result.parameters["do_sample"] == {"value": False, "source": "model_config"}


def test_the_config_file_of_old_mlflow_is_read() -> None:
    name = "2.5.0-4.30.2/text-generation"
    model = flavor.load_pyfunc_model(str(ARTIFACTS / name), device="cpu", **needed_for(name))
    (result,) = model.run([{"text": "good soup"}])
    assert result.parameters["max_new_tokens"] == {"value": 4, "source": "model_config"}


def test_there_are_all_layouts() -> None:
    assert {name.split("/")[0] for name in NAMES} >= {
        "2.3.2-4.30.2",
        "2.5.0-4.30.2",
        "2.22.1-4.46.3",
        "3.17.2-4.57.6",
        "3.17.2-5.23.0",
    }
    assert PICKLED
    assert WITH_CODE
    assert REFERENCES


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_to_what_the_cache_has_not_says_so(name: str, hub: Path) -> None:
    shutil.rmtree(hub)
    with pytest.raises(HubUnavailable, match="corpus/tiny") as caught:
        flavor.load_model(str(ARTIFACTS / name), device="cpu")
    assert "\n" not in str(caught.value)


def test_an_adapter_whose_base_is_gone_says_how_to_name_it() -> None:
    (name,) = (each for each in NAMES if each.endswith("adapter-on-path"))
    with pytest.raises(
        ModelNotLoadable, match=r"base of this adapter is not to be had: .*base\. Give its folder as base_model_path"
    ):
        flavor.load_model(str(ARTIFACTS / name), device="cpu")
