import sys
from base64 import b64decode
from pathlib import Path

import numpy
import pytest
import torch
import transformers
from transformers import Pipeline

import flavor
from flavor.architectures import tasks_of
from flavor.audio import decode_audio
from flavor.errors import HubUnavailable, MissingDependency
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, Sound, get_task
from tests import tiny_audio
from tests.tiny_audio import RATE

torch.set_num_threads(1)
TASK = get_task("text-to-audio")
PARAMS: dict = {"seed": 1, "speaking_rate": 2.0}
NOTHING = {"text": "…"}  # no letter that the model knows


def tiny_pipeline() -> Pipeline:
    return tiny_audio.speaker()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.fixture(scope="module")
def musician() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_audio.musician())


def sound_of(model: PyfuncModel, text: str, **params: object) -> Sound:
    (record,) = model.run([{"text": text}], params)[0].records
    assert isinstance(record["audio"], Sound)
    return record["audio"]


def test_a_text_is_spoken_as_the_pipeline_does_where_stock_cannot(model: PyfuncModel) -> None:
    native = transformers.TextToAudioPipeline(model=model.pipeline.model, tokenizer=model.pipeline.tokenizer, device="cpu")
    torch.manual_seed(5)
    spoken = native("good soup")
    sound = sound_of(model, "good soup", seed=5)
    assert (sound.samples == spoken["audio"]).all()
    assert sound.sampling_rate == spoken["sampling_rate"] == RATE


def test_the_answer_says_rate_and_length_and_is_a_wav_file(model: PyfuncModel) -> None:
    (record,) = model.run([{"text": "good soup"}], {"seed": 1})[0].to_json()["records"]
    heard = decode_audio(b64decode(record["audio"]["base64"]))
    assert record["audio"]["media_type"] == "audio/wav"
    assert (heard.sampling_rate, round(heard.seconds, 3)) == (record["sampling_rate"], record["seconds"])


def test_a_seed_makes_the_same_sound_again_and_a_drawn_one_is_told(model: PyfuncModel) -> None:
    (first,) = model.run([{"text": "good soup"}])
    drawn = first.parameters["seed"]
    assert drawn["source"] == "drawn"
    again = sound_of(model, "good soup", seed=drawn["value"])
    assert (again.samples == first.records[0]["audio"].samples).all()
    other = sound_of(model, "good soup", seed=drawn["value"] + 1)
    assert len(other.samples) != len(again.samples) or (other.samples != again.samples).any()


def test_a_sound_does_not_depend_on_its_company(model: PyfuncModel) -> None:
    rows = [{"text": "good soup"}, {"text": "a"}, {"text": "good soup and a kind waiter"}]
    together = [result.records[0]["audio"].samples for result in model.run(rows, {"seed": 3})]
    for row, samples in zip(rows, together, strict=True):
        assert (sound_of(model, row["text"], seed=3).samples == samples).all()


def test_chance_of_others_goes_on_as_if_nothing_had_been(model: PyfuncModel) -> None:
    torch.manual_seed(7)
    before = torch.rand(1)
    torch.manual_seed(7)
    model.run([{"text": "good soup"}])
    assert torch.rand(1) == before


def test_a_text_that_cannot_be_spoken_is_answered_with_nothing_where_transformers_fails(model: PyfuncModel) -> None:
    with pytest.raises(RuntimeError):
        tiny_pipeline()("…")
    assert [len(result.records) for result in model.run([{"text": "…"}, {"text": "soup"}, {"text": ""}])] == [0, 1, 0]


def test_a_faster_speaker_needs_less_time(model: PyfuncModel) -> None:
    assert sound_of(model, "good soup", seed=1, speaking_rate=3.0).seconds < sound_of(model, "good soup", seed=1).seconds


def test_voices_differ_and_one_that_is_not_there_is_refused() -> None:
    model = PyfuncModel(TASK, tiny_audio.speaker(voices=3))
    first, last = (sound_of(model, "good soup", seed=1, speaker_id=voice).samples for voice in (0, 2))
    assert len(first) != len(last) or (first != last).any()
    with pytest.raises(InvalidInput, match="from 0 to 2, got 3"):
        model.run([{"text": "soup"}], {"speaker_id": 3})


