"""Prompt templates: text with `{prompt}` and, as an extension, other named variables; or a chat of such texts.

A template that `str.format` can read means what it means there, so `{{` is one brace, as in stock.
In any other, such as one that holds JSON, a brace that is not around a variable's name is just a brace.
"""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from .tasks._base import InvalidInput, Row

PROMPT = "prompt"
SCHEME = "prompts:/"
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_AS_IN_FORMAT = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)(![rsa])?(:[^{}]*)?\}")


def variables(template: str) -> tuple[str, ...]:
    """Return the names of the template's variables in order, each once."""
    return tuple(dict.fromkeys(_occurrences(template)))


def is_address(given: Any) -> bool:
    """Whether what was given as a template is the address of one in MLflow's registry, see `registered_prompts.py`."""
    return isinstance(given, str) and given.startswith(SCHEME)


def check(template: Any, *, field: str = "prompt_template") -> Any:
    """Return `template`, a text or the messages of a chat, when it has exactly one `{prompt}`, in a chat the user's.

    Raises InvalidInput saying what was found.
    """
    if isinstance(template, list):
        check("\n".join(each["content"] for each in template), field=field)
        if template[_place(template)]["role"] != "user":
            raise InvalidInput(field, f"{field} must have {{prompt}} in a message of the user, where the input is put.")
        return template
    if not isinstance(template, str):
        raise InvalidInput(field, f"{field} must be a text with {{prompt}} in it, got {type(template).__name__}.")
    count = _occurrences(template).count(PROMPT)
    if count != 1:
        found = "none" if count == 0 else f"it {count} times"
        raise InvalidInput(field, f"{field} must hold {{prompt}} exactly once; found {found} in {_shortened(template)!r}.")
    return template


def fill(template: str, prompt: str, values: Mapping[str, Any] | None = None) -> str:
    """Return `template` with its variables replaced; braces inside the values are left alone.

    Raises InvalidInput naming a variable that has no value.
    """
    given = {**(values or {}), PROMPT: prompt}
    for name in variables(template):
        if name not in given:
            raise InvalidInput(f"params.prompt_variables.{name}", f"the prompt template needs a value for {{{name}}}.")
    return _pattern(template).sub(lambda match: _put(match, given), template)


def put_around(template: Any, row: Row, values: Mapping[str, Any] | None = None, *, field: str) -> Row:
    """Return a copy of a row as the template makes it: its text `field` or the user's last message filled in.

    Where the template is a chat, a row with a text becomes one. Raises InvalidInput naming a variable that has no value.
    """
    messages = row.get("messages")
    if isinstance(template, list):
        said = messages or [{"role": "user", "content": row[field]}]
        rest = {name: value for name, value in row.items() if name != field}
        return {**rest, "messages": fill_chat(template, said, values)}
    if messages:
        return {**row, "messages": fill_messages(template, messages, values)}
    return {**row, field: fill(template, row[field], values)}


def fill_chat(template: list[Row], messages: list[Row], values: Mapping[str, Any] | None = None) -> list[Row]:
    """Return `messages` with the chat around them: what comes before `{prompt}` first, the rest around the user's last message.

    A system message of the request goes before the template's own.
    """
    last, place = _last_of_user(messages), _place(template)
    own = [each for each in messages[:last] if each["role"] == "system"]
    said = [each for each in messages[:last] if each["role"] != "system"]
    opening = [each for each in template[:place] if not own or each["role"] != "system"]
    content = _filled(template[place]["content"], messages[last].get("content"), values, where=f"messages[{last}]")
    opened, closed = ([_spoken(each, values) for each in part] for part in (opening, template[place + 1 :]))
    return [*own, *opened, *said, {**messages[last], "content": content}, *closed, *messages[last + 1 :]]


def fill_messages(template: str, messages: list[Row], values: Mapping[str, Any] | None = None) -> list[Row]:
    """Return a copy of `messages` whose last message of the user is wrapped by `template`.

    The chat template is rendered afterwards: wrapping what it renders would put text before its first token.
    """
    last = _last_of_user(messages)
    wrapped = {**messages[last], "content": _filled(template, messages[last].get("content"), values, where=f"messages[{last}]")}
    return [*messages[:last], wrapped, *messages[last + 1 :]]


def _last_of_user(messages: list[Row]) -> int:
    last = max((number for number, each in enumerate(messages) if each["role"] == "user"), default=None)
    if last is None:
        raise InvalidInput("messages", "the prompt template wraps the user's last message, and there is no message of the user.")
    return last


def _place(template: list[Row]) -> int:
    """Which message of a chat has `{prompt}`."""
    return next(number for number, each in enumerate(template) if PROMPT in variables(each["content"]))


def _spoken(message: Row, values: Mapping[str, Any] | None) -> Row:
    return {**message, "content": fill(message["content"], "", values)}


def _filled(template: str, content: Any, values: Mapping[str, Any] | None, *, where: str) -> Any:
    """A text wrapped; of parts, the one that is a text."""
    if isinstance(content, str):
        return fill(template, content, values)
    parts = content if isinstance(content, list) else []
    texts = [place for place, part in enumerate(parts) if isinstance(part.get("text"), str)]
    if len(texts) != 1:
        raise InvalidInput("messages", f"{where}.content must have one text for the prompt template to wrap, got {len(texts)}.")
    wrapped = {**parts[texts[0]], "text": fill(template, parts[texts[0]]["text"], values)}
    return [*parts[: texts[0]], wrapped, *parts[texts[0] + 1 :]]


def _occurrences(template: str) -> list[str]:
    return [match[1] for match in _pattern(template).finditer(template) if match[1]]


def _put(match: re.Match[str], given: Mapping[str, Any]) -> str:
    """What stands in the place of a variable, written as `str.format` would, or of a doubled brace."""
    name, *how = match.groups()
    if not name:
        return match[0][0]
    form = "".join(part or "" for part in how)
    try:
        return f"{{0{form}}}".format(given[name]) if form else str(given[name])
    except ValueError as error:
        raise InvalidInput("prompt_template", f"prompt_template cannot show {name} as {form!r}: {error}.") from error


def _pattern(template: str) -> re.Pattern[str]:
    try:
        fields = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError:  # a brace that is never closed
        return _VARIABLE
    return _AS_IN_FORMAT if all(name.isidentifier() for name in fields) else _VARIABLE


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
