"""The word list of the translator: nouns, adjectives, verbs and phrases in English and French."""

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from .grammar import DATA

PERSONS = ("je", "il", "nous", "vous", "ils")


class Pair(NamedTuple):
    """The same in both languages."""

    english: str
    french: str


@dataclass(frozen=True)
class Noun:
    english: tuple[str, str]  # singular, plural
    french: tuple[str, str]
    is_feminine: bool
    kinds: frozenset[str]


@dataclass(frozen=True)
class Adjective:
    english: str
    french: tuple[str, str, str, str]  # masculine, feminine, and the same in the plural
    is_before: bool
    kinds: frozenset[str]


@dataclass(frozen=True)
class Verb:
    english: tuple[str, str]  # base, third person
    french: dict[str, str]  # by person, and the infinitive
    kinds: frozenset[str]


class Words:
    """The word list, by section."""

    def __init__(self, text: str) -> None:
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        sections: dict[str, list[list[str]]] = {}
        current = ""
        for line in lines:
            header = re.match(r"\[(\w+)\](.*)", line)
            if header:
                current, rest = header.groups()
                entries = [each for each in rest.split(",") if each.strip()]
            else:
                entries = [line]
            sections.setdefault(current, []).extend([part.strip() for part in each.split("|")] for each in entries)
        self.nouns = [_noun(row) for row in sections["nouns"]]
        self.adjectives = [_adjective(row) for row in sections["adjectives"]]
        self.verbs = [_verb(row) for row in sections["verbs"]]
        self.places, self.times, self.phrases, self.handwritten = (
            [Pair(*row) for row in sections[name]] for name in ("places", "times", "phrases", "handwritten")
        )
        self.names = [row[0] for row in sections["names"]]
        self.cities = [Pair(row[0], row[-1]) for row in sections["cities"]]


@cache
def read_words() -> Words:
    """Return the word list of the data folder."""
    return Words((DATA / "translator.txt").read_text(encoding="utf-8"))


def _noun(row: list[str]) -> Noun:
    return Noun((row[0], row[1]), (row[2], row[3]), row[4] == "f", frozenset(row[5].split()))


def _adjective(row: list[str]) -> Adjective:
    return Adjective(row[0], (row[1], row[2], row[3], row[4]), row[5] == "before", frozenset(row[6].split()))


def _verb(row: list[str]) -> Verb:
    return Verb((row[0], row[1]), dict(zip((*PERSONS, "to"), row[2:8], strict=True)), frozenset(row[8].split()))
