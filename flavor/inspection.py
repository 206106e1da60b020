"""What an artifact says about itself without being loaded: facts for people, and why it could not be tried here.

Standard library and YAML only; nothing here imports torch, transformers or MLflow, and no content makes it raise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from . import cards
from .artifact_code import code_problem
from .artifact_files import CONFIG, MLMODEL, ArtifactFiles, FileEntry, Read, Unreadable, local_files
from .artifact_weights import read_weights, weights_problem
from .flavor_config import FlavorConfig
from .licenses import UNKNOWN
from .mlmodel_schema import example_of, signature_of
from .plain_data import as_dict, as_list, as_text
from .tasks import all_tasks, find_task

__all__ = ["Facts", "FileEntry", "Read", "chat_template_in", "local_reader", "read_facts"]

MERGED_FROM = "merged_from"  # the key of the metadata of a model that was merged, see `merging.py`

_TOKENIZER_FOLDERS = ("components/tokenizer", "components/processor", "model", "peft")


@dataclass
class Facts:
    """What is known of an artifact. Empty means unknown; `problem` says in a sentence why it cannot be tried here."""

    task: str = ""
    architecture: str = ""
    parameter_count: int | None = None
    dtype: str = ""
    size_bytes: int | None = None
    license: str = ""
    base_model: str = ""
    transformers_version: str = ""
    card: str = ""
    card_data: dict[str, Any] = field(default_factory=dict)
    signature: dict[str, Any] | None = None
    input_example: Any = None
    prompt_template: str = ""
    chat_template: str = ""
    model_config: dict[str, Any] = field(default_factory=dict)
    mlmodel: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""


def local_reader(folder: str | Path) -> tuple[list[FileEntry], Read]:
    """Return the files of a folder on this machine and how to read them, as `read_facts` takes them."""
    return local_files(folder)


def read_facts(files: Sequence[FileEntry], read: Read) -> Facts:
    """Return the facts of an artifact from its files.

    `read(path, limit)` returns the first `limit` bytes of a file (all when None), or None when it cannot be had cheaply.
    Raises nothing for bad content: the first thing wrong with it is `problem`.
    """
    return _Inspection(ArtifactFiles(files, read)).facts()


def chat_template_in(files: ArtifactFiles, attempt: Callable[[Callable[[], Any]], Any] = lambda read: read()) -> str:
    """Return the chat template of an artifact's tokenizer or processor: a file of its own, or a key of its configuration.

    `attempt` calls what reads a file. Raises Unreadable where `attempt` lets it.
    """
    for folder in _TOKENIZER_FOLDERS:
        template = attempt(partial(files.text, f"{folder}/chat_template.jinja"))
        for name in ("chat_template.json", "tokenizer_config.json"):
            said = attempt(partial(files.json, f"{folder}/{name}")) if not template else None
            template = template or _default_template(as_dict(said).get("chat_template"))
        if template:
            return template
    return ""


class _Inspection:
    """One look at one artifact; what cannot be read leaves its facts empty and the rest goes on."""

    def __init__(self, files: ArtifactFiles) -> None:
        self.files = files
        self.problems: list[str] = []

    def facts(self) -> Facts:
        found = Facts(
            files=[{"path": each.path, "size_bytes": each.size_bytes} for each in self.files.entries],
            size_bytes=sum(each.size_bytes for each in self.files.entries),
            mlmodel=self._try(partial(self.files.text, MLMODEL)) or "",
        )
        mlmodel = as_dict(self._try(partial(self.files.yaml, MLMODEL)))
        config = FlavorConfig.read(mlmodel)
        self._say_what_it_is(found, mlmodel, config)
        self._say_what_it_weighs(found, config)
        self._say_how_it_is_called(found, mlmodel, config)
        self._say_what_its_card_says(found, mlmodel, config)
        found.problem = self._problem(found, config)
        return found

    def _say_what_it_is(self, found: Facts, mlmodel: dict[str, Any], config: FlavorConfig) -> None:
        task = find_task(config.task)
        found.task = task.name if task else config.task[:100]
        found.transformers_version = config.transformers_version[:40]
        model = as_dict(self._try(lambda: self.files.json(f"{config.model_folder}/{CONFIG}")))
        architectures = as_list(model.get("architectures"))
        found.architecture = (config.model_type or as_text(next(iter(architectures), "")))[:200]

    def _say_what_it_weighs(self, found: Facts, config: FlavorConfig) -> None:
        tensors = self._try(lambda: read_weights(self.files, config))
        found.parameter_count = tensors.parameter_count if tensors else config.parameter_count
        found.dtype = ((tensors and tensors.dtype) or config.dtype)[:40]

    def _say_how_it_is_called(self, found: Facts, mlmodel: dict[str, Any], config: FlavorConfig) -> None:
        found.signature = self._try(lambda: signature_of(mlmodel))
        found.input_example = self._try(lambda: example_of(mlmodel, self.files))
        found.prompt_template = config.prompt.shown if config.prompt else ""
        found.chat_template = chat_template_in(self.files, self._try)
        found.model_config = config.model_config

    def _say_what_its_card_says(self, found: Facts, mlmodel: dict[str, Any], config: FlavorConfig) -> None:
        card = self._try(lambda: cards.split(self.files.text(cards.CARD), cards.CARD))
        data, found.card = card or ({}, "")
        found.card_data = as_dict(self._try(lambda: self.files.yaml(cards.CARD_DATA))) or data
        declared = cards.license_of(found.card_data) or config.license
        found.license = "" if declared == UNKNOWN else declared[:100]
        adapter = as_dict(self._try(lambda: self.files.json(f"{config.adapter_folder}/adapter_config.json")))
        found.base_model = (
            config.base_name
            or base_of_merged(mlmodel)
            or as_text(adapter.get("base_model_name_or_path"))
            or cards.base_model_of(found.card_data)
        )[:500]

    def _problem(self, found: Facts, config: FlavorConfig) -> str:
        """The first reason for which it cannot be tried here, empty when there is none."""
        return (
            self._what_is_no_model(config)
            or self._unknown_task(found.task)
            or self._missing_config(config)
            or weights_problem(self.files, config)
            or code_problem(self.files, config)
            or next(iter(self.problems), "")
        )

    def _what_is_no_model(self, config: FlavorConfig) -> str:
        if MLMODEL not in self.files:
            return "There is no MLmodel file, so this is no logged model."
        if not config.is_transformers:
            flavors = ", ".join(config.flavors) or "none"
            return (
                next(iter(self.problems), "") or f"This is no Transformers model (its flavors: {flavors}); it is shown, not run."
            )
        return ""

    def _unknown_task(self, task: str) -> str:
        if find_task(task):
            return ""
        known = ", ".join(each.name for each in all_tasks())
        return f"Its task {task!r} is not known here; known are {known}."

    def _missing_config(self, config: FlavorConfig) -> str:
        path = f"{config.model_folder}/{CONFIG}"
        if config.has_own_weights and path not in self.files:
            return f"{path} is missing; log the model again from a folder that has it."
        return ""

    def _try(self, read: Any) -> Any:
        """Return what `read` returns; None and a problem when a file is not what it should be."""
        try:
            return read()
        except Unreadable as error:
            if str(error) not in self.problems:
                self.problems.append(str(error))
            return None


def base_of_merged(mlmodel: dict[str, Any]) -> str:
    """Return the base into which adapters were merged, empty for any other model."""
    return as_text(as_dict(as_dict(mlmodel.get("metadata")).get(MERGED_FROM)).get("base"))


def _default_template(said: Any) -> str:
    """A chat template is a text, or a list of named ones."""
    if isinstance(said, list):
        named = {as_text(as_dict(each).get("name")): as_dict(each).get("template") for each in said}
        said = named.get("default") or next(iter(named.values()), "")
    return as_text(said)
