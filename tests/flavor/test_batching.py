from flavor.batching import batches


def test_every_row_is_in_one_batch_with_others_of_its_length() -> None:
    assert batches([9, 1, 8, 2], max_rows=2) == [[1, 3], [2, 0]]


def test_padding_counts_against_the_budget() -> None:
    assert batches([1, 1, 10, 10, 50], max_padded_cost=20) == [[0, 1], [2, 3], [4]]


def test_no_rows_no_batches() -> None:
    assert batches([]) == []
