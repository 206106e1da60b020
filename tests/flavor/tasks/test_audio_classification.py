from pathlib import Path

import pytest
import torch
import transformers
from transformers import Pipeline

import flavor
from flavor.architectures import tasks_of
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_audio
from tests.flavor.conftest import forward_calls
from tests.tiny_audio import RATE, encoded, noise, tone

torch.set_num_threads(1)
TASK = get_task("audio-classification")
PARAMS: dict = {"top_k": 2}
NOTHING = {"audio": encoded(tone(1 / RATE))}  # one sample


def tiny_pipeline() -> Pipeline:
    return tiny_audio.audio_classification()


def native_pipeline() -> Pipeline:
    ours = tiny_pipeline()
    return transformers.AudioClassificationPipeline(model=ours.model, feature_extractor=ours.feature_extractor, device="cpu")


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.mark.parametrize("params", [{}, {"top_k": 2}, {"function_to_apply": "sigmoid"}, {"function_to_apply": "none"}])
def test_labels_and_scores_are_the_pipelines_own_best_first(model: PyfuncModel, params: dict) -> None:
    native = native_pipeline()(noise(), **params)
    assert model.run([{"audio": encoded(noise())}], params)[0].records == native


def test_all_labels_on_demand(model: PyfuncModel) -> None:
    assert len(model.run([{"audio": encoded(noise())}], {"top_k": 0})[0].records) == 3


def test_files_and_arrays_are_the_same_sound_where_transformers_needs_ffmpeg(model: PyfuncModel) -> None:
    samples = noise()
    values = [
        encoded(samples),
        samples,
        {"array": samples, "sampling_rate": RATE},
        {"raw": samples, "sampling_rate": RATE},
        {"path": None, "array": samples.tolist(), "sampling_rate": RATE},  # as datasets write it
    ]
    answers = [model.run([{"audio": value}])[0].records for value in values]
    assert all(answer == answers[0] for answer in answers)
    with pytest.raises(ValueError, match="ffmpeg"):
        native_pipeline()(encoded(samples))


def test_a_list_of_arrays_is_as_many_sounds(model: PyfuncModel) -> None:
    answers = model.predict([noise(0.3), noise(0.4)])
    assert answers == [model.predict(noise(0.3))[0], model.predict(noise(0.4))[0]]


def test_another_sampling_rate_needs_no_torchaudio(model: PyfuncModel) -> None:
    fast = {"array": tone(1, 300, rate=44_100), "sampling_rate": 44_100}
    (result,) = model.run([{"audio": fast}])
    (same,) = model.run([{"audio": tone(1, 300)}])
    assert {each["label"]: each["score"] for each in result.records} == pytest.approx(
        {each["label"]: each["score"] for each in same.records}, abs=0.02
    )
    assert result.usage["audio_seconds"] == 1.0


def test_sounds_of_several_lengths_are_answered_as_if_they_were_alone(model: PyfuncModel) -> None:
    rows = [{"audio": noise(seconds, seed=number)} for number, seconds in enumerate((0.3, 0.5, 0.3, 1, 0.5))]
    with forward_calls(model.pipeline.model) as calls:
        together = model.run(rows)
    assert len(calls) == 3
    for result, row in zip(together, rows, strict=True):
        scores = {each["label"]: each["score"] for each in result.records}
        native = {each["label"]: each["score"] for each in native_pipeline()(row["audio"])}
        assert scores == pytest.approx(native, abs=1e-4)


def test_a_sound_too_short_for_the_model_is_answered_where_transformers_fails(model: PyfuncModel) -> None:
    with pytest.raises(RuntimeError):
        native_pipeline()(tone(1 / RATE))
    assert len(model.run([NOTHING])[0].records) == 3


def test_what_a_model_does_not_hear_is_said_or_refused() -> None:
    model = PyfuncModel(TASK, tiny_audio.spectrogram_classification(frames=64))
    short, long = {"audio": noise(0.6)}, {"audio": noise(2)}
    first, second = model.run([short, long])
    assert first.warnings == []
    assert [(each.code, each.detail) for each in second.warnings] == [("input_truncated", "the first 0.7 of 2.0 seconds used")]
    assert model.run([long])[0].records == tiny_audio.spectrogram_classification()(noise(2))
    with pytest.raises(InvalidInput, match="too long") as caught:
        model.run([short, long], overlong="refuse")
    assert (caught.value.field, caught.value.row) == ("audio", 1)


def test_sounds_brought_to_one_length_share_a_forward_pass() -> None:
    model = PyfuncModel(TASK, tiny_audio.spectrogram_classification())
    with forward_calls(model.pipeline.model) as calls:
        model.run([{"audio": noise(seconds)} for seconds in (0.01, 0.2, 0.5)])
    assert len(calls) == 1


def test_a_file_that_is_no_sound_is_named_with_its_row(model: PyfuncModel) -> None:
    results = model.run([{"audio": encoded(tone())}, {"audio": b"not a sound"}, {"audio": encoded(tone())}], on_error="row")
    assert [result.error and (result.error["code"], result.error["field"]) for result in results] == [
        None,
        ("invalid-input", "audio"),
        None,
    ]


@pytest.mark.parametrize("value", ["https://example.org/bell.wav", "/etc/passwd", "bell.wav"])
def test_a_text_is_never_opened(model: PyfuncModel, value: str) -> None:
    with pytest.raises(InvalidInput, match="never taken for a path"):
        model.run([{"audio": value}])


@pytest.mark.parametrize(
    ("architecture", "tasks"),
    [
        ("Wav2Vec2ForSequenceClassification", ["audio-classification"]),
        ("UniSpeechSatForSequenceClassification", ["audio-classification"]),
        ("ASTForAudioClassification", ["audio-classification"]),
        ("BertForSequenceClassification", ["text-classification"]),
    ],
)
def test_models_of_speech_are_told_from_models_of_text(architecture: str, tasks: list[str]) -> None:
    assert [task.name for task in tasks_of(architecture)] == tasks


def test_every_class_of_transformers_for_the_task_is_known() -> None:
    names = transformers.models.auto.modeling_auto.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES.values()
    assert [name for name in names if tasks_of(name) != [TASK]] == []


def test_a_checkpoint_is_logged_without_saying_its_task(tmp_path: Path) -> None:
    tiny_audio.spectrogram_classification().save_pretrained(tmp_path / "checkpoint")
    flavor.save_model(tmp_path / "checkpoint", tmp_path / "saved")
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert loaded.run([{"audio": noise()}])[0].records == tiny_audio.spectrogram_classification()(noise())


def test_stock_gets_a_line_per_label_of_one_sound_and_a_line_per_sound_of_several() -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    frame = stock.predict([noise(seed=1)], {"top_k": 2})
    assert (list(frame.columns), len(frame)) == (["score", "label"], 2)
    frame = stock.predict([noise(seed=1), noise(seed=2)], {"top_k": 3})
    assert (list(frame.columns), len(frame)) == ([0, 1, 2], 2)
