"""How data sets are told apart, and which one a metric belongs to."""

import json
import random
from typing import Any

import numpy
import pytest
import torch
from torch.utils.data import IterableDataset

from flavor.training.data_sets import describe

ROWS = [{"input_ids": [number], "labels": number % 2} for number in range(20)]


class Stream(IterableDataset):
    def __iter__(self) -> Any:
        raise AssertionError("A stream is not read: what was read would be missing in the training.")


def digest_of(data: Any) -> str:
    return describe(data, None).train.digest


def test_equal_data_has_one_digest_and_other_data_another() -> None:
    first = digest_of(ROWS)
    assert digest_of([dict(row) for row in ROWS]) == first
    assert digest_of(ROWS[:-1]) != first
    assert digest_of(ROWS[::-1]) != first


@pytest.mark.parametrize("make", [torch.tensor, numpy.array, bytes, tuple], ids=["tensor", "array", "bytes", "tuple"])
def test_values_count_by_their_content(make: Any) -> None:
    first, same, other = ([{"pixels": make([number, 2])} for number in numbers] for numbers in ((1, 2), (1, 2), (1, 3)))
    assert digest_of(first) == digest_of(same) != digest_of(other)


def test_size_and_features_are_told() -> None:
    rows = [{"pixels": torch.zeros(3, 4), "scores": [0.5], "text": "a"}]
    profile = json.loads(describe(rows, None).train.as_input().dataset.profile)
    assert (profile["num_rows"], profile["features"]) == (1, {"pixels": "float32[3, 4]", "scores": "list[float]", "text": "str"})


def test_data_that_is_changed_at_random_has_one_digest_and_leaves_chance_alone() -> None:
    class Noisy(list):
        def __getitem__(self, number: Any) -> Any:
            return {"x": random.random(), "y": float(torch.rand(())), "z": numpy.random.rand()}

    def next_ones() -> tuple[float, ...]:
        return random.random(), float(torch.rand(())), numpy.random.rand()

    random.seed(1), torch.manual_seed(1), numpy.random.seed(1)
    expected = next_ones()
    random.seed(1), torch.manual_seed(1), numpy.random.seed(1)
    first = digest_of(Noisy(ROWS))
    assert next_ones() == expected
    assert digest_of(Noisy(ROWS)) == first


def test_a_stream_is_described_without_being_read() -> None:
    found = describe(Stream(), None).train
    assert (found.size, found.features) == (None, {})


def test_the_datasets_library_is_asked_for_its_own_fingerprint() -> None:
    class Prepared(list):
        _fingerprint = "0123456789abcdef"
        features = {"text": "Value('string')"}

    found = describe(Prepared(ROWS), None).train
    assert (found.digest, found.size, found.features) == ("0123456789abcdef", 20, {"text": "Value('string')"})


def test_a_metric_belongs_to_the_evaluation_set_that_its_name_begins_with() -> None:
    data = describe(ROWS, {"a": ROWS[:3], "a_b": ROWS[:4]})
    assert data.measured("loss") == ("train", data.train.digest)
    assert data.measured("eval_a_loss") == ("eval_a", data.held_out["a"].digest)
    assert data.measured("eval_a_b_loss") == ("eval_a_b", data.held_out["a_b"].digest)
    assert data.measured("eval_runtime") is None
    assert describe(None, None).measured("loss") is None
