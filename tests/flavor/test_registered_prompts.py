"""Prompts of MLflow's registry: logged by their address, linked, followed when an alias moves, and there without the registry."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.models.model import ModelInfo

import flavor
from docs.tutorials import models
from flavor import registered_prompts
from flavor.errors import RegistryUnavailable
from flavor.flavor_config import Prompt
from flavor.inspection import local_reader, read_facts
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput
from tests import tiny_models
from tests.tutorials import pages

from .conftest import folder_of

SHORT = {"max_new_tokens": 4, "do_sample": False}
CHAT = [
    {"role": "system", "content": "Speak in a {{tone}} tone."},
    {"role": "user", "content": "Say a thing."},
    {"role": "assistant", "content": "A thing."},
    {"role": "user", "content": "Now: {{prompt}}"},
]


@pytest.fixture(scope="module")
def prompts(store: MlflowClient) -> MlflowClient:
    """A registry with `qa` (two versions, `live` on the first), `chat` and `tone`."""
    mlflow.genai.register_prompt("qa", "Q: {{ question }} A:")
    mlflow.genai.register_prompt("qa", "Frage: {{question}} Antwort:")
    mlflow.genai.register_prompt("chat", CHAT)
    mlflow.genai.register_prompt("tone", 'In {"a": {tone}}, {{tone}}: {{prompt}}')
    mlflow.genai.set_prompt_alias("qa", "live", 1)
    return store


@pytest.fixture
def at_first(prompts: MlflowClient) -> Iterator[None]:
    """`qa@live` on version 1, before and after."""
    yield
    prompts.set_prompt_alias("qa", "live", 1)


@pytest.fixture(scope="module")
def by_alias(prompts: MlflowClient) -> ModelInfo:
    with mlflow.start_run():
        return flavor.log_model(
            tiny_models.text_generation(),
            name="asks",
            prompt_template="prompts:/qa@live",
            registered_model_name="asks",
            tags={"team": "search"},
        )


def read_by(model: PyfuncModel, row: dict[str, Any], **params: Any) -> str:
    """The text that the model reads for a row."""
    return str(model.preview(row, params)["text"])


def loaded(info: ModelInfo, **options: Any) -> PyfuncModel:
    return flavor.load_pyfunc_model(str(folder_of(info)), device="cpu", **options)


@pytest.mark.usefixtures("at_first")
def test_an_alias_that_moves_is_followed_without_logging_again(by_alias: ModelInfo, prompts: MlflowClient) -> None:
    assert read_by(loaded(by_alias), {"text": "why?"}) == "Q: why? A:"
    prompts.set_prompt_alias("qa", "live", 2)
    model = loaded(by_alias)
    assert read_by(model, {"text": "why?"}) == "Frage: why? Antwort:"
    assert model.prompt == Prompt("prompts:/qa@live", "prompts:/qa/2", text="Frage: {prompt} Antwort:")
    stock = mlflow.pyfunc.load_model(by_alias.model_uri)
    assert stock.predict(["why?"], params=SHORT)[0] == model.run([{"text": "why?"}], SHORT)[0].records


def test_the_text_and_the_address_are_both_kept(by_alias: ModelInfo) -> None:
    content = yaml.safe_load((folder_of(by_alias) / "MLmodel").read_text())
    assert content["metadata"]["prompt_template"] == "Q: {prompt} A:"
    assert content["flavors"]["flavor"]["prompt"] == {"uri": "prompts:/qa@live", "version": "prompts:/qa/1"}
    assert content["prompts"] == ["prompts:/qa/1"]
    found = flavor.inspect(by_alias.model_uri)
    assert found.facts.prompt_template == "Q: {prompt} A:"
    assert found.config.prompt is not None
    assert (found.config.prompt.uri, found.config.prompt.version) == ("prompts:/qa@live", "prompts:/qa/1")


def test_run_model_and_version_are_linked(by_alias: ModelInfo, prompts: MlflowClient) -> None:
    linked = [{"name": "qa", "version": "1"}]
    logged = prompts.get_logged_model(by_alias.model_id)
    version = prompts.get_model_version("asks", str(by_alias.registered_model_version))
    for tags in (prompts.get_run(logged.source_run_id).data.tags, logged.tags, version.tags):
        assert json.loads(tags["mlflow.linkedPrompts"]) == linked
    assert version.tags["team"] == "search"


def test_without_a_registry_the_logged_text_is_used_and_the_log_says_so(
    by_alias: ModelInfo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlflow.is_tracking_uri_set", lambda: False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    monkeypatch.setattr("mlflow.get_registry_uri", lambda: f"sqlite:///{tmp_path / 'mlflow.db'}")
    with caplog.at_level(logging.WARNING, logger="flavor"):
        assert read_by(loaded(by_alias), {"text": "why?"}) == "Q: why? A:"
    assert "prompts:/qa@live is used as it was when the model was logged, prompts:/qa/1: " in caplog.text
    assert "nobody said where that is; set MLFLOW_TRACKING_URI" in caplog.text
    assert not list(tmp_path.iterdir())  # MLflow would make its database here


def test_a_registry_that_does_not_answer_is_not_waited_for(
    by_alias: ModelInfo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer = threading.Event()
    monkeypatch.setattr(MlflowClient, "get_prompt_version_by_alias", lambda *_: answer.wait(60))
    monkeypatch.setattr(registered_prompts, "PATIENCE_S", 0.05)
    with caplog.at_level(logging.WARNING, logger="flavor"):
        assert read_by(loaded(by_alias), {"text": "why?"}) == "Q: why? A:"
    answer.set()
    assert "did not answer for prompts:/qa@live within 0.05 s" in caplog.text


def test_a_version_is_never_asked_for_again(
    prompts: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template="prompts:/qa/2")
    asked: list[tuple] = []
    monkeypatch.setattr(registered_prompts, "_fetch", lambda *address: asked.append(address))
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    assert read_by(model, {"text": "why?"}) == "Frage: why? Antwort:"
    assert not asked
    assert not caplog.text


def test_other_variables_come_with_the_request_and_braces_stay_braces(prompts: MlflowClient, tmp_path: Path) -> None:
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template="prompts:/tone/1")
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    assert read_by(model, {"text": "go"}, prompt_variables={"tone": "dry"}) == 'In {"a": {tone}}, dry: go'
    with pytest.raises(InvalidInput, match=r"needs a value for \{tone\}") as caught:
        model.run([{"text": "go"}], SHORT)
    assert caught.value.field == "params.prompt_variables.tone"


def test_a_chat_is_put_around_a_text_and_around_a_chat(prompts: MlflowClient, tmp_path: Path) -> None:
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template="prompts:/chat@latest")
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    tone = {"prompt_variables": {"tone": "dry"}}
    opening = "<s><|system|>Speak in a dry tone.</s><|user|>Say a thing.</s><|assistant|>A thing.</s>"
    assert read_by(model, {"text": "go"}, **tone) == f"{opening}<|user|>Now: go</s><|assistant|>"
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    expected = f"{opening}<|user|>a</s><|assistant|>b</s><|user|>Now: c</s><|assistant|>"
    assert read_by(model, {"messages": said}, **tone) == expected
    ruled = [{"role": "system", "content": "Be kind."}, *said[2:]]
    assert read_by(model, {"messages": ruled}, **tone).startswith("<s><|system|>Be kind.</s><|user|>Say a thing.")
    (result,) = model.run([{"text": "go"}], {**SHORT, **tone})
    assert result.records[0]["message"]["role"] == "assistant"
    facts = read_facts(*local_reader(tmp_path / "m"))
    assert facts.prompt_template.startswith("system: Speak in a {tone} tone.\n\nuser: Say a thing.")
    assert facts.problem == ""


def test_stock_reads_a_model_with_a_registered_chat(prompts: MlflowClient, tmp_path: Path) -> None:
    pipeline = tiny_models.text_generation()
    flavor.save_model(pipeline, tmp_path / "m", prompt_template="prompts:/chat/1", model_config=SHORT)
    stock = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    params = {"prompt_variables": json.dumps({"tone": "dry"})}
    assert (
        stock.predict(["go"], params=params)[0][0]["generated_text"]
        == (model.run([{"text": "go"}], {"prompt_variables": {"tone": "dry"}})[0].records[0]["generated_text"])
    )
    assert mlflow.transformers.load_model(str(tmp_path / "m"), device="cpu")("go", **SHORT) == pipeline("go", **SHORT)


def test_load_and_request_may_name_another(by_alias: ModelInfo, prompts: MlflowClient) -> None:
    model = loaded(by_alias, prompt_template="prompts:/qa/2")
    assert read_by(model, {"text": "why?"}) == "Frage: why? Antwort:"
    assert read_by(model, {"text": "why?"}, prompt_template="prompts:/qa@live") == "Q: why? A:"
    assert read_by(model, {"text": "why?"}, prompt_template="prompts:/qa/1") == "Q: why? A:"
    assert read_by(loaded(by_alias, prompt_template=""), {"text": "why?"}) == "why?"
    assert read_by(loaded(by_alias, prompt_template="<{prompt}>"), {"text": "why?"}) == "<why?>"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("prompts:/nobody/1", "names prompts:/nobody/1, which MLflow's registry does not have: .*nobody.*not found"),
        ("prompts:/qa/9", r"does not have: Prompt \(name=qa, version=9\) not found"),
        ("prompts:/qa@nowhere", "does not have: Prompt alias nowhere not found.*set_prompt_alias"),
        ("prompts:/qa", "must be prompts:/<name>/<version> or prompts:/<name>@<alias>, got 'prompts:/qa'"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_by_its_field(
    by_alias: ModelInfo, prompts: MlflowClient, tmp_path: Path, address: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=f"prompt_template {reason}" if "must" in reason else reason) as caught:
        flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template=address)
    assert caught.value.field == "prompt_template"
    assert not (tmp_path / "m").exists()
    with pytest.raises(InvalidInput, match=reason):
        loaded(by_alias, prompt_template=address)
    with pytest.raises(InvalidInput, match=reason) as caught:
        loaded(by_alias).run([{"text": "why?"}], {"prompt_template": address})
    assert caught.value.field == "params.prompt_template"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("No variable.", "does not say where the input goes: it has no variable"),
        ("{{a}} and {{b}}", "its variables are a, b, none of them {{prompt}}"),
        ("{{prompt}} {{prompt}}", "exactly once"),
        ("{% if prompt %}{{prompt}}{% endif %}", "is a Jinja template"),
        ("{{user.name}}", "'user.name'; a name here has no dot"),
        ([{"role": "system", "content": "{{prompt}}"}], "in a message of the user"),
    ],
)
def test_a_prompt_that_cannot_be_a_template_is_refused(prompts: MlflowClient, tmp_path: Path, template: Any, reason: str) -> None:
    made = mlflow.genai.register_prompt("odd", template)
    with pytest.raises(InvalidInput, match=reason):
        flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template=made.uri)


def test_a_chat_needs_a_model_that_reads_chats(by_alias: ModelInfo, prompts: MlflowClient, tmp_path: Path) -> None:
    mute = tiny_models.text_generation(chat_template=None)
    with pytest.raises(InvalidInput, match="prompts:/chat/1 is a chat, and this model has no chat template"):
        flavor.save_model(mute, tmp_path / "m", prompt_template="prompts:/chat/1")
    flavor.save_model(mute, tmp_path / "m", prompt_template="prompts:/qa/1")
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    with pytest.raises(InvalidInput, match="is a chat, and this model has no chat template") as caught:
        model.run([{"text": "go"}], {"prompt_template": "prompts:/chat/1"})
    assert caught.value.field == "params.prompt_template"
    with pytest.raises(InvalidInput, match="text-classification takes no prompt template"):
        flavor.save_model(tiny_models.text_classification(), tmp_path / "n", prompt_template="prompts:/qa/1")


def test_an_alias_that_moved_to_what_the_model_cannot_use_is_not_followed(
    prompts: MlflowClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mlflow.genai.register_prompt("moving", "Q: {{prompt}}")
    mlflow.genai.register_prompt("moving", "nothing to fill in")
    prompts.set_prompt_alias("moving", "live", 1)
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template="prompts:/moving@live")
    prompts.set_prompt_alias("moving", "live", 2)
    with caplog.at_level(logging.WARNING, logger="flavor"):
        assert read_by(flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu"), {"text": "go"}) == "Q: go"
    assert "prompts:/moving/2 does not say where the input goes" in caplog.text


def test_a_registry_that_is_down_is_told_apart_from_a_prompt_that_is_not_there(
    prompts: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionError("connection refused")

    monkeypatch.setattr(MlflowClient, "get_prompt_version", fail)
    with pytest.raises(RegistryUnavailable, match=r"gave no answer for prompts:/qa/1: connection refused\."):
        flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template="prompts:/qa/1")


def test_the_page_about_prompts_does_what_it_says(prompts: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It only shows what the model reads, so an untrained one does."""
    tiny_models.save_checkpoint("text-generation", tmp_path / models.FOLDER / "storyteller", chat_template=models.CHAT_TEMPLATE)
    monkeypatch.chdir(tmp_path)
    pages.run(Path(models.__file__).parents[1] / "prompts.md")
