"""Questions about short texts, composed from a grammar of facts: each with the place of its answer, or none."""

import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from .grammar import DATA, Draw, Grammar, tidy

FACT, QUESTIONS = "_said", "_asked"  # how the sections of a kind of fact end

_SIZES = (1, 1, 2, 2, 2, 3)  # facts in a text
_ANSWERED = 0.86  # share of the questions that the text answers
_FIRST_WORD = re.compile(r"^(The|In|On|For|My|Because|Since|Next|Come|Home|It)\b")  # that is small within a sentence
_MARKED = re.compile(r"\[([^|\]]+)\|(\w+)\]")


class Asked(NamedTuple):
    """A question about a text, and the answer's first character and the one past its last; the same where there is none."""

    context: str
    question: str
    start: int
    end: int

    @property
    def answer(self) -> str:
        return self.context[self.start : self.end]


@dataclass(frozen=True)
class Told:
    """One fact: its text with the parts that questions ask for in brackets, and the draw that knows those parts."""

    kind: str
    text: str
    draw: Draw

    @property
    def names(self) -> set[str]:
        """What it is about: no other fact of a text may be about the same."""
        names = {part.lower() for part in self.draw.bound.values()}
        return names | {"I"} if self.text.startswith(("I ", "My ")) else names


def read_facts(kinds: Collection[str] | None = None) -> Grammar:
    """Return the grammar of the facts, of `kinds` only when they are given, and of the questions about them."""
    sections = Grammar.read("entities.txt", "answers.txt").sections
    left_out = {name for name in sections if name.endswith(FACT) and kinds is not None and name.removesuffix(FACT) not in kinds}
    return Grammar({name: section for name, section in sections.items() if name not in left_out})


def compose(grammar: Grammar, count: int, *, seed: int, held_out: bool = False) -> list[Asked]:
    """Return `count` different questions, each about a text of one to three facts; to every seventh the text has no answer.

    A held-out text, or its question, has a word or a phrase that no training text has.
    """
    dice = random.Random(seed)
    found: dict[Asked, None] = {}
    while len(found) < count:
        facts = _facts(grammar, dice, held_out=held_out)
        asked = _ask(grammar, facts, dice, held_out=held_out)
        if asked and (not held_out or any(told.draw.used_kept_back for told in facts)):
            found[asked] = None
    return list(found)


def _facts(grammar: Grammar, dice: random.Random, *, held_out: bool) -> list[Told]:
    """Facts that share no name, so that a question has one answer; half of them are of one kind, and easy to confuse."""
    kinds = [name.removesuffix(FACT) for name in grammar.sections if name.endswith(FACT)]
    count, first = dice.choice(_SIZES), dice.choice(kinds)
    facts: list[Told] = []
    known: set[str] = set()
    while len(facts) < count:
        told = _tell(grammar, first if dice.random() < 0.5 else dice.choice(kinds), dice, held_out=held_out)
        is_plain = len({part.lower() for part in told.draw.bound.values()}) == len(told.draw.bound)
        if is_plain and not told.names & known:
            facts.append(told)
            known |= told.names
    return facts


def _tell(grammar: Grammar, kind: str, dice: random.Random, *, held_out: bool) -> Told:
    draw = Draw(grammar, dice, held_out=held_out)
    pieces = list(draw.expand(kind + FACT, ()))
    marked = "".join(f"[{piece.text}|{piece.name}]" if piece.name else piece.text for piece in pieces)
    return Told(kind, tidy(marked), draw)


class _Question(NamedTuple):
    """What is asked, the part of a fact that answers it, and what it mentions, by part."""

    text: str
    part: str
    mentioned: dict[str, str]

    def fits(self, told: dict[str, str], *, is_answered: bool) -> bool:
        """Whether all it mentions was told, and the answer was, or was not."""
        return set(self.mentioned) <= set(told) and self.part not in self.mentioned and (self.part in told) == is_answered


def _ask(grammar: Grammar, facts: list[Told], dice: random.Random, *, held_out: bool) -> Asked | None:
    """A question about one of the facts, or one that none of them answers; None when none that fits was found."""
    about = dice.choice(facts)
    is_answered = dice.random() < _ANSWERED
    known = set[str]().union(*(told.names for told in facts))
    is_only_one = sum(told.kind == about.kind for told in facts) == 1
    for _ in range(40):
        if is_answered or dice.random() < 0.5:  # about what the text mentions
            question = _question(about.kind, about.draw)
            fits = question.fits(about.draw.bound, is_answered=is_answered) and (bool(question.mentioned) or is_only_one)
        else:  # about what it does not
            question = _question(about.kind, Draw(grammar, dice, held_out=held_out))
            fits = not {name.lower() for name in question.mentioned.values()} <= known
        if fits:
            return _place(facts, about, question.text, question.part if is_answered else "", dice)
    return None


def _question(kind: str, draw: Draw) -> _Question:
    """A question about a fact of `kind`; the draw forgets what it had to make up for that."""
    told = dict(draw.bound)
    pieces = list(draw.expand(kind + QUESTIONS, ()))
    part, _, text = tidy("".join(piece.text for piece in pieces)).partition(": ")
    mentioned = {piece.name: piece.text for piece in pieces if piece.name}
    draw.bound = told
    return _Question(text, part, mentioned)


def _place(facts: list[Told], about: Told, question: str, part: str, dice: random.Random) -> Asked:
    """Join the facts into one text and find the place of the answer in it."""
    context, start, end = "", 0, 0
    for told in facts:
        context, text = _joined(context, told.text, dice)
        position = 0
        for match in _MARKED.finditer(text):
            context += text[position : match.start()]
            if told is about and match[2] == part:
                start, end = len(context), len(context) + len(match[1])
            context += match[1]
            position = match.end()
        context += text[position:]
    return Asked(context, _as_typed(question, dice), start, end)


def _joined(context: str, text: str, dice: random.Random) -> tuple[str, str]:
    """What comes before a fact, and the fact: a sentence of its own, or the same sentence's second half."""
    if not context:
        return "", _capital(text)
    if dice.random() < 0.25:
        link = dice.choice((" and ", ", and ", ", ", " but "))
        return context.removesuffix(".") + link, _FIRST_WORD.sub(lambda match: match[0].lower(), text)
    return context + " ", _capital(text)


def _capital(text: str) -> str:
    place = text.startswith("[")  # the bracket of a part
    return text[:place] + text[place : place + 1].upper() + text[place + 1 :]


def _as_typed(question: str, dice: random.Random) -> str:
    return question.removesuffix("?") if dice.random() < 0.05 else question


def read_handwritten() -> list[Asked]:
    """Return the questions written by hand: none was composed, none is trained on."""
    lines = (DATA / "answers_handwritten.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [_handwritten(*row) for row in rows]


def _handwritten(context: str, question: str, answer: str = "") -> Asked:
    start = context.index(answer) if answer else 0
    return Asked(context, question, start, start + len(answer))
