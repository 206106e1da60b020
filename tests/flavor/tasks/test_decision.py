import base64
import json
from io import BytesIO
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient
from PIL import Image
from transformers import Pipeline
from transformers.decision import DecisionConfig

import flavor
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from flavor.tasks._checking import check_rows
from tests import tiny_decisions
from tests.flavor.conftest import folder_of

torch.set_num_threads(1)
TASK = get_task("decision")
PARAMS: dict = {}
NOTHING = {"state": "", "questions": {"any": {"type": "noul"}}}
TONE = {"type": "choice", "instructions": "What is the tone?", "criteria": {"calm": "A polite message", "angry": None}}


def tiny_pipeline() -> Pipeline:
    return tiny_decisions.decision()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def close_to(answers: dict) -> list[dict]:
    """The records of a native answer, up to the last digits."""
    return [{"question": name, **{key: _close(value) for key, value in answer.items()}} for name, answer in answers.items()]


def _close(value: object) -> object:
    if isinstance(value, dict):
        return {key: _close(each) for key, each in value.items()}
    return pytest.approx(value, abs=1e-5) if isinstance(value, float) else value


@pytest.mark.parametrize("build", [tiny_decisions.decision, tiny_decisions.decision_head])
def test_answers_equal_the_pipelines_own_one_record_per_question(build) -> None:
    request = {**TASK.example, "questions": {**TASK.example["questions"], "tone": TONE}}
    records = PyfuncModel(TASK, build()).run([request])[0].records
    assert records == close_to(build()(request))
    assert [each["question"] for each in records] == ["refund", "urgency", "team", "tone"]


def test_each_row_has_its_own_questions(model: PyfuncModel) -> None:
    rows = [TASK.example, {"state": {"messages": ["Hello!"], "paid": 3}, "questions": {"tone": TONE}}, TASK.example]
    assert [result.records for result in model.run(rows)] == [close_to(tiny_pipeline()(row)) for row in rows]


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ([], "one or more questions"),
        ({}, "one or more questions"),
        ({"a": "Is it?"}, "questions.a must be an object"),
        ({"a": {"type": "guess"}}, "questions.a must have a type, one of choice, score, noul, got 'guess'"),
        ({"a": {"type": "choice", "criteria": ["calm"]}}, "questions.a must have criteria, an object of options"),
        ({"a": {"type": "score"}}, "questions.a must have criteria, a list of levels"),
        ({"a": {"type": "noul", "criteria": {"maybe": "?"}}}, "questions.a must have criteria, an object that says"),
        ({"a": {"type": "noul", "question": "Is it?"}}, "questions.a has 'question', which no question has"),
        ({str(number): {"type": "noul"} for number in range(65)}, "at most 64"),
    ],
)
def test_a_wrong_question_is_named_before_a_model_is_asked(questions: object, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        check_rows(TASK, [TASK.example, {"state": "", "questions": questions}])
    assert (caught.value.field, caught.value.row) == ("questions", 1)


def test_more_options_than_the_model_has_labels_are_refused(model: PyfuncModel) -> None:
    many = {"type": "choice", "criteria": {f"option {number}": None for number in range(40)}}
    with pytest.raises(InvalidInput, match="at most 26 options") as caught:
        model.run([{"state": "", "questions": {"many": many}}])
    assert caught.value.field == "questions"


def test_labels_that_are_not_one_token_are_shown() -> None:
    model = PyfuncModel(TASK, tiny_decisions.decision(settings=DecisionConfig(labels={"noul": ["Perhaps", "No"]})))
    with pytest.raises(InvalidInput, match=r"The labels \['Perhaps', 'No'\] are not distinct single tokens"):
        model.run([NOTHING])


def test_a_state_that_does_not_fit_is_refused_rather_than_cut(model: PyfuncModel) -> None:
    good, bad = model.run([TASK.example, {**TASK.example, "state": "soup " * 300}], on_error="row")
    assert good.error is None
    assert bad.error is not None
    assert bad.error["field"] == "state"
    assert "the model reads 1024" in bad.error["detail"]


def test_assets_are_never_opened_as_paths_or_addresses(model: PyfuncModel, tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    Image.new("RGB", (4, 4)).save(path)
    for asset in (str(path), {"type": "image", "data_base64": str(path)}, "http://localhost/secret.png"):
        with pytest.raises(InvalidInput, match="photo") as caught:
            model.run([{**TASK.example, "assets": {"photo": asset}}])
        assert caught.value.field == "assets"


def test_a_model_that_does_not_see_says_so(model: PyfuncModel) -> None:
    buffer = BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    asset = {"type": "image", "format": "png", "data_base64": base64.b64encode(buffer.getvalue()).decode()}
    with pytest.raises(InvalidInput, match="Images need a model whose processor handles them"):
        model.run([{**TASK.example, "assets": {"photo": asset}}])
    with pytest.raises(InvalidInput, match="at most 4"):
        model.run([{**TASK.example, "assets": {str(number): asset for number in range(5)}}])


def test_a_model_without_a_template_says_what_is_missing() -> None:
    pipeline = tiny_pipeline()
    pipeline.tokenizer.chat_template = None
    with pytest.raises(InvalidInput, match="log it with a chat template"):
        PyfuncModel(TASK, pipeline).run([TASK.example])


@pytest.mark.parametrize("build", [tiny_decisions.decision, tiny_decisions.decision_head])
def test_labels_temperatures_and_template_are_logged_with_the_model(store: MlflowClient, build) -> None:
    pipeline = build(settings=DecisionConfig(temperature={"choice": 0.5, "score": 3}, noul_options=["false", "true"]))
    info = flavor.log_model(pipeline, name="decisions")
    loaded = flavor.load_model(info.model_uri)
    assert loaded.decision_config == pipeline.decision_config
    assert close_to(loaded(TASK.example)) == PyfuncModel(TASK, pipeline).run([TASK.example])[0].records


def test_a_folder_keeps_its_decision_settings(store: MlflowClient, tmp_path: Path) -> None:
    tiny_decisions.decision().save_pretrained(tmp_path / "writer")
    (tmp_path / "writer/decision.json").write_text(json.dumps({"labels": {"noul": ["J", "N"]}, "unknown": 1}))
    (tmp_path / "writer/decision_template.jinja").write_text("{{ state }}? {{ question.labels }}<|mark|>")
    info = flavor.log_model(str(tmp_path / "writer"), name="decisions", task="decision")
    loaded = flavor.load_pyfunc_model(str(folder_of(info)), device="cpu")
    assert loaded.pipeline.decision_config.labels == {"noul": ["J", "N"]}
    assert loaded.pipeline.decision_config.chat_template.startswith("{{ state }}?")
    assert loaded.run([NOTHING])[0].records[0]["type"] == "noul"
