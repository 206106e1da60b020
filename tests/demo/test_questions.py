"""The questions that the answers demo is trained on: right answers at their places, and some without any."""

import re

import pytest

from demo.answers import encode, share_right
from demo.grammar import Grammar
from demo.questions import Asked, compose, read_facts, read_handwritten
from tests.tiny_models import word_tokenizer


@pytest.fixture(scope="module")
def facts() -> Grammar:
    return read_facts()


@pytest.fixture(scope="module")
def asked(facts: Grammar) -> list[Asked]:
    return compose(facts, 1000, seed=3)


def test_every_question_is_whole_and_every_text_is_plain(asked: list[Asked]) -> None:
    assert all(each.context.endswith(".") and each.context[0] not in "abcdefghijklmnopqrstuvwxyz" for each in asked)
    assert not [each for each in asked if re.search(r"[{}\[\]|_:](?!\d)|  ", each.context + each.question)]


def test_an_answer_is_whole_words_of_its_text_and_not_of_its_question(asked: list[Asked]) -> None:
    answered = [each for each in asked if each.answer]
    assert all(each.answer == each.answer.strip() for each in answered)
    assert not [each for each in answered if f" {each.answer} " in f" {each.question} "]
    assert not [each for each in answered if f"{each.context} "[each.end].isalnum() or f" {each.context}"[each.start].isalnum()]


def test_one_question_in_seven_has_no_answer(asked: list[Asked]) -> None:
    assert 0.1 < sum(not each.answer for each in asked) / len(asked) < 0.18


def test_a_text_tells_each_name_one_thing_so_that_a_question_has_one_answer(asked: list[Asked]) -> None:
    homes = [each for each in asked if re.match(r"Where does .* live", each.question) and each.answer]
    assert homes
    for each in homes:
        name = re.sub(r"^Where does (.*) live\??$", r"\1", each.question)
        assert len(re.findall(rf"\b{re.escape(name)}(?! \w+ed\b)", each.context)) == 1, each


def test_the_same_seed_asks_the_same(facts: Grammar, asked: list[Asked]) -> None:
    assert compose(facts, 50, seed=3) == asked[:50]


def test_no_held_out_question_is_trained_on(facts: Grammar, asked: list[Asked]) -> None:
    held_out = compose(facts, 200, seed=2, held_out=True)
    assert set(held_out).isdisjoint(asked)
    assert {each.context for each in held_out}.isdisjoint(each.context for each in asked)


def test_tokens_of_an_answer_cover_it() -> None:
    text, question = "the soup was cold. sarah lives in london", "where is sarah?"
    tokenizer = word_tokenizer()
    found, none = encode(tokenizer, [Asked(text, question, 34, 40), Asked(text, question, 0, 0)])
    answer = found["input_ids"][found["start_positions"] : found["end_positions"] + 1]
    assert tokenizer.decode(answer) == "london"
    assert (none["start_positions"], none["end_positions"]) == (0, 0)


def test_answers_written_by_hand_stand_in_their_texts() -> None:
    handwritten = read_handwritten()
    assert len(handwritten) >= 50
    assert share_right(handwritten, [each.answer for each in handwritten]) == 1
    assert share_right(handwritten, [f"{each.answer.upper()}." for each in handwritten]) == 1
    assert share_right(handwritten, ["something else"] * len(handwritten)) == 0
