"""`pyfunc_output="stock"` against stock itself, in the same process, through the same doors, on the same pipeline."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas
import pytest
from mlflow.exceptions import MlflowException
from transformers.pipelines import audio_classification, automatic_speech_recognition

import flavor
from tests import tiny_audio, tiny_text

from .cases import ALIKE, CHAT, CHOICE, DEFECTS, IMAGES, MASKED, PLACES, PROMPT, QUESTION, SOUNDS, TEXTS, Case, Defect
from .seeing import close_to, seen
from .twins import TWINS, Pair, make

PairOf = Callable[[str], Pair]
FRAMES = {  # as MLflow's signatures hand them to a model
    "text-classification": pandas.DataFrame(TEXTS),
    "token-classification of groups": pandas.DataFrame(PLACES),
    "fill-mask in a template": pandas.DataFrame(MASKED),
    "zero-shot-classification": pandas.DataFrame([CHOICE]),
    "table-question-answering": pandas.DataFrame([QUESTION]),
    "feature-extraction": pandas.DataFrame(TEXTS),
    "text-generation in a template": pandas.DataFrame(TEXTS),
    "automatic-speech-recognition": pandas.DataFrame(SOUNDS),
    "audio-classification": pandas.DataFrame(SOUNDS),
    "image-classification": pandas.DataFrame(IMAGES),
    "chat": pandas.DataFrame([CHAT]),
    "completions": pandas.DataFrame([PROMPT]),
    "embeddings": pandas.DataFrame({"input": TEXTS}),
}


@pytest.fixture(scope="module", autouse=True)
def _ffmpeg() -> Iterator[None]:
    """Stock hears files through the program ffmpeg only, which is not here."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (automatic_speech_recognition, audio_classification):
            patch.setattr(module, "ffmpeg_read", lambda content, rate: tiny_audio.decoded(content))
        yield


@pytest.fixture(scope="module")
def pair_of(tmp_path_factory: pytest.TempPathFactory) -> PairOf:
    """Every pair, made once."""
    made: dict[str, Pair] = {}

    def find(name: str) -> Pair:
        if name not in made:
            made[name] = make(TWINS[name], tmp_path_factory.mktemp("twins"))
        return made[name]

    return find


def named(case: Case) -> str:
    return f"{case.twins}: {case.form}"


@pytest.mark.parametrize("case", ALIKE, ids=named)
def test_the_answer_is_stocks(case: Case, pair_of: PairOf) -> None:
    pair = pair_of(case.twins)
    expected = pair.stock.predict(case.given, params=case.params)
    assert seen(pair.ours.predict(case.given, params=case.params)) == close_to(seen(expected))


@pytest.mark.parametrize("case", DEFECTS, ids=named)
def test_where_stock_fails_the_answer_has_its_shape(case: Defect, pair_of: PairOf) -> None:
    def ask(given: Any, params: dict[str, Any] | None = None, *, of: str = case.twins) -> Any:
        return pair_of(of).stock.predict(given, params=params)

    expected = close_to(seen(case.instead(ask)))
    assert seen(pair_of(case.twins).ours.predict(case.given, params=case.params)) == expected
    try:
        answer = ask(case.given, case.params)
    except Exception:
        return
    assert seen(answer) != expected, "stock does it by now"


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "feature-extraction"])
def test_the_signature_says_that_stocks_outputs_come_out(name: str, pair_of: PairOf) -> None:
    pair = pair_of(name)
    assert pair.ours.metadata.signature.outputs == pair.stock.metadata.signature.outputs


def test_the_signature_of_vectors_has_both_their_dimensions(pair_of: PairOf) -> None:
    (ours,) = pair_of("feature-extraction").ours.metadata.signature.outputs.inputs
    (stocks,) = pair_of("feature-extraction").stock.metadata.signature.outputs.inputs
    assert (ours.type, ours.shape, stocks.shape) == (stocks.type, (-1, -1), (-1,))


@pytest.mark.parametrize("given", ["/etc/hostname", "https://example.org/a.wav"])
def test_paths_and_addresses_are_never_opened_as_stock_does(given: str, pair_of: PairOf) -> None:
    for name in ("automatic-speech-recognition", "image-classification"):
        with pytest.raises(MlflowException, match="paths and addresses are not opened"):
            pair_of(name).ours.predict(given)


@pytest.mark.parametrize(("name", "given"), [("chat", CHAT), ("completions", PROMPT), ("embeddings", {"input": "good"})])
def test_a_field_that_means_nothing_is_named_where_stock_drops_it(name: str, given: dict[str, Any], pair_of: PairOf) -> None:
    with pytest.raises(MlflowException, match="max_tokans is no field of this request"):
        pair_of(name).ours.predict({**given, "max_tokans": 1})


def test_vectors_are_pooled_where_the_model_config_says_so(tmp_path: Path, pair_of: PairOf) -> None:
    options: dict[str, Any] = {"task": "llm/v1/embeddings", "model_config": {"pooling": "mean"}}
    flavor.save_model(tiny_text.feature_extraction(), tmp_path / "model", pyfunc_output="stock", **options)
    (found,) = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict({"input": TEXTS[0]})["data"]
    assert found["embedding"] == pytest.approx(pair_of("feature-extraction").stock.predict(TEXTS[0]).mean(axis=0), abs=1e-5)


@pytest.mark.parametrize("name", FRAMES)
def test_stocks_own_loader_answers_the_same_of_what_we_wrote(name: str, pair_of: PairOf) -> None:
    pair = pair_of(name)
    opened = mlflow.transformers._load_pyfunc(str(pair.folder), model_config=pair.ours.model_config)
    expected = pair.stock.predict(FRAMES[name])
    assert seen(opened.predict(FRAMES[name].copy())) == close_to(seen(expected))
