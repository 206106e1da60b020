import numpy
import pandas as pd
import pytest
import torch
from mlflow import MlflowClient
from transformers import BertForQuestionAnswering, Pipeline
from transformers.modeling_outputs import QuestionAnsweringModelOutput
from transformers.pipelines.document_question_answering import select_starts_ends

import flavor
from flavor.pipelines.question_answering import QuestionAnsweringPipeline
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_text
from tests.flavor.conftest import forward_calls
from tests.tiny_models import encoder_config, seeded, word_tokenizer

torch.set_num_threads(1)
TASK = get_task("question-answering")
PARAMS: dict = {"top_k": 2}
NOTHING = {"question": "who is kind?", "context": ""}
STOCK_LENGTH = 3  # all answers in one list, and an empty one to NOTHING
ROW = {"question": "where is sarah?", "context": "sarah lives in london and the waiter in paris"}


class Finder(BertForQuestionAnswering):
    """Finds the word it was given, however often it comes, and sees no answer as likely as `null` says."""

    word = "london"
    null = -20.0

    def forward(self, input_ids: torch.Tensor, **_: object) -> QuestionAnsweringModelOutput:
        wanted = word_tokenizer().convert_tokens_to_ids(self.word)
        logits = torch.where(input_ids == wanted, 20.0, 0.0)
        logits[:, 0] = self.null
        return QuestionAnsweringModelOutput(start_logits=logits, end_logits=logits.clone())


def finder(*, word: str = "london", null: float = -20.0) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(Finder, encoder_config(tokenizer, ("LABEL_0", "LABEL_1")))
    model.word, model.null = word, null
    return QuestionAnsweringPipeline(model=model, tokenizer=tokenizer, task="question-answering", device="cpu")


def tiny_pipeline() -> Pipeline:
    return tiny_text.question_answering()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def by_transformers(row: dict, *, top_k: int = 1, max_answer_len: int = 15) -> list[tuple[int, int, float]]:
    """What the code of transformers 4, which 5 keeps for documents, finds in a context of one window."""
    pipeline = tiny_pipeline()
    encoded = pipeline.tokenizer(row["question"], row["context"], return_tensors="pt", return_offsets_mapping=True)
    offsets = encoded.pop("offset_mapping")[0]
    with torch.no_grad():
        outputs = pipeline.model(**encoded)
    p_mask = numpy.array([[0 if each == 1 else 1 for each in encoded.sequence_ids(0)]])
    p_mask[0, 0] = 0  # the token that stands for no answer
    starts, ends, scores, _ = select_starts_ends(
        outputs.start_logits.numpy(),
        outputs.end_logits.numpy(),
        p_mask,
        encoded["attention_mask"].numpy(),
        top_k=top_k,
        max_answer_len=max_answer_len,
    )
    return [
        (int(offsets[start][0]), int(offsets[end][1]), pytest.approx(float(score), abs=1e-5))
        for start, end, score in zip(starts, ends, scores, strict=True)
    ]


@pytest.mark.parametrize("params", [{"top_k": 1}, {"top_k": 4}, {"top_k": 3, "max_answer_len": 2}])
def test_answers_scores_and_places_equal_those_of_transformers_4(model: PyfuncModel, params: dict) -> None:
    (records,) = model.predict([ROW], params)
    assert [(each["start"], each["end"], each["score"]) for each in records] == by_transformers(ROW, **params)
    assert [each["answer"] for each in records] == [ROW["context"][each["start"] : each["end"]] for each in records]


def test_neighbours_change_nothing(model: PyfuncModel) -> None:
    rows = [
        ROW,
        {"question": "who?", "context": "the waiter"},
        {"question": "how cold is it?", "context": "the soup is cold " * 30},
    ]
    alone = [model.run([row], PARAMS)[0].records for row in rows]
    together = [result.records for result in model.run(rows, PARAMS)]
    assert together == [[{**each, "score": pytest.approx(each["score"], abs=1e-5)} for each in records] for records in alone]


def test_an_answer_far_down_a_long_context_is_found_once_at_its_place() -> None:
    context = f"é😀 {'the soup is cold and ' * 60}sarah lives in london. {'the waiter was kind ' * 40}"
    result = PyfuncModel(TASK, finder()).run([{"question": "where?", "context": context}], {"top_k": 5})[0]
    assert result.warnings == []
    best, *others = result.records
    assert (best["answer"], best["score"]) == ("london", pytest.approx(1, abs=1e-4))
    assert context[best["start"] : best["end"]] == "london"
    assert best["start"] == context.index("london")
    assert all(each["start"] != best["start"] or each["end"] != best["end"] for each in others)


