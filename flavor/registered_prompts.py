"""Prompts of MLflow's registry as prompt templates: `prompts:/name/3`, or `prompts:/name@alias`, which may point elsewhere later.

The registry writes `{{name}}` for a variable. Here it becomes `{name}`; all other braces stay what they are.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from . import prompt_templates
from .errors import FlavorError, RegistryUnavailable
from .flavor_config import Prompt
from .prompt_templates import PROMPT, SCHEME
from .tasks import Task
from .tasks._base import InvalidInput, Kind, Row

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0  # MLflow alone would try for minutes
FRESH_S = 60.0  # for so long an alias that a request named points where it pointed

_ADDRESS = re.compile(rf"{SCHEME}([A-Za-z0-9_.\-]+)(?:/(\d+)|@([A-Za-z0-9_.\-]+))")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}", re.ASCII)  # MLflow's own rule


def named(given: Any, *, field: str = "prompt_template") -> Prompt | None:
    """Return the prompt at an address, or the text that is one; None for nothing. Raises InvalidInput, RegistryUnavailable."""
    if given is None or isinstance(given, Prompt):
        return given
    if prompt_templates.is_address(given):
        return resolve(given, field=field)
    return Prompt(text=prompt_templates.check(given, field=field))


def resolve(address: str, *, field: str = "prompt_template") -> Prompt:
    """Return the prompt at an address, as a template.

    Raises InvalidInput naming what is wrong with the address or the prompt, RegistryUnavailable after PATIENCE_S.
    """
    from mlflow import MlflowClient  # heavy: so not on the clock

    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise InvalidInput(field, f"{field} must be prompts:/<name>/<version> or prompts:/<name>@<alias>, got {address!r}.")
    name, number, alias = match.groups()
    if not _is_registry_known():
        raise RegistryUnavailable(f"{address} is in MLflow's registry, and nobody said where that is; set MLFLOW_TRACKING_URI.")
    found = _in_time(lambda: _fetch(MlflowClient(), name, number, alias), address=address, field=field)
    return _as_template(address, found, field)


def of_request(asked: str, *, field: str = "params.prompt_template") -> Any:
    """Return the template that a request says, or names by an address. Raises InvalidInput, RegistryUnavailable."""
    return _recalled(asked, field) if prompt_templates.is_address(asked) else prompt_templates.check(asked, field=field)


def check_fits(template: Any, task: Task, pipeline: Any, *, field: str = "prompt_template") -> Any:
    """Return a template that a loaded model can take. Raises InvalidInput for a chat where there is no chat template."""
    holders = [getattr(pipeline, name, None) for name in ("tokenizer", "processor")]
    reads_chats = any(each.kind is Kind.MESSAGES for each in task.inputs)
    if isinstance(template, list) and not (reads_chats and any(getattr(each, "chat_template", None) for each in holders)):
        raise InvalidInput(field, f"{field} is a chat, and this model has no chat template to read one by; name a text.")
    return template


def _recalled(address: str, field: str) -> Any:
    """A prompt is remembered, one behind an alias for a minute: rows of a batch do not ask each for itself."""
    with _lock:
        known = _remembered.get(address)
    if known is None or (known[0].is_moving and time.monotonic() - known[1] > FRESH_S):
        known = (resolve(address, field=field), time.monotonic())
        with _lock:
            _remembered[address] = known
    return known[0].template


_lock = threading.Lock()
_remembered: dict[str, tuple[Prompt, float]] = {}


def settled(asked: Prompt | None, logged: Prompt | None, task: Task, pipeline: Any) -> Prompt | None:
    """Return the prompt that a model is loaded with: the one asked for, else the logged one, an alias followed to its version.

    Where the registry cannot be asked, or has a prompt now that this model cannot use, what was logged is used and the log
    says so. A version never changes, so nobody is asked for one. Raises InvalidInput for a prompt that was asked for.
    """
    if asked is not None:
        check_fits(asked.template, task, pipeline)
    if asked is not None or logged is None or not logged.is_moving:
        return asked or logged
    try:
        found = resolve(logged.uri)
        check_fits(found.template, task, pipeline)
    except (FlavorError, InvalidInput) as error:
        logger.warning("%s is used as it was when the model was logged, %s: %s", logged.uri, logged.version, error)
        return logged
    return found


def _is_registry_known() -> bool:
    """Whether MLflow was told where its registry is, or has one in the current folder; asking would make it one there."""
    from mlflow import get_registry_uri, is_tracking_uri_set  # heavy
    from mlflow.environment_variables import MLFLOW_REGISTRY_URI

    return is_tracking_uri_set() or bool(MLFLOW_REGISTRY_URI.get()) or Path(unquote(urlparse(get_registry_uri()).path)).exists()


def _fetch(client: "MlflowClient", name: str, number: str | None, alias: str | None) -> Any:
    """Ask by what only reads: MLflow's `load_prompt` would link the prompt to the active experiment."""
    return client.get_prompt_version(name, number) if number else client.get_prompt_version_by_alias(name, alias)


