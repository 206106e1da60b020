import json

import pandas as pd
import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_text
from tests.flavor.conftest import forward_calls

torch.set_num_threads(1)
TASK = get_task("table-question-answering")
PARAMS: dict = {}
NOTHING = {"question": "who?", "table": {"": ["a"]}}
TABLE = {"city": ["london", "paris"], "soup": ["cold", "good"], "price": ["3.5", "4"]}
QUESTIONS = ["where is the soup good?", "how cold is it in paris?", "what is the price?"]


def tiny_pipeline() -> Pipeline:
    return tiny_text.table_question_answering()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def native(table: dict, question: str) -> dict:
    raw = tiny_pipeline()({"table": dict(table), "query": question})
    return {**raw, "coordinates": [list(each) for each in raw["coordinates"]]}


def test_answers_equal_the_pipelines_own_with_cells_and_aggregator(model: PyfuncModel) -> None:
    found = [model.run([{"table": TABLE, "question": each}])[0].records for each in QUESTIONS]
    assert found == [[native(TABLE, each)] for each in QUESTIONS]
    assert any(records[0]["cells"] for records in found)


def test_tables_of_all_sizes_are_read_together_with_the_same_answers(model: PyfuncModel) -> None:
    tables = [TABLE, {"waiter": ["kind", "bad"] * 8, "lives in": ["london", "paris"] * 8}, {"a": ["good soup"]}]
    rows = [{"table": table, "question": question} for table in tables for question in QUESTIONS]
    with forward_calls(model.pipeline.model) as calls:
        results = model.run(rows)
    assert len(calls) == 1
    assert [result.records for result in results] == [[native(row["table"], row["question"])] for row in rows]


def test_a_model_without_aggregators_answers_with_cells_only() -> None:
    model = PyfuncModel(TASK, tiny_text.table_question_answering(aggregators=()))
    records = model.run([{"table": TABLE, "question": each} for each in QUESTIONS])
    assert all(set(record.records[0]) == {"answer", "coordinates", "cells"} for record in records)


def test_earlier_questions_are_read_before_the_last_one(model: PyfuncModel) -> None:
    raw = tiny_pipeline()({"table": dict(TABLE), "query": QUESTIONS}, sequential=True)
    *before, last = QUESTIONS
    with_history = {"table": TABLE, "question": last, "previous_questions": before}
    alone = {"table": TABLE, "question": last}
    results = model.run([alone, with_history])
    assert results[1].records == [{**raw[-1], "coordinates": [list(each) for each in raw[-1]["coordinates"]]}]
    assert results[0].records == [native(TABLE, last)]


def test_cells_may_be_numbers_or_missing(model: PyfuncModel) -> None:
    numbers = {"city": ["london", None], "price": [3.5, 4]}
    texts = {"city": ["london", ""], "price": ["3.5", "4"]}
    row = {"question": "what is the price?"}
    assert model.run([{**row, "table": numbers}])[0].records == model.run([{**row, "table": texts}])[0].records


def test_stocks_names_and_tables_in_json_or_frames_are_understood(model: PyfuncModel) -> None:
    """Stock reads the JSON with Python's eyes, and fails at null."""
    table = {**TABLE, "open": ["yes", None]}
    expected = [native({**TABLE, "open": ["yes", ""]}, each) for each in QUESTIONS]
    given: list = [
        {"query": QUESTIONS, "table": json.dumps(table)},
        [{"query": each, "table": json.dumps(table)} for each in QUESTIONS],
        [{"question": each, "table": pd.DataFrame(table)} for each in QUESTIONS],
        pd.DataFrame({"question": QUESTIONS, "table": [table] * 3}),
    ]
    assert [model.predict(each) for each in given] == [[[each] for each in expected]] * len(given)


def test_a_long_table_is_read_as_far_as_it_fits_and_says_so(model: PyfuncModel) -> None:
    table = {"city": ["london", "paris"] * 60, "soup": ["cold and bad", "good"] * 60}
    result = model.run([{"table": table, "question": QUESTIONS[0]}])[0]
    assert [(each.code, each.detail) for each in result.warnings] == [
        ("input_truncated", "55 of 120 lines and 127 of 377 tokens used")
    ]
    with pytest.raises(InvalidInput, match="55 of 120 lines"):
        model.run([{"table": table, "question": QUESTIONS[0]}], overlong="refuse")


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        ({"question": " ", "table": TABLE}, "question", "question is empty"),
        ({"question": "soup " * 200, "table": TABLE}, "question", "has 200 of the 128 tokens"),
        ({"question": "?", "table": {"city": []}}, "table", "no cell with a text"),
        ({"question": "?", "table": {f"city {number}": ["paris"] for number in range(100)}}, "table", "too wide"),
        ({"question": "?", "table": {f"city {number}": ["paris"] for number in range(300)}}, "table", "Too many columns"),
        ({"question": "?", "table": {"city": ["paris"], "soup": []}}, "table", "cells of one length"),
        ({"question": "?", "table": "paris"}, "table", "object of columns"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(model: PyfuncModel, row: dict, field: str, said: str) -> None:
    good = {"table": TABLE, "question": QUESTIONS[0]}
    first, refused = model.run([good, row], on_error="row")
    assert first.error is None
    assert refused.error is not None
    assert refused.error["field"] == field
    assert said in refused.error["detail"]


def test_stock_gets_one_answer_per_question() -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    rows = [{"table": TABLE, "question": each} for each in QUESTIONS]
    assert stock.predict(rows) == [native(TABLE, each)["answer"] for each in QUESTIONS]