def test_windows_of_a_long_context_are_read_together() -> None:
    pipeline = finder()
    with forward_calls(pipeline.model) as calls:
        PyfuncModel(TASK, pipeline).run([{"question": "where?", "context": "the soup is cold " * 150}], {"doc_stride": 0})
    assert len(calls) == 1


@pytest.mark.parametrize(("null", "expected"), [(-20.0, "london"), (20.5, ""), (60.0, "")])
def test_no_answer_may_be_an_answer_when_asked(null: float, expected: str) -> None:
    row = {"question": "where?", "context": "sarah lives in london"}
    model = PyfuncModel(TASK, finder(null=null))
    (best,) = model.run([row], {"handle_impossible_answer": True})[0].records
    assert best["answer"] == expected
    assert (best["start"], best["end"]) == ((15, 21) if expected else (0, 0))
    assert [each["answer"] for each in model.run([row])[0].records] != [""]


def test_one_window_with_the_answer_outweighs_those_without() -> None:
    context = f"{'the soup is cold and ' * 40}sarah lives in london"
    model = PyfuncModel(TASK, finder(null=10.0))
    (best,) = model.run([{"question": "where?", "context": context}], {"handle_impossible_answer": True})[0].records
    assert best["answer"] == "london"


def test_answers_are_whole_words_unless_asked_otherwise() -> None:
    row = {"question": "where?", "context": "it was xlondony"}  # read as x, ##l, ##o …
    model = PyfuncModel(TASK, finder(word="##d"))
    assert model.run([row])[0].records[0]["answer"] == "xlondony"
    assert model.run([row], {"align_to_words": False})[0].records[0]["answer"] == "d"


def test_a_long_question_is_cut_and_says_so(model: PyfuncModel) -> None:
    result = model.run([{**ROW, "question": "soup " * 50}])[0]
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "32 of 50 tokens of the question used")]
    assert result.records[0]["answer"] in ROW["context"]
    with pytest.raises(InvalidInput, match="32 of 50 tokens"):
        model.run([{**ROW, "question": "soup " * 50}], overlong="refuse")


def test_an_empty_context_has_no_answer_and_an_empty_question_is_refused(model: PyfuncModel) -> None:
    assert [result.records for result in model.run([NOTHING, {"question": "who?", "context": " \n "}])] == [[], []]
    with pytest.raises(InvalidInput, match="question is empty") as caught:
        model.run([ROW, {"question": "", "context": "soup"}])
    assert (caught.value.field, caught.value.row) == ("question", 1)


def test_several_questions_about_one_context_come_as_columns_or_a_frame(model: PyfuncModel) -> None:
    questions = ["where is sarah?", "who was kind?"]
    rows = [{"question": each, "context": ROW["context"]} for each in questions]
    expected = model.predict(rows)
    assert model.predict({"question": questions, "context": ROW["context"]}) == expected
    assert model.predict(pd.DataFrame(rows)) == expected


def test_the_pipeline_takes_what_that_of_transformers_4_took() -> None:
    pipeline = tiny_pipeline()
    answer = pipeline(question=ROW["question"], context=ROW["context"])
    assert set(answer) == {"score", "start", "end", "answer"}
    assert pipeline(ROW) == answer
    assert pipeline([ROW]) == [answer]
    assert pipeline([ROW, ROW]) == [answer, answer]
    assert pipeline(question=[ROW["question"]] * 2, context=[ROW["context"]] * 2) == [answer, answer]
    assert pipeline(ROW, topk=3)[0] == answer
    for wrong in ({"question": "who?"}, "who?", {"question": 1, "context": "soup"}):
        with pytest.raises(ValueError, match="give a question and a context"):
            pipeline(wrong)


def test_what_was_logged_is_loaded_as_the_same_pipeline(store: MlflowClient) -> None:
    info = flavor.log_model(tiny_pipeline(), name="answers")
    loaded = flavor.load_model(info.model_uri)
    assert type(loaded) is QuestionAnsweringPipeline
    assert loaded(ROW) == tiny_pipeline()(ROW)


def test_stock_gets_one_answer_per_question() -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    assert stock.predict([ROW, NOTHING]) == [tiny_pipeline()(ROW)["answer"], ""]