def test_music_is_made_as_the_pipeline_does(musician: PyfuncModel) -> None:
    pipeline = musician.pipeline
    native = transformers.TextToAudioPipeline(model=pipeline.model, tokenizer=pipeline.tokenizer, device="cpu")
    torch.manual_seed(5)
    made = native("good soup", generate_kwargs={"max_new_tokens": 20, "temperature": 2.0})
    sound = sound_of(musician, "good soup", seed=5, max_new_tokens=20, temperature=2.0)
    assert (sound.samples == made["audio"]).all()
    assert sound.sampling_rate == made["sampling_rate"]


def test_music_is_drawn_by_chance_unless_asked_not_to(musician: PyfuncModel) -> None:
    asked = {"max_new_tokens": 20}
    one, other = (sound_of(musician, "good soup", seed=seed, temperature=3.0, **asked).samples for seed in (1, 2))
    assert (one != other).any()
    one, other = (sound_of(musician, "good soup", seed=seed, do_sample=False, **asked).samples for seed in (1, 2))
    assert (one == other).all()


def test_what_the_model_itself_says_is_reported(musician: PyfuncModel) -> None:
    parameters = musician.run([{"text": "soup"}], {"max_new_tokens": 4})[0].parameters
    assert parameters["do_sample"] == {"value": True, "source": "model"}
    assert parameters["guidance_scale"] == {"value": 3.0, "source": "model"}


@pytest.mark.parametrize(
    ("builder", "name", "value"),
    [
        (tiny_audio.speaker, "max_new_tokens", 5),
        (tiny_audio.speaker, "temperature", 0.5),
        (tiny_audio.speaker, "speaker_id", 0),
        (tiny_audio.musician, "speaking_rate", 2.0),
        (tiny_audio.musician, "speaker_id", 1),
    ],
)
def test_what_a_model_does_not_take_is_refused_by_name(builder, name: str, value: float) -> None:
    with pytest.raises(InvalidInput, match="means nothing to this model, which takes") as caught:
        PyfuncModel(TASK, builder()).run([{"text": "soup"}], {name: value})
    assert caught.value.field == f"params.{name}"


def test_channels_are_mixed(model: PyfuncModel) -> None:
    both = numpy.stack([numpy.ones(8), numpy.zeros(8)])
    ((record,),) = TASK.from_pipeline([[{"audio": both, "sampling_rate": RATE}]])
    assert record["audio"].samples.tolist() == [0.5] * 8


def test_a_model_that_reads_phonemes_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonemizer", None)
    pipeline = tiny_pipeline()
    pipeline.tokenizer.phonemize = True
    with pytest.raises(MissingDependency, match="needs the package phonemizer") as caught:
        PyfuncModel(TASK, pipeline).run([{"text": "soup"}])
    assert caught.value.package == "phonemizer"


def test_what_needs_a_vocoder_from_the_hub_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    config = transformers.SpeechT5Config(
        hidden_size=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        vocab_size=20,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
    )
    parts = {"model": transformers.SpeechT5ForTextToSpeech(config), "tokenizer": tiny_pipeline().tokenizer}
    with pytest.raises(HubUnavailable, match="writes spectrograms"):
        type(tiny_pipeline())(**parts, task="text-to-audio", device="cpu")


def test_a_checkpoint_is_logged_without_saying_its_task(tmp_path: Path) -> None:
    tiny_pipeline().save_pretrained(tmp_path / "checkpoint")
    flavor.save_model(tmp_path / "checkpoint", tmp_path / "saved")
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert (sound_of(loaded, "soup", seed=1).samples == tiny_pipeline()("soup", seed=1)["audio"]).all()


@pytest.mark.parametrize(
    "architecture", ["VitsModel", "MusicgenForConditionalGeneration", "SpeechT5ForTextToSpeech", "BarkModel"]
)
def test_models_that_speak_are_told_from_models_of_text(architecture: str) -> None:
    assert tasks_of(architecture) == [TASK]
