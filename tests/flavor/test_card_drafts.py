"""Draft cards: everything that is recorded and nothing else; what is missing is said."""

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import mlflow
import pytest
from huggingface_hub import ModelCard
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

import flavor
from flavor.inspection import local_reader, read_facts
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import folder_of
from .test_peft import model_tokenizer, peft_model_on

MACHINE = {
    "platform": "Linux-6.1-x86_64",
    "python": "3.11.7",
    "cpus": 2,
    "memory_bytes": 25 * 2**30,
    "packages": {"torch": "9.9"},
}


def sections_of(card: ModelCard) -> dict[str, str]:
    """The text of a card by its headings."""
    parts = re.split(r"^## (.+)$", card.text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def printed_by(card: ModelCard) -> str:
    """Run the card's code and return what it prints."""
    (code,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    said = io.StringIO()
    with redirect_stdout(said):
        exec(code, {})
    return said.getvalue()


@pytest.fixture(scope="module")
def trained(store: MlflowClient) -> Any:
    """A model logged in a run that recorded all there is to record."""
    with mlflow.start_run() as run:
        mlflow.log_params({"learning_rate": "2e-05", "num_train_epochs": "3", "peft.r": "8", "vocab_size": "111"})
        data = Dataset("reviews", "0a1b2c3d", "code", "{}", profile=json.dumps({"num_rows": 1200}))
        store.log_inputs(run.info.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
        mlflow.log_dict(MACHINE, "training/environment.json")
        info = flavor.log_model(tiny_models.text_classification(), name="moods", registered_model_name="moods", license="mit")
        measured = [("eval_accuracy", 0.5, 1), ("eval_accuracy", 0.875, 2), ("train_loss", 0.25, 2)]
        for name, value, step in measured:
            metric = Metric(
                name, value, 0, step, model_id=info.model_id, dataset_name="held out", dataset_digest="ff", run_id=run.info.run_id
            )
            store.log_batch(run.info.run_id, metrics=[metric])
    return info


def test_a_draft_holds_what_was_recorded_and_lists_only_what_people_know(trained: Any) -> None:
    card = flavor.draft_card("models:/moods/1")
    found = sections_of(card)
    assert card.data.to_dict() == {"license": "mit", "library_name": "transformers", "pipeline_tag": "text-classification"}
    assert card.text.lstrip().startswith("# moods")
    assert "| Architecture | BertForSequenceClassification |" in found["Model"]
    assert "| eval_accuracy | 0.875 | held out | 2 |" in found["Evaluation"]
    assert "train_loss" not in found["Evaluation"]
    assert "| reviews | training | 1,200 | `0a1b2c3d` |" in found["Data"]
    for said in ("| learning_rate | 2e-05 |", "| peft.r | 8 |", "| train_loss | 0.25 |", trained.run_id):
        assert said in found["Training"]
    assert "vocab_size" not in found["Training"]
    for said in ("| Machine | Linux-6.1-x86_64 |", "| Memory | 25 GiB |", "| Packages | torch 9.9 |"):
        assert said in found["Environment"]
    assert re.findall(r"^- \*\*(.+?)\*\*", found["Not recorded"], re.MULTILINE) == [
        "Intended use",
        "Limits and biases",
        "Who made it",
    ]


def test_what_is_not_recorded_has_no_heading_and_is_listed(tmp_path: Path) -> None:
    flavor.save_model(tiny_models.text_classification(), tmp_path / "saved")
    found = sections_of(flavor.draft_card(str(tmp_path / "saved")))
    assert not {"Evaluation", "Data", "Training"} & set(found)
    for name in ("Licence", "Evaluation", "Data", "Training", "Hardware"):
        assert f"**{name}**" in found["Not recorded"]
    assert "Packages" in found["Environment"]


def test_metrics_of_the_run_alone_are_called_the_runs(store: MlflowClient) -> None:
    with mlflow.start_run():
        info = flavor.log_model(tiny_models.text_classification(), name="early")
        mlflow.log_metric("eval_f1", 0.5)
    assert "does not say on which of its models" in sections_of(flavor.draft_card(info.model_uri))["Evaluation"]


@pytest.mark.parametrize("kind", ["text-classification", "text-generation", "image-classification"])
def test_the_code_of_a_draft_runs_as_it_stands(store: MlflowClient, kind: str) -> None:
    info = flavor.log_model(tiny_models.pipeline_for(kind), name="used")
    assert printed_by(flavor.draft_card(info.model_uri)).startswith("[[{")


def test_the_code_speaks_the_models_protocol_and_uses_its_own_example(store: MlflowClient) -> None:
    pipeline = tiny_models.text_generation()
    config = {"max_new_tokens": 3}
    chat = flavor.log_model(pipeline, name="chat", task="llm/v1/chat", model_config=config)
    assert "'chat.completion'" in printed_by(flavor.draft_card(chat.model_uri))
    example = flavor.log_model(pipeline, name="example", input_example=["My own words"], model_config=config)
    assert "predict(['My own words'])" in flavor.draft_card(example.model_uri).text
    assert printed_by(flavor.draft_card(example.model_uri)).startswith("[[{")


def test_adapters_and_what_was_merged_are_said_to_be_that(store: MlflowClient, tmp_path: Path) -> None:
    base = tiny_models.save_checkpoint("text-classification", tmp_path / "base", seed=41)
    flavor.log_model(str(base), name="base", registered_model_name="drafted-base")
    adapter = flavor.log_model({"model": peft_model_on(base), "tokenizer": model_tokenizer()}, name="adapter")
    card = flavor.draft_card(adapter.model_uri)
    assert card.data.library_name == "peft"
    assert "| Base | models:/drafted-base/1 |" in card.text
    assert "| Adapters | default |" in card.text
    merged = flavor.merge_and_log(adapter.model_uri, "merged")
    assert f"| Merged from | {adapter.model_uri} (default) |" in flavor.draft_card(merged.model_uri).text


def test_a_draft_is_a_card_like_any_other(trained: Any, store: MlflowClient) -> None:
    card = flavor.draft_card("models:/moods/1")
    info = flavor.log_model(tiny_models.text_classification(), name="with card", model_card=card)
    facts = read_facts(*local_reader(folder_of(info)))
    assert facts.card.startswith("# moods")
    assert (facts.license, facts.card_data["pipeline_tag"]) == ("mit", "text-classification")


def test_a_model_that_is_not_there_has_no_draft(store: MlflowClient, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no folder"):
        flavor.draft_card(str(tmp_path / "gone"))
