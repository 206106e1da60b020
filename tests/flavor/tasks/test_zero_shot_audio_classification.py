import numpy
import pytest
import torch
import transformers
from transformers import Pipeline

from flavor.architectures import tasks_of
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_audio
from tests.flavor.conftest import forward_calls
from tests.tiny_audio import RATE, encoded, noise, tone

torch.set_num_threads(1)
TASK = get_task("zero-shot-audio-classification")
PARAMS: dict = {"hypothesis_template": "a {}"}
LABELS = ["soup", "a kind waiter", "london"]
NOTHING = {"audio": encoded(tone(1 / RATE)), "candidate_labels": [""]}


def tiny_pipeline() -> Pipeline:
    return tiny_audio.zero_shot_audio_classification()


def native_of(pipeline: Pipeline) -> Pipeline:
    return transformers.ZeroShotAudioClassificationPipeline(
        model=pipeline.model, tokenizer=pipeline.tokenizer, feature_extractor=pipeline.feature_extractor, device="cpu"
    )


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def row(*labels: str, seconds: float = 0.5, seed: int = 0) -> dict:
    return {"audio": encoded(noise(seconds, seed=seed)), "candidate_labels": list(labels)}


@pytest.mark.parametrize("params", [{}, {"hypothesis_template": "{} is good"}])
def test_labels_and_scores_are_the_pipelines_own_best_first(model: PyfuncModel, params: dict) -> None:
    native = native_of(model.pipeline)(noise(), candidate_labels=LABELS, **params)
    assert model.run([row(*LABELS)], params)[0].records == native
    assert len(native) == 3


def test_each_sound_has_its_own_labels_and_those_with_the_same_share_a_forward_pass(model: PyfuncModel) -> None:
    rows = [row("soup", "london"), row("good", "bad", "kind"), row("soup", "london", seconds=0.9, seed=1)]
    with forward_calls(model.pipeline.model) as calls:
        results = model.run(rows)
    assert len(calls) == 2
    for result, each, samples in zip(results, rows, (noise(), noise(), noise(0.9, seed=1)), strict=True):
        alone = native_of(model.pipeline)(samples, candidate_labels=each["candidate_labels"])
        scores = {label["label"]: label["score"] for label in alone}
        assert {label["label"]: label["score"] for label in result.records} == pytest.approx(scores, abs=1e-5)


def test_a_long_sound_is_heard_from_its_beginning_and_said_so_where_transformers_draws_a_part(model: PyfuncModel) -> None:
    native = native_of(model.pipeline)
    assert native(noise(5), candidate_labels=LABELS) != native(noise(5), candidate_labels=LABELS)
    (result,) = model.run([row(*LABELS, seconds=5)])
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "the first 1.0 of 5.0 seconds used")]
    assert result.records == native(noise(5)[:RATE], candidate_labels=LABELS)
    with pytest.raises(InvalidInput, match="too long"):
        model.run([row(*LABELS, seconds=5)], overlong="refuse")


def test_a_model_that_hears_long_sounds_in_parts_answers_the_same_each_time() -> None:
    model = PyfuncModel(TASK, tiny_audio.zero_shot_audio_classification(fusion=True))
    native = native_of(model.pipeline)
    assert native(noise(5), candidate_labels=LABELS) != native(noise(5), candidate_labels=LABELS)
    numpy.random.seed(7)
    before = numpy.random.random()
    numpy.random.seed(7)
    first, second = (model.run([row(*LABELS, seconds=5)])[0] for _ in range(2))
    assert first.records == second.records
    assert first.warnings == []
    assert numpy.random.random() == before  # the caller's own chance goes on as it would have


def test_a_label_over_the_models_length_is_cut_and_said_so_where_transformers_fails(model: PyfuncModel) -> None:
    labels = ["soup", "soup " * 100]
    with pytest.raises((RuntimeError, IndexError, ValueError)):
        native_of(model.pipeline)(noise(), candidate_labels=labels)
    (result,) = model.run([row(*labels)])
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "64 of 116 tokens of a label used")]
    assert {each["label"] for each in result.records} == set(labels)


@pytest.mark.parametrize("template", ["no place", "{} and {}", "{0}", "{0.__class__} {}"])
def test_a_sentence_without_one_plain_place_for_the_label_is_refused(model: PyfuncModel, template: str) -> None:
    with pytest.raises(InvalidInput, match="once") as caught:
        model.run([row("soup")], {"hypothesis_template": template})
    assert caught.value.field == "params.hypothesis_template"


def test_labels_may_be_one_text_with_commas(model: PyfuncModel) -> None:
    listed, written = model.run([row("soup", "london"), {**row(), "candidate_labels": "soup, london"}])
    assert listed.records == written.records


def test_a_sound_without_labels_is_refused_by_name(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="one or more texts") as caught:
        model.run([row("soup"), row()])
    assert (caught.value.field, caught.value.row) == ("candidate_labels", 1)


def test_clap_is_known_by_its_name() -> None:
    assert TASK in tasks_of("ClapModel")
