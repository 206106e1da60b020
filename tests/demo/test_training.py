"""The demo models: each trains offline, leaves a checkpoint and a card, and is followed in MLflow; digits are really read."""

import json
import random

import mlflow
import pytest
import torch
import yaml
from mlflow import MlflowClient
from transformers import AutoTokenizer, RoFormerForQuestionAnswering

from demo import DEMOS, get_demo
from demo.grammar import Grammar
from demo.training import TrainingStopped, train
from flavor.pipelines.question_answering import QuestionAnsweringPipeline
from flavor.tasks import get_task
from flavor.tasks._checking import check_params
from registry_ui.jobs.payloads import LogPayload

torch.set_num_threads(1)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # of torch and accelerate about a training without a GPU
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

# A little of the data of each demo, where all of it would take long to make; keywords of its `prepare`.
LITTLE: dict[str, dict] = {
    "storyteller": {"dialogues": 400, "held_out_dialogues": 20},
    "digits": {"variants": 1},
    "sentiment": {"examples_per_label": 400},
    "entities": {"sentences": 800},
    "translator": {"sentences": 500},
    "answers": {"questions": 500},
    "sounds": {"of_each": 4, "held_out_of_each": 3},
    "sentiment-lora": {"hard_per_section": 200, "plain_per_label": 100},
    "scenes": {"scenes": 100},
}


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory):
    uri = f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"
    before = mlflow.get_tracking_uri()
    yield uri
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tracking_uri):
    """Every demo after two steps of training, in the order of the list: an adapter finds its base."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        demo.name: train(
            lambda event: None,
            lambda: False,
            demo=demo.name,
            output_dir=str(folder / demo.name),
            tracking_uri=tracking_uri,
            max_steps=2,
            **LITTLE.get(demo.name, {}),
        )
        for demo in DEMOS
    }


@pytest.mark.parametrize("name", [demo.name for demo in DEMOS])
def test_what_a_training_leaves_is_what_a_log_job_takes(trained, name):
    payload = LogPayload(**trained[name])
    assert payload.registered_model == get_demo(name).registered_model
    assert check_params(get_task(payload.task), payload.model_config) == (payload.model_config or {})
    assert json.loads(json.dumps(payload.input_example)) == payload.input_example


@pytest.mark.parametrize("name", [demo.name for demo in DEMOS])
def test_a_card_has_front_matter_and_the_figures_that_were_measured(trained, name):
    _, front, body = trained[name]["card"].split("---\n", 2)
    facts = yaml.safe_load(front)
    shown = [result["metrics"][0]["value"] for result in facts["model-index"][0]["results"]]
    measured = list(trained[name]["metrics"].values())[: len(shown)]
    assert facts["license"]
    assert facts["pipeline_tag"] == trained[name]["task"]
    assert shown == [round(figure, 4) for figure in measured]
    assert all(f"{figure:.3f}" in body for figure in measured)


@pytest.mark.parametrize("name", [demo.name for demo in DEMOS])
def test_the_run_is_finished_and_has_the_figures(trained, tracking_uri, name):
    run = MlflowClient(tracking_uri=tracking_uri).get_run(trained[name]["run_id"])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == name
    assert trained[name]["metrics"].items() <= run.data.metrics.items()


def test_the_adapter_needs_its_base_and_says_so(tmp_path, tracking_uri):
    with pytest.raises(FileNotFoundError, match="train the demo 'sentiment' first"):
        train(
            lambda event: None,
            lambda: False,
            demo="sentiment-lora",
            output_dir=str(tmp_path / "sentiment-lora"),
            tracking_uri=tracking_uri,
        )


def test_a_training_that_is_stopped_leaves_no_checkpoint_and_a_killed_run(tmp_path, tracking_uri):
    with pytest.raises(TrainingStopped):
        train(
            lambda event: None,
            lambda: True,
            demo="digits",
            output_dir=str(tmp_path / "digits"),
            tracking_uri=tracking_uri,
            **LITTLE["digits"],
        )
    client = MlflowClient(tracking_uri=tracking_uri)
    experiment = client.get_experiment_by_name("demo")
    assert experiment is not None
    assert client.search_runs([experiment.experiment_id])[0].info.status == "KILLED"
    assert not (tmp_path / "digits" / "config.json").exists()


@pytest.fixture
def fully_trained(tmp_path, tracking_uri):
    """Train a demo to its end on less data than it has; returns the figures and the folder."""

    def train_fully(name: str, **size):
        folder = tmp_path / name
        trained = train(lambda event: None, lambda: False, demo=name, output_dir=str(folder), tracking_uri=tracking_uri, **size)
        return trained["metrics"], folder

    return train_fully


def test_digits_are_read_well_enough_to_be_fun(fully_trained):
    figures, _ = fully_trained("digits", variants=3)
    assert figures["held_out_accuracy"] >= 0.9


def test_questions_about_a_text_nobody_wrote_before_are_answered_or_found_to_have_no_answer(fully_trained):
    figures, folder = fully_trained("answers", questions=10_000, kinds=("life", "color", "opening"))
    ask = QuestionAnsweringPipeline(
        model=RoFormerForQuestionAnswering.from_pretrained(folder), tokenizer=AutoTokenizer.from_pretrained(folder)
    )

    def answer(question: str, context: str) -> str:
        return ask(question=question, context=context, handle_impossible_answer=True)["answer"]

    homes = "Anna lives in Vienna. Peter lives in Oslo."
    assert answer("Where does Peter live?", homes) == "Oslo"
    assert answer("Who lives in Vienna?", homes) == "Anna"
    colours = "The door is green and the roof is red."
    assert answer("What colour is the door?", colours) == "green"
    assert answer("What colour is the garden?", colours) == ""
    assert figures["held_out_exact"] >= 0.6


def test_held_out_sentences_are_none_of_those_trained_on():
    grammar = Grammar.read("sentiment.txt")
    known = set(grammar.distinct("positive", 500, random.Random(1)))
    assert known.isdisjoint(grammar.distinct("positive", 100, random.Random(2), held_out=True))
