"""Phrase grammars: readable data files from which sentences are composed, with parts kept back for the held-out split.

A file is a list of sections. `[name]` holds one alternative per line, `[name words]` alternatives parted by commas.
In an alternative `{other}` stands for one alternative of the section `other`, `{?other}` for one or nothing,
`{other:he}` remembers the choice under the name `he` and repeats it, and `{made_up}` is an invented word, `{Novel}` an invented name.
A line that starts with `~` is kept back: no training sentence contains any of its alternatives.
`#` starts a comment line.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parent / "data"

_SLOT = re.compile(r"\{(\??)(\w+)(?::(\w+))?\}")
_HEADER = re.compile(r"\[(\w+)( words)?\]")
_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeio])")
_ONSETS = re.split(
    " ", "b br c ch cl cr d dr f fl fr g gl gr h j k kl kn l m n p ph pl pr qu r s sc sh sk sl sm sp st str t th tr v w wh y z"
)
_VOWELS = ["a", "a", "e", "e", "i", "i", "o", "o", "u", "ai", "au", "ea", "ee", "ei", "ie", "oa", "oo", "ou", "y"]
_CODAS = ["", "", "", "", *re.split(" ", "b ck d f g l ll m n nd ng nk nt p r rd rk rn rt s sk ss st t x z")]


@dataclass
class Section:
    """The alternatives of one name; `kept_back` ones never occur in training sentences."""

    training: list[str] = field(default_factory=list)
    kept_back: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """A stretch of composed text, the sections it came from, outermost first, and the name it is remembered by."""

    text: str
    path: tuple[str, ...]
    name: str = ""


class Grammar:
    """Sections by name, and the composing of sentences from them."""

    def __init__(self, sections: dict[str, Section]) -> None:
        self.sections = sections

    @classmethod
    def read(cls, *names: str) -> "Grammar":
        """Read the files `names` of the data folder into one grammar; sections of the same name are joined."""
        sections: dict[str, Section] = {}
        for name in names:
            _read_into(sections, DATA / name)
        return cls(sections)

    def compose(self, name: str, dice: random.Random, *, held_out: bool = False) -> str:
        """Return one sentence of the section `name`; a held-out one contains at least one alternative kept back."""
        return tidy("".join(piece.text for piece in self.pieces(name, dice, held_out=held_out)))

    def pieces(self, name: str, dice: random.Random, *, held_out: bool = False) -> list[Piece]:
        """Return one sentence as pieces that know their section."""
        while True:
            draw = Draw(self, dice, held_out=held_out)
            pieces = list(draw.expand(name, ()))
            if draw.used_kept_back or not held_out:
                return pieces

    def distinct(self, name: str, count: int, dice: random.Random, *, held_out: bool = False) -> list[str]:
        """Return up to `count` different sentences of the section `name`, in the order drawn."""
        sentences: dict[str, None] = {}
        for _ in range(count * 20):
            sentences[self.compose(name, dice, held_out=held_out)] = None
            if len(sentences) == count:
                break
        return list(sentences)


class Draw:
    """One expansion, or several about the same things: remembers bound names, and whether anything kept back was used."""

    def __init__(self, grammar: Grammar, dice: random.Random, *, held_out: bool) -> None:
        self.grammar = grammar
        self.dice = dice
        self.held_out = held_out
        self.used_kept_back = False
        self.bound: dict[str, str] = {}

    def expand(self, name: str, path: tuple[str, ...]) -> Iterator[Piece]:
        path = (*path, name)
        text = self.choose(name)
        end = 0
        for slot in _SLOT.finditer(text):
            if slot.start() > end:
                yield Piece(text[end : slot.start()], path)
            end = slot.end()
            yield from self.fill(slot, path)
        if end < len(text):
            yield Piece(text[end:], path)

    def fill(self, slot: re.Match[str], path: tuple[str, ...]) -> Iterator[Piece]:
        optional, name, variable = slot.groups()
        if optional and self.dice.random() < 0.5:
            return
        if not variable:
            yield from self.expand(name, path)
            return
        if variable not in self.bound:
            self.bound[variable] = "".join(piece.text for piece in self.expand(name, path))
        yield Piece(self.bound[variable], (*path, name), variable)

    def choose(self, name: str) -> str:
        if name in ("made_up", "Novel"):
            return made_up(self.dice).capitalize() if name == "Novel" else made_up(self.dice)
        section = self.grammar.sections[name]
        choices = section.training + section.kept_back if self.held_out else section.training
        index = self.dice.randrange(len(choices))
        # Kept-back alternatives are few: without this a held-out sentence would take many draws.
        if self.held_out and section.kept_back and self.dice.random() < 0.3:
            index = len(section.training) + self.dice.randrange(len(section.kept_back))
        self.used_kept_back |= index >= len(section.training)
        return choices[index]


def made_up(dice: random.Random) -> str:
    """Return an invented word of one to three syllables, so that models meet words they cannot know."""
    syllables = dice.choice((1, 2, 2, 3))
    return "".join(dice.choice(_ONSETS) + dice.choice(_VOWELS) + dice.choice(_CODAS) for _ in range(syllables))


def tidy(text: str) -> str:
    """Mend what composing leaves: doubled blanks, `a` before a vowel, blanks before punctuation."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([,.!?;:])(?= |$)", r"\1", text)
    return _BEFORE_VOWEL.sub(r"\1n ", text)


def _read_into(sections: dict[str, Section], path: Path) -> None:
    section, is_words = Section(), False
    for line in path.read_text(encoding="utf-8").splitlines():
        header = _HEADER.fullmatch(line.strip())
        if header:
            section, is_words = sections.setdefault(header[1], Section()), bool(header[2])
        elif line.strip() and not line.startswith("#"):
            _add(section, line, is_words=is_words)


def _add(section: Section, line: str, *, is_words: bool) -> None:
    text = line.removeprefix("~").strip()
    alternatives = [word.strip() for word in text.split(",") if word.strip()] if is_words else [text]
    (section.kept_back if line.startswith("~") else section.training).extend(alternatives)
