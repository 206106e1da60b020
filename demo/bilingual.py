"""Sentences in English and French at once, composed from a word list with the grammar that they need.

Some pairs of words (a noun with an adjective, a verb with its object) are kept back: no training sentence has them.
"""

import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from .grammar import tidy
from .lexicon import Adjective, Noun, Pair, Verb, Words, read_words

KEPT_BACK_IN = 8  # of so many pairs of words one is kept back

_ELIDED = re.compile(r"\b([LlJjNnDd]e|[Ll]a) (?=[aeiouhâéèêîœAEIOUÉ])")
_BE = {"je": "suis", "il": "est", "nous": "sommes", "vous": "êtes", "ils": "sont"}
_HAVE = {"je": "ai", "il": "a", "nous": "avons", "vous": "avez", "ils": "ont"}
_GO = {"je": "vais", "il": "va", "nous": "allons", "vous": "allez", "ils": "vont"}
_WANT = {"je": "veux", "il": "veut", "nous": "voulons", "vous": "voulez", "ils": "veulent"}
_CAN = {"je": "peux", "il": "peut", "nous": "pouvons", "vous": "pouvez", "ils": "peuvent"}
_MUST = {"je": "dois", "il": "doit", "nous": "devons", "vous": "devez", "ils": "doivent"}
_LIKE = {"je": "aime", "il": "aime", "nous": "aimons", "vous": "aimez", "ils": "aiment"}
_LIVE = {"je": "habite", "il": "habite", "nous": "habitons", "vous": "habitez", "ils": "habitent"}
_NUMBERS = (("two", "deux"), ("three", "trois"), ("four", "quatre"), ("five", "cinq"), ("six", "six"))
# English, masculine, feminine, plural; and what stands before a vowel instead.
_DETERMINERS = (
    ("the", "le", "la", "les"),
    ("the", "le", "la", "les"),
    ("my", "mon", "ma", "mes"),
    ("your", "votre", "votre", "vos"),
    ("our", "notre", "notre", "nos"),
    ("this", "ce", "cette", "ces"),
)
_BEFORE_VOWEL = {"ma": "mon", "ce": "cet", "beau": "bel", "vieux": "vieil", "nouveau": "nouvel"}
_VOWELS = "aeiouhâéèêîœ"


@dataclass(frozen=True)
class Subject:
    """Who does something; `person` is the French one."""

    english: str
    french: str
    person: str
    is_feminine: bool = False

    @property
    def takes_s(self) -> bool:
        return self.person == "il"


def compose(count: int, *, seed: int, held_out: bool = False) -> list[Pair]:
    """Return `count` different pairs; held-out ones have at least one pair of words that no training pair has.

    No sentence that is written by hand is among them.
    """
    found: dict[Pair, None] = {}
    by_hand = {pair.english for pair in read_words().handwritten}
    dice = random.Random(seed)
    while len(found) < count:
        draw = _Draw(read_words(), dice, held_out=held_out)
        pair = draw.sentence()
        if draw.used_kept_back == held_out and pair.english not in by_hand:
            found[pair] = None
    return list(found)


def finished(pair: Pair, *, mark: str = ".") -> Pair:
    """Return a pair of sentences with their capitals, their marks, and what French and English leave out or add."""
    french = _ELIDED.sub(lambda found: found[1][0] + "'", pair.french)
    return Pair(tidy(_capital(pair.english) + mark), _capital(" ".join(french.split())) + (" ?" if mark == "?" else mark))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_PRONOUNS = (
    Subject("I", "je", "je"),
    Subject("you", "vous", "vous"),
    Subject("he", "il", "il"),
    Subject("she", "elle", "il", is_feminine=True),
    Subject("we", "nous", "nous"),
    Subject("they", "ils", "ils"),
)


