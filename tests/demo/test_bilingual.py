"""The sentences that the translator learns from: French as it should be, and some pairs of words kept back."""

import random
from itertools import pairwise

import pytest

from demo.bilingual import _Draw, compose, finished
from demo.lexicon import Noun, Pair, read_words


def phrase(noun: str, *, determiner: str, adjective: str = "", plural: bool = False) -> Pair:
    """What a noun becomes with a determiner and an adjective."""
    words = read_words()
    found: Noun = next(each for each in words.nouns if each.english[0] == noun)
    for seed in range(2000):
        draw = _Draw(words, random.Random(seed), held_out=True)
        subject = draw.phrase_of(found, plural=plural)
        said = subject.english.split()
        if said == [determiner, *([adjective] if adjective else []), found.english[plural]]:
            return finished(Pair(subject.english, subject.french), mark="")
    raise AssertionError(f"never said: {determiner} {adjective} {noun}")


@pytest.mark.parametrize(
    ("noun", "said", "french"),
    [
        ("house", {"determiner": "the", "adjective": "small"}, "La petite maison"),
        ("house", {"determiner": "my", "adjective": "white", "plural": True}, "Mes maisons blanches"),
        ("man", {"determiner": "the", "adjective": "old"}, "Le vieil homme"),
        ("school", {"determiner": "my"}, "Mon école"),
        ("church", {"determiner": "the", "adjective": "beautiful"}, "La belle église"),
        ("tree", {"determiner": "this", "adjective": "green"}, "Cet arbre vert"),
        ("friend", {"determiner": "the"}, "L'ami"),
    ],
)
def test_french_agrees_and_elides(noun: str, said: dict, french: str) -> None:
    assert phrase(noun, **said).french == french


def test_no_french_word_keeps_a_vowel_that_it_loses_before_another() -> None:
    for pair in compose(2000, seed=5):
        words = pair.french.lower().split()
        assert not any(a in ("le", "la", "je", "ne") and b[0] in "aeiouhéê" for a, b in pairwise(words)), pair


def test_held_out_sentences_and_those_written_by_hand_are_none_of_those_trained_on() -> None:
    training = set(compose(4000, seed=1))
    by_hand = set(read_words().handwritten)
    assert training.isdisjoint(compose(300, seed=2, held_out=True))
    assert {pair.english for pair in training}.isdisjoint(pair.english for pair in by_hand)