def _in_time(ask: Callable[[], Any], *, address: str, field: str) -> Any:
    """Return what `ask` returns, from a thread that is left alone when it takes too long."""
    answers: Queue[Any] = Queue()

    def run() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001  whatever it is, it is the answer
            answers.put(error)

    threading.Thread(target=run, name="flavor-prompt", daemon=True).start()
    try:
        answer = answers.get(timeout=PATIENCE_S)
    except Empty:
        raise RegistryUnavailable(f"MLflow's registry did not answer for {address} within {PATIENCE_S:g} s.") from None
    if answer is None or isinstance(answer, Exception):
        raise _said(answer, address, field) from answer
    return answer


def _said(error: Exception | None, address: str, field: str) -> Exception:
    from mlflow.exceptions import MlflowException  # heavy

    text = next(iter(str(getattr(error, "message", None) or error or "no such prompt").splitlines()), "")[:300].rstrip(".")
    known = getattr(error, "error_code", "RESOURCE_DOES_NOT_EXIST")
    if error is not None and not (isinstance(error, MlflowException) and known in _UNKNOWN):
        return RegistryUnavailable(f"MLflow's registry gave no answer for {address}: {text}.")
    return InvalidInput(
        field,
        f"{field} names {address}, which MLflow's registry does not have: {text}. Register it with "
        "mlflow.genai.register_prompt, or set the alias with mlflow.genai.set_prompt_alias.",
    )


_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "INVALID_PARAMETER_VALUE")


def _as_template(address: str, found: Any, field: str) -> Prompt:
    version = f"{SCHEME}{found.name}/{found.version}"
    given = found.template
    texts = [given] if isinstance(given, str) else [_content(each, version, field) for each in given]
    stands_for = _variable_of_input("\n".join(texts), version, field)
    singles = [_single_braced(text, stands_for) for text in texts]
    if isinstance(given, str):
        return Prompt(address, version, text=prompt_templates.check(singles[0], field=field))
    messages = [{"role": str(each["role"]), "content": text} for each, text in zip(given, singles, strict=True)]
    return Prompt(address, version, messages=tuple(prompt_templates.check(messages, field=field)))


def _content(message: Row, version: str, field: str) -> str:
    if not isinstance(message.get("content"), str):
        raise InvalidInput(field, f"{version} has a message whose content is no text; a prompt template is made of texts.")
    return str(message["content"])


def _variable_of_input(text: str, version: str, field: str) -> str:
    """Return the variable in whose place the input is put: `prompt`, or the only one that there is."""
    if "{%" in text or "{#" in text:
        raise InvalidInput(field, f"{version} is a Jinja template; only {{{{variables}}}} are filled in.")
    names = list(dict.fromkeys(_VARIABLE.findall(text)))
    dotted = [name for name in names if "." in name]
    if dotted:
        raise InvalidInput(field, f"{version} has a variable {dotted[0]!r}; a name here has no dot.")
    if PROMPT in names:
        return PROMPT
    if len(names) == 1:
        return names[0]
    found = f"its variables are {', '.join(names)}" if names else "it has no variable"
    raise InvalidInput(field, f"{version} does not say where the input goes: {found}, none of them {{{{{PROMPT}}}}}.")


def _single_braced(text: str, stands_for: str) -> str:
    """Return a text of the registry as one of ours; other braces are doubled, so that they stay what they are."""
    pieces, end = [], 0
    for match in _VARIABLE.finditer(text):
        pieces += [_doubled(text[end : match.start()]), f"{{{PROMPT if match[1] == stands_for else match[1]}}}"]
        end = match.end()
    return "".join([*pieces, _doubled(text[end:])])


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