class _Draw:
    """One sentence: what it says is drawn, and whether a pair of words was used that is kept back."""

    def __init__(self, words: Words, dice: random.Random, *, held_out: bool) -> None:
        self.words = words
        self.dice = dice
        self.held_out = held_out
        self.used_kept_back = False

    def sentence(self) -> Pair:
        kinds: list[tuple[Callable[[], Pair], int]] = [
            (self.statement, 10),
            (self.description, 9),
            (self.denial, 4),
            (self.question, 4),
            (self.where, 2),
            (self.helped, 7),
            (self.presence, 3),
            (self.possession, 4),
            (self.position, 4),
            (self.about_oneself, 2),
            (self.phrase, 2),
        ]
        made = self.dice.choices([make for make, _ in kinds], [weight for _, weight in kinds])[0]
        return made()

    def phrase(self) -> Pair:
        return self.dice.choice(self.words.phrases)

    def statement(self) -> Pair:
        who, (verb, what) = self.subject(), self.action()
        english = f"{who.english} {verb.english[who.takes_s]} {what.english}"
        return finished(self.somewhere(Pair(english, f"{who.french} {verb.french[who.person]} {what.french}")))

    def denial(self) -> Pair:
        who, (verb, what) = self.subject(), self.action(any_one=False)
        english = f"{who.english} {'does' if who.takes_s else 'do'} not {verb.english[0]} {what.english}"
        return finished(self.somewhere(Pair(english, f"{who.french} ne {verb.french[who.person]} pas {what.french}")))

    def question(self) -> Pair:
        who, (verb, what) = self.subject(), self.action()
        english = f"{'does' if who.takes_s else 'do'} {who.english} {verb.english[0]} {what.english}"
        asked = "est-ce qu'" if who.french[0] in _VOWELS else "est-ce que "
        return finished(Pair(english, f"{asked}{who.french} {verb.french[who.person]} {what.french}"), mark="?")

    def helped(self) -> Pair:
        """I want to read, you can open, she must buy, he is going to sell, they like to draw."""
        who = self.subject()
        ways = (
            (f"{'wants' if who.takes_s else 'want'} to", "", _WANT),
            (f"{'likes' if who.takes_s else 'like'} to", "", _LIKE),
            (f"{_be(who)} going to", "", _GO),
            ("must", "", _MUST),
            ("can", "", _CAN),
            ("cannot", "not", _CAN),
        )
        english, is_denied, french = self.dice.choice(ways)
        verb, what = self.action(any_one=not is_denied)
        helper = f"ne {french[who.person]} pas" if is_denied else french[who.person]
        pair = Pair(
            f"{who.english} {english} {verb.english[0]} {what.english}",
            f"{who.french} {helper} {verb.french['to']} {what.french}",
        )
        return finished(self.somewhere(pair))

    def description(self) -> Pair:
        """Somebody or something is somehow, and perhaps something else too."""
        said = self.one_description()
        if self.dice.random() < 0.25:
            more = self.one_description()
            said = Pair(f"{said.english} and {more.english}", f"{said.french} et {more.french}")
        return finished(said)

    def one_description(self) -> Pair:
        if self.dice.random() < 0.3:
            who = self.dice.choice(_PRONOUNS)
            how = self.dice.choice([each for each in self.words.adjectives if "person" in each.kinds])
        else:
            noun = self.dice.choice(self.words.nouns)
            who = self.phrase_of(noun, plural=self.dice.random() < 0.35, adjectives=False)
            how = self.adjective_for(noun)
        is_denied = self.dice.random() < 0.15
        form = how.french[who.is_feminine + 2 * (who.person in ("nous", "ils"))]
        being = f"ne {_BE[who.person]} pas" if is_denied else _BE[who.person]
        return Pair(f"{who.english} {_be(who)} {'not ' if is_denied else ''}{how.english}", f"{who.french} {being} {form}")

    def where(self) -> Pair:
        noun = self.dice.choice(self.words.nouns)
        what = self.phrase_of(noun, plural=self.dice.random() < 0.3)
        return finished(Pair(f"where {_be(what)} {what.english}", f"où {_BE[what.person]} {what.french}"), mark="?")

    def presence(self) -> Pair:
        plural = self.dice.random() < 0.4
        what = self.phrase_of(self.dice.choice(self.words.nouns), plural=plural, determiner="number" if plural else "a")
        place = self.dice.choice(self.words.places)
        return finished(
            Pair(f"there {'are' if plural else 'is'} {what.english} {place.english}", f"il y a {what.french} {place.french}")
        )

    def position(self) -> Pair:
        noun = self.dice.choice([each for each in self.words.nouns if "place" not in each.kinds])
        determiner = self.dice.choice(("", "", "a"))
        what = self.phrase_of(noun, plural=not determiner and self.dice.random() < 0.3, determiner=determiner)
        place = self.dice.choice(self.words.places)
        return finished(Pair(f"{what.english} {_be(what)} {place.english}", f"{what.french} {_BE[what.person]} {place.french}"))

    def possession(self) -> Pair:
        who = self.subject()
        plural = self.dice.random() < 0.5
        noun = self.dice.choice([each for each in self.words.nouns if each.kinds & {"animal", "thing", "place"}])
        what = self.phrase_of(noun, plural=plural, determiner="number" if plural else "a")
        has = "has" if who.takes_s else "have"
        return finished(Pair(f"{who.english} {has} {what.english}", f"{who.french} {_HAVE[who.person]} {what.french}"))

    def about_oneself(self) -> Pair:
        name, city = self.dice.choice(self.words.names), self.dice.choice(self.words.cities)
        who = self.dice.choice(_PRONOUNS)
        lives = "lives" if who.takes_s else "live"
        home = Pair(f"{who.english} {lives} in {city.english}", f"{who.french} {_LIVE[who.person]} à {city.french}")
        called = Pair(f"my name is {name}", f"je m'appelle {name}")
        ways = (home, called, Pair(f"{called.english} and {home.english}", f"{called.french} et {home.french}"))
        return finished(self.dice.choice(ways))

    def somewhere(self, pair: Pair) -> Pair:
        """The same with where or when it happens, sometimes."""
        if self.dice.random() < 0.6:
            return pair
        more = self.dice.choice(self.words.places + self.words.times)
        return Pair(f"{pair.english} {more.english}", f"{pair.french} {more.french}")

    def subject(self) -> Subject:
        chance = self.dice.random()
        if chance < 0.55:
            return self.dice.choice(_PRONOUNS)
        if chance < 0.65:
            name = self.dice.choice(self.words.names)
            return Subject(name, name, "il")
        noun = self.dice.choice([each for each in self.words.nouns if each.kinds & {"person", "animal"}])
        return self.phrase_of(noun, plural=self.dice.random() < 0.35)

    def action(self, *, any_one: bool = True) -> tuple[Verb, Subject]:
        """A verb and what it is done to; without `any_one` not to some or other, which French denies in words of its own."""
        verb = self.dice.choice(self.words.verbs)
        fits = [each for each in self.words.nouns if each.kinds & verb.kinds and self.may_use(verb.english[0], each.english[0])]
        noun = self.dice.choice(fits)
        self.note(verb.english[0], noun.english[0])
        determiner = "a" if any_one and self.dice.random() < 0.3 else ""
        return verb, self.phrase_of(noun, plural=not determiner and self.dice.random() < 0.3, determiner=determiner)

    def phrase_of(self, noun: Noun, *, plural: bool, determiner: str = "", adjectives: bool = True) -> Subject:
        """A noun with what stands before and behind it."""
        english, french = [noun.english[plural]], [noun.french[plural]]
        if adjectives and self.dice.random() < 0.5:
            how = self.adjective_for(noun)
            form = how.french[noun.is_feminine + 2 * plural]
            english.insert(0, how.english)
            french.insert(0 if how.is_before else 1, form)
            if how.is_before and not plural:
                french[0] = _before(form, french[1])
        before = self.determiner(determiner, noun, plural=plural)
        french.insert(0, before.french if plural else _before(before.french, french[0]))
        english.insert(0, before.english)
        return Subject(" ".join(english), " ".join(french), "ils" if plural else "il", noun.is_feminine)

    def determiner(self, kind: str, noun: Noun, *, plural: bool) -> Pair:
        if kind == "a":
            return Pair("a", "une" if noun.is_feminine else "un")
        if kind == "number":
            return Pair(*self.dice.choice(_NUMBERS))
        english, *french = self.dice.choice(_DETERMINERS)
        return Pair("these" if plural and english == "this" else english, french[2 if plural else noun.is_feminine])

    def adjective_for(self, noun: Noun) -> Adjective:
        fits = [each for each in self.words.adjectives if each.kinds & noun.kinds and self.may_use(each.english, noun.english[0])]
        how = self.dice.choice(fits)
        self.note(how.english, noun.english[0])
        return how

    def may_use(self, *words: str) -> bool:
        return self.held_out or not _is_kept_back(*words)

    def note(self, *words: str) -> None:
        self.used_kept_back |= _is_kept_back(*words)


def _be(who: Subject) -> str:
    return {"je": "am", "il": "is"}.get(who.person, "are")


def _before(word: str, following: str) -> str:
    return _BEFORE_VOWEL.get(word, word) if following[0] in _VOWELS else word


def _is_kept_back(*words: str) -> bool:
    return zlib.crc32(" ".join(words).encode()) % KEPT_BACK_IN == 0
