from collections.abc import Callable

import pytest
import torch
from PIL import Image
from transformers import Pipeline

from flavor.architectures import choose_task
from flavor.pyfunc import PyfuncModel, RowResult
from flavor.tasks import InvalidInput, get_task
from tests import tiny_multimodal
from tests.tiny_multimodal import WRITTEN_TOKENS, blip2_questions, blip_questions, vilt
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("visual-question-answering")
PARAMS: dict = {"top_k": 2}
NOTHING = {"question": "", "image": Image.new("L", (1, 1))}
QUESTIONS = ["what is in the soup?", "is sarah in london?", "a kind waiter, and a cold soup"]
BUILDERS = [pytest.param(build, id=build.__name__) for build in (vilt, blip_questions, blip2_questions)]
WRITERS = [pytest.param(build, id=build.__name__) for build in (blip_questions, blip2_questions)]


def tiny_pipeline() -> Pipeline:
    return vilt()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def row(place: int, **size: int) -> dict:
    return {"question": QUESTIONS[place], "image": noise(seed=place, **size)}


def test_answers_are_the_models_own_each_scored_for_itself(model: PyfuncModel) -> None:
    ours = tiny_pipeline()
    inputs = ours.tokenizer(QUESTIONS[0], return_tensors="pt") | ours.image_processor(noise(), return_tensors="pt")
    with torch.inference_mode():
        chances = ours.model(**inputs).logits[0].sigmoid()
    records = model.run([row(0)])[0].records
    assert [each["score"] for each in records] == pytest.approx(sorted(chances.tolist(), reverse=True), abs=1e-5)
    assert records[0]["answer"] == ours.model.config.id2label[int(chances.argmax())]
    assert len(records) == 4


@pytest.mark.parametrize("build", BUILDERS)
def test_many_are_answered_as_each_alone(build: Callable[[], Pipeline]) -> None:
    model = PyfuncModel(TASK, build())
    rows = [row(0), row(1, width=25, height=50), row(2), row(0)]
    for together, each in zip(model.run(rows), rows, strict=True):
        alone = model.run([each])[0].records
        assert [found["answer"] for found in together.records] == [found["answer"] for found in alone]
        assert [found.get("score", 0) for found in together.records] == pytest.approx(
            [found.get("score", 0) for found in alone], abs=1e-5
        )


@pytest.mark.parametrize("build", WRITERS)
def test_a_model_that_writes_gives_one_answer_without_a_score_and_without_the_question(build: Callable[[], Pipeline]) -> None:
    pipeline = build()
    (answer,) = PyfuncModel(TASK, build()).run([row(0)], {"max_new_tokens": 5})[0].records
    assert pipeline(row(0)["image"], QUESTIONS[0], max_new_tokens=5) == [answer]
    assert set(answer) == {"answer"}
    assert QUESTIONS[0] not in answer["answer"]


def test_blip_writes_what_its_own_generate_writes() -> None:
    ours = blip_questions()
    inputs = ours.tokenizer(QUESTIONS[1], return_tensors="pt", return_token_type_ids=False)
    seen = ours.image_processor(noise(seed=1), return_tensors="pt")
    written = ours.model.generate(**inputs, **seen, max_new_tokens=6)
    records = PyfuncModel(TASK, blip_questions()).run([row(1)], {"max_new_tokens": 6})[0].records
    assert records == [{"answer": ours.tokenizer.decode(written[0], skip_special_tokens=True).strip()}]


@pytest.mark.parametrize("build", WRITERS)
def test_no_more_is_written_than_the_model_has_places_for(build: Callable[[], Pipeline]) -> None:
    model = PyfuncModel(TASK, build())
    assert model.run([row(0)], {"max_new_tokens": 10 * WRITTEN_TOKENS})[0].records


@pytest.mark.parametrize("build", WRITERS)
def test_an_answer_is_told_word_by_word_as_it_is_written(build: Callable[[], Pipeline]) -> None:
    model = PyfuncModel(TASK, build())
    *pieces, result = model.stream(row(0), {"max_new_tokens": 8})
    assert len(pieces) > 2
    assert isinstance(result, RowResult)
    assert (
        "".join(map(str, pieces))
        == result.records[0]["answer"]
        == model.run([row(0)], {"max_new_tokens": 8})[0].records[0]["answer"]
    )


@pytest.mark.parametrize("build", WRITERS)
def test_beams_and_answers_that_are_chosen_are_told_at_once(build: Callable[[], Pipeline], model: PyfuncModel) -> None:
    for asked, params in ((PyfuncModel(TASK, build()), {"num_beams": 2, "max_new_tokens": 5}), (model, {})):
        answer, result = asked.stream(row(0), params)
        assert isinstance(result, RowResult)
        assert answer == result.records[0]["answer"]


@pytest.mark.parametrize("build", WRITERS)
def test_an_answer_that_nobody_wants_any_more_is_not_written_to_its_end(build: Callable[[], Pipeline]) -> None:
    pipeline = build()
    model = PyfuncModel(TASK, pipeline)
    whole = model.run([row(0)], {"max_new_tokens": 8})[0].records[0]["answer"]
    asked: list[int] = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    begun = model.run([row(0)], {"max_new_tokens": 8}, should_stop=after_three)[0].records[0]["answer"]
    assert len(asked) == 4
    assert whole.startswith(begun)
    assert begun != whole


def test_another_picture_or_question_changes_the_answer(model: PyfuncModel) -> None:
    first, other_picture, other_question = model.run([row(0), {**row(0), "image": noise(seed=5)}, {**row(0), "question": "no"}])
    assert first.records != other_picture.records
    assert first.records != other_question.records


@pytest.mark.parametrize(("top_k", "count"), [(1, 1), (3, 3), (0, 4), (50, 4)])
def test_as_many_answers_as_asked_for_and_known(model: PyfuncModel, top_k: int, count: int) -> None:
    assert len(model.run([row(0)], {"top_k": top_k})[0].records) == count


def test_a_parameter_of_writing_is_refused_by_a_model_that_chooses(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="chooses among 4 answers") as caught:
        model.run([row(0)], {"num_beams": 2})
    assert caught.value.field == "params.num_beams"


def test_a_question_over_the_models_length_is_cut_and_said_so(model: PyfuncModel) -> None:
    long = {**row(0), "question": "soup " * 100}
    (result,) = model.run([long])
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "64 of 102 tokens used")]
    with pytest.raises(InvalidInput, match="102 tokens") as caught:
        model.run([long], overlong="refuse")
    assert caught.value.field == "question"


def test_an_architecture_that_answers_questions_about_pictures_is_known() -> None:
    assert choose_task(None, "ViltForQuestionAnswering") is TASK
    assert choose_task(None, "BlipForQuestionAnswering") is TASK
    assert choose_task("vqa", "Blip2ForConditionalGeneration") is TASK
    assert tiny_multimodal.vilt().task == TASK.name
