from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from PIL import Image
from transformers import Pipeline

import flavor
from flavor.errors import MissingDependency
from flavor.pyfunc import PyfuncModel, RowResult
from flavor.tasks import InvalidInput, get_task
from tests.tiny_multimodal import donut, layoutlm, layoutlmv3
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("document-question-answering")
PARAMS: dict = {"top_k": 2}
WORDS = [
    [word, [10 * place, 100, 10 * place + 9, 120]] for place, word in enumerate(["the", "soup", "is", "cold", "in", "london"])
]
LONG = [[word, [place % 900, 50, place % 900 + 20, 60]] for place, word in enumerate(["soup", "waiter", "good", "paris"] * 40)]
NOTHING = {"question": "where is sarah?", "word_boxes": []}


def tiny_pipeline() -> Pipeline:
    return layoutlm()


def native_answers(row: dict, **params: Any) -> list[dict]:
    ours = tiny_pipeline()
    native = transformers.DocumentQuestionAnsweringPipeline(model=ours.model, tokenizer=ours.tokenizer, device="cpu")
    return native(image=None, question=row["question"], word_boxes=row["word_boxes"], **params)


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def row(words: list, question: str = "where is the soup?") -> dict:
    return {"question": question, "word_boxes": words}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"top_k": 3},
        {"max_answer_len": 2, "top_k": 4},
        {"handle_impossible_answer": True, "top_k": 5},
        {"max_seq_len": 30, "doc_stride": 8, "top_k": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize("words", [WORDS, LONG], ids=["short", "long"])
def test_answers_are_the_pipelines_own_best_first(model: PyfuncModel, words: list, params: dict) -> None:
    native = native_answers(row(words), **params)
    records = model.run([row(words)], params)[0].records
    assert [(each["answer"], each.get("start", 0), each.get("end", 0)) for each in records] == [
        (each["answer"], each["start"], each["end"]) for each in native
    ]
    assert [each["score"] for each in records] == pytest.approx([each["score"] for each in native], abs=1e-6)
    assert len(native) == params.get("top_k", 1)


def test_an_answer_says_where_each_of_its_words_stands(model: PyfuncModel) -> None:
    for answer in model.run([row(WORDS)], {"top_k": 5})[0].records:
        found = WORDS[answer["start"] : answer["end"] + 1]
        assert answer["answer"] == " ".join(word for word, _ in found)
        assert answer["boxes"] == [box for _, box in found]


def test_an_empty_answer_has_a_score_and_no_place(model: PyfuncModel) -> None:
    records = model.run([row(WORDS)], {"handle_impossible_answer": True, "top_k": 50})[0].records
    assert [set(each) for each in records if not each["answer"]] == [{"answer", "score"}]


def test_every_row_is_answered_by_its_own_page(model: PyfuncModel) -> None:
    rows = [row(WORDS), row(LONG), NOTHING, row(WORDS[3:], "who is cold?")]
    alone = [model.run([each])[0].records for each in rows]
    assert [result.records for result in model.run(rows)] == alone
    assert alone[2] == []


def test_an_overlap_that_leaves_no_room_ends_in_an_answer_where_transformers_ends_in_an_error(model: PyfuncModel) -> None:
    with pytest.raises(BaseException, match="stride"):  # a panic of the tokenizer is no Exception
        native_answers(row(LONG), doc_stride=60, max_seq_len=64)
    assert model.run([row(LONG)], {"doc_stride": 60, "max_seq_len": 64})[0].records


def test_a_question_that_leaves_no_room_for_the_page_is_cut_and_said_so(model: PyfuncModel) -> None:
    long = row(WORDS, "soup " * 100)
    (result,) = model.run([long])
    assert [(each.code, each.detail) for each in result.warnings] == [
        ("input_truncated", "28 of 100 tokens of the question used")
    ]
    assert result.records
    with pytest.raises(InvalidInput, match="28 of 100") as caught:
        model.run([long], overlong="refuse")
    assert caught.value.field == "question"
    assert "3 of 100" in model.run([long], {"max_question_len": 3})[0].warnings[0].detail


def test_a_model_that_looks_at_the_page_sees_it_and_needs_no_tesseract_for_words_that_are_given() -> None:
    model = PyfuncModel(TASK, layoutlmv3())
    pages = [{**row(WORDS), "image": Image.new("RGB", (20, 30), color)} for color in ("white", "black")]
    white, black = model.run(pages, {"top_k": 1})
    assert white.records[0]["score"] != black.records[0]["score"]
    assert model.run([row(WORDS)])[0].records  # words without a picture


def test_a_checkpoint_of_a_model_that_looks_at_the_page_keeps_its_image_processor(tmp_path: Path) -> None:
    layoutlmv3().save_pretrained(tmp_path / "checkpoint")
    flavor.save_model(tmp_path / "checkpoint", tmp_path / "saved", task=TASK.name)
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    page = {**row(WORDS), "image": Image.new("RGB", (20, 30), "red")}
    assert loaded.run([page])[0].records == PyfuncModel(TASK, layoutlmv3()).run([page])[0].records


def page(place: int = 0) -> dict:
    return {"question": "what is the number?", "image": noise(seed=place, width=40, height=50)}


def test_a_model_that_writes_answers_as_its_pipeline_does() -> None:
    ours = donut()
    native = transformers.DocumentQuestionAnsweringPipeline(
        model=ours.model, tokenizer=ours.tokenizer, image_processor=ours.image_processor, device="cpu", max_new_tokens=12
    )  # which it would leave out in a call
    model = PyfuncModel(TASK, donut())
    for place in range(3):
        (expected,) = native(page(place)["image"], page()["question"])
        assert expected["answer"]
        assert model.run([page(place)], {"max_new_tokens": 12})[0].records == [expected]


def test_a_written_answer_is_told_as_it_comes_and_ends_when_nobody_wants_it() -> None:
    model = PyfuncModel(TASK, donut())
    *pieces, result = model.stream(page(), {"max_new_tokens": 12})
    assert isinstance(result, RowResult)
    assert len(pieces) > 2
    assert "".join(map(str, pieces)) == result.records[0]["answer"]
    asked: list[int] = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    begun = model.run([page()], {"max_new_tokens": 12}, should_stop=after_three)[0].records[0]["answer"]
    assert result.records[0]["answer"].startswith(begun)
    assert len(asked) == 4


def test_an_answer_that_is_cut_at_its_limit_is_answered_where_transformers_has_none() -> None:
    pipeline = donut()
    pipeline.model.generation_config.forced_eos_token_id = None
    (record,) = PyfuncModel(TASK, pipeline).run([page()], {"max_new_tokens": 500})[0].records
    assert record["answer"]


def test_a_model_that_writes_is_logged_and_comes_back(tmp_path: Path) -> None:
    flavor.save_model(donut(), tmp_path / "saved")
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    params = {"max_new_tokens": 12}
    assert loaded.run([page()], params)[0].records == PyfuncModel(TASK, donut()).run([page()], params)[0].records


def test_without_words_a_page_is_read_by_tesseract_or_its_absence_is_said(model: PyfuncModel) -> None:
    page = {"question": "what is the number?", "image": TASK.example["image"]}
    if find_spec("pytesseract"):
        assert model.run([page])[0].error is None
        return
    with pytest.raises(MissingDependency, match="send word_boxes") as caught:
        model.run([page])
    assert caught.value.package == "pytesseract"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("not json", "is not JSON"),
        ({"a": 1}, "got dict"),
        ([["soup", [1, 2, 3]]], r"word_boxes\[0\]"),
        ([WORDS[0], ["soup", [1, 2, 3000, 4]]], r"word_boxes\[1\]"),
        ([["soup", [9, 2, 3, 4]]], r"word_boxes\[0\]"),
        ([[7, [1, 2, 3, 4]]], r"word_boxes\[0\]"),
    ],
)
def test_words_that_are_not_as_they_must_be_are_named(model: PyfuncModel, words: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        model.run([row(words)])
    assert caught.value.field == "word_boxes"


def test_a_row_without_a_page_is_refused(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="page as image, or its words"):
        model.run([{"question": "where?"}])


@pytest.mark.parametrize(
    ("params", "field"),
    [({"max_new_tokens": 5}, "max_new_tokens"), ({"max_seq_len": 900}, "max_seq_len"), ({"lang": "eng --psm 6"}, "lang")],
)
def test_a_parameter_that_this_model_cannot_follow_is_refused_by_name(model: PyfuncModel, params: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        model.run([row(WORDS)], params)
    assert caught.value.field == f"params.{field}"


def test_a_program_may_hand_over_words_as_json_and_pages_as_bytes(model: PyfuncModel) -> None:
    buffer = BytesIO()
    Image.new("RGB", (20, 30)).save(buffer, "PNG")
    given = {"question": "where?", "image": buffer.getvalue(), "word_boxes": '[["soup", [1, 2, 3, 4]]]'}
    assert model.predict(given)[0][0]["answer"] == "soup"
