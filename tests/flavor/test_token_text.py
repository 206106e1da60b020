import pytest

from flavor.token_text import TokenText, decode
from tests import tiny_models

TOKENIZER = tiny_models.byte_tokenizer()


def pieces_of(text: str | bytes, stops: tuple[str, ...] = ()) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    alphabet = {TOKENIZER.decode([number]): number for number in range(3, 259)}
    ids = (
        [alphabet[chr(byte)] for byte in content] if content.isascii() else TOKENIZER(text, add_special_tokens=False)["input_ids"]
    )
    growing = TokenText(TOKENIZER, stops)
    return [growing.push(number) for number in ids] + [growing.finish()]


@pytest.mark.parametrize("text", ["plain", "  two  spaces \n", "naïve 😀👍🏽 日本語", "é"])
def test_pieces_are_the_text_and_never_half_a_character(text: str) -> None:
    pieces = pieces_of(text)
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_bytes_that_are_no_character_come_at_the_end() -> None:
    growing = TokenText(TOKENIZER)
    ids = TOKENIZER("é", add_special_tokens=False)["input_ids"][:1]
    assert growing.push(ids[0]) == ""
    assert growing.finish() == "\ufffd"


def test_a_stop_text_is_cut_even_when_it_comes_in_pieces() -> None:
    assert "".join(pieces_of("one\n\ntwo", ("\n\n",))) == "one"


def test_what_only_looks_like_a_stop_text_is_shown_late_but_shown() -> None:
    pieces = pieces_of("one\ntwo\n", ("\n\n",))
    assert "".join(pieces) == "one\ntwo\n"
    assert pieces[3] == ""
    assert pieces[-1] == "\n"


def test_the_first_of_several_stop_texts_counts() -> None:
    assert "".join(pieces_of("abcdef", ("de", "cd"))) == "ab"


def test_a_word_that_continues_a_prompt_keeps_its_space() -> None:
    tokenizer = tiny_models.word_tokenizer()
    before, ids = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("the soup", "is cold"))
    growing = TokenText(tokenizer, before=before)
    assert "".join([growing.push(number) for number in ids] + [growing.finish()]) == " is cold"
    assert decode(tokenizer, ids, before) == " is cold"
    assert decode(tokenizer, ids) == "is cold"
