"""The blocks of an MLmodel file that describe a Transformers model: read what any MLflow wrote, write what stock reads.

`transformers` has stock's keys (mlflow/transformers/flavor_config.py), so that stock opens what we write.
`flavor` is ours: `format: 1` and what stock has no key for. Standard library only.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from .plain_data import as_dict, as_list, as_text

TRANSFORMERS = "transformers"
PYFUNC = "python_function"
OURS = "flavor"
FORMAT = 1

MODEL_FOLDER = "model"
LEGACY_MODEL_FOLDER = "pipeline"  # before MLflow 2.4.1
COMPONENTS_FOLDER = "components"
ADAPTER_FOLDER = "peft"
PROCESSOR = "processor"

_FOLDER = re.compile(r"\w[\w.\-]*(/\w[\w.\-]*)*", re.ASCII)


@dataclass(frozen=True)
class Base:
    """The base of an adapter, by every name under which it may be found again."""

    uri: str = ""  # "models:/m-…": a logged model
    version: str = ""  # "models:/sentiment/1", for people
    hub_id: str = ""
    revision: str = ""
    path: str = ""  # of its folder with config.json when the adapter was logged
    weights_hash: str = ""  # of its safetensors files, see `weights.py`

    @property
    def name(self) -> str:
        """The name to show."""
        return self.version or self.uri or self.hub_id or self.path


@dataclass(frozen=True)
class Prompt:
    """A prompt template: a text or the messages of a chat; and where MLflow's registry has it, when it is from there."""

    uri: str = ""  # as it was named: "prompts:/qa@production"
    version: str = ""  # "prompts:/qa/3": what that was
    text: str = ""
    messages: tuple[dict[str, str], ...] = ()

    @property
    def template(self) -> Any:
        return list(self.messages) or self.text

    @property
    def shown(self) -> str:
        """The template for people; a chat as its messages, one after another."""
        return self.text or "\n\n".join(f"{each['role']}: {each['content']}" for each in self.messages)

    @property
    def is_moving(self) -> bool:
        """Whether its address may lead to another version later."""
        return "@" in self.uri


@dataclass(frozen=True)
class FlavorConfig:
    """What an MLmodel file says about its Transformers model. Empty means: not said."""

    task: str = ""
    inference_task: str = ""  # "llm/v1/chat": the protocol in which MLflow's door is spoken to
    instance_type: str = ""  # class of the pipeline
    model_type: str = ""  # class of the model; for an adapter, of its base
    torch_dtype: str = ""  # "torch.float32"
    components: dict[str, str] = field(default_factory=dict)  # name to class, processor included
    model_binary: str = ""
    source_name: str = ""
    revision: str = ""
    component_sources: dict[str, tuple[str, str]] = field(default_factory=dict)  # name to Hub id and commit
    adapter_folder: str = ""
    adapters: tuple[str, ...] = ()
    active_adapter: str = ""
    base: Base | None = None
    base_answers: bool = True  # False where an adapter's base has no head of its own
    labels: dict[str, Any] = field(default_factory=dict)  # of an adapter's own head, where the base has others
    quantization: dict[str, Any] = field(default_factory=dict)  # how an adapter's base is packed when it is loaded
    code: str | None = None
    transformers_version: str = ""

    model_config: dict[str, Any] = field(default_factory=dict)
    prompt: Prompt | None = None
    param_defaults: tuple[dict[str, Any], ...] = ()  # the signature's params

    parameter_count: int | None = None
    dtype: str = ""  # of most parameters, "float32"
    license: str = ""
    license_source: str = ""
    card: dict[str, Any] = field(default_factory=dict)  # where it comes from, or why there is none
    weights_hash: str = ""
    content_hash: str = ""
    output: str = "rich"
    loader_package: str = ""  # our copy below code/
    versions: dict[str, str] = field(default_factory=dict)

    flavors: tuple[str, ...] = ()

    @classmethod
    def read(cls, mlmodel: dict[str, Any]) -> "FlavorConfig":
        """Return what an MLmodel file says; what has a wrong shape counts as not said."""
        flavors = as_dict(mlmodel.get("flavors"))
        stock, ours = as_dict(flavors.get(TRANSFORMERS)), as_dict(flavors.get(OURS))
        pyfunc = as_dict(flavors.get(PYFUNC))
        return cls(
            **_read_stock(stock, pyfunc),
            **_read_ours(ours),
            base=_read_base(stock, ours),
            model_config=as_dict(pyfunc.get("config")),
            prompt=_read_prompt(mlmodel, ours),
            flavors=tuple(map(str, flavors)),
        )

    @property
    def is_transformers(self) -> bool:
        return TRANSFORMERS in self.flavors

    @property
    def has_own_weights(self) -> bool:
        """Whether model weights lie in the artifact; else they are a base, or on the Hub."""
        return bool(self.model_binary) or not (self.revision or self.base)

    @property
    def model_folder(self) -> str:
        return self.model_binary or (MODEL_FOLDER if not self.has_own_weights else LEGACY_MODEL_FOLDER)

    @property
    def base_name(self) -> str:
        return self.base.name if self.base else (self.source_name if self.adapter_folder and not self.model_binary else "")

    def transformers_block(self) -> dict[str, Any]:
        """Return the block with stock's keys; an absent key means something to stock, so nothing is written as null."""
        block: dict[str, Any] = {
            "transformers_version": self.transformers_version,
            "code": self.code,
            "task": self.task,
            "instance_type": self.instance_type,
            "pipeline_model_type": self.model_type,
            "source_model_name": self.source_name,
            "components": [name for name in self.components if name != PROCESSOR],
            **{f"{name}_type": kind for name, kind in self.components.items()},
        }
        said = {
            "inference_task": self.inference_task,
            "torch_dtype": self.torch_dtype,
            "model_binary": self.model_binary,
            "source_model_revision": "" if self.model_binary else self.revision,
            "peft_adaptor": self.adapter_folder,
            "local_base_model_path": self.base.path if self.base and not self.revision and not self.model_binary else "",
        }
        for name, (hub_id, revision) in self._component_sources_for_stock().items():
            said |= {f"{name}_name": hub_id, f"{name}_revision": revision}
        return block | {key: value for key, value in said.items() if value}

    def _component_sources_for_stock(self) -> dict[str, tuple[str, str]]:
        """Where stock finds components: with weights on the Hub it reads none from the artifact, where they lie all the same."""
        base = {} if self.model_binary or not self.revision else dict.fromkeys(self.components, (self.source_name, self.revision))
        return base | self.component_sources

    def flavor_block(self) -> dict[str, Any]:
        """Return our own block; absolute paths stay out of it, but for a base's."""
        base = {key: value for key, value in vars(self.base).items() if value} if self.base else None
        said = {
            "parameter_count": self.parameter_count,
            "dtype": self.dtype,
            "license": self.license,
            "license_source": self.license_source,
            "card": dict(self.card),
            "weights_hash": self.weights_hash,
            "content_hash": self.content_hash,
            "output": self.output,
            "loader_package": self.loader_package,
            "adapters": list(self.adapters),
            "active_adapter": self.active_adapter,
            "revision": self.revision,
            "base": base,
            "prompt": _written_prompt(self.prompt),
            "base_answers": None if self.base_answers else False,
            "labels": dict(self.labels),
            "quantization": dict(self.quantization),
            "versions": dict(self.versions),
        }
        return {"format": FORMAT} | {key: value for key, value in said.items() if value not in (None, "", [], {})}


def _read_stock(stock: dict[str, Any], pyfunc: dict[str, Any]) -> dict[str, Any]:
    names = [as_text(name) for name in as_list(stock.get("components"))]
    if stock.get("processor_type"):
        names.append(PROCESSOR)
    sources = {name: (as_text(stock.get(f"{name}_name")), as_text(stock.get(f"{name}_revision"))) for name in names}
    return {
        "task": as_text(stock.get("task")),
        "inference_task": as_text(stock.get("inference_task")),
        "instance_type": as_text(stock.get("instance_type")),
        "model_type": as_text(stock.get("pipeline_model_type")),
        "torch_dtype": as_text(stock.get("torch_dtype")),
        "components": {name: as_text(stock.get(f"{name}_type")) for name in names if _FOLDER.fullmatch(name)},
        "model_binary": _folder(stock.get("model_binary") or pyfunc.get("model_binary")),
        "source_name": as_text(stock.get("source_model_name")),
        "revision": as_text(stock.get("source_model_revision")),
        "component_sources": {name: source for name, source in sources.items() if source[0]},
        "adapter_folder": _folder(stock.get("peft_adaptor")),
        "code": as_text(stock.get("code")) or None,
        "transformers_version": as_text(stock.get("transformers_version")),
    }


def _read_ours(ours: dict[str, Any]) -> dict[str, Any]:
    count = ours.get("parameter_count")
    return {
        "parameter_count": count if isinstance(count, int) else None,
        "dtype": as_text(ours.get("dtype")),
        "license": as_text(ours.get("license")),
        "license_source": as_text(ours.get("license_source")),
        "card": as_dict(ours.get("card")),
        "weights_hash": as_text(ours.get("weights_hash")),
        "content_hash": as_text(ours.get("content_hash")),
        "output": as_text(ours.get("output")) or "rich",
        "loader_package": _folder(ours.get("loader_package")),
        "adapters": tuple(as_text(each) for each in as_list(ours.get("adapters"))),
        "active_adapter": as_text(ours.get("active_adapter")),
        "base_answers": ours.get("base_answers") is not False,
        "labels": as_dict(ours.get("labels")),
        "quantization": as_dict(ours.get("quantization")),
        "versions": {str(name): as_text(version) for name, version in as_dict(ours.get("versions")).items()},
    }


def _read_base(stock: dict[str, Any], ours: dict[str, Any]) -> Base | None:
    said = as_dict(ours.get("base"))
    known = {name: as_text(said.get(name)) for name in Base.__dataclass_fields__}
    known["path"] = as_text(stock.get("local_base_model_path")) or known["path"]
    return Base(**known) if any(known.values()) else None


def _read_prompt(mlmodel: dict[str, Any], ours: dict[str, Any]) -> Prompt | None:
    said = as_dict(ours.get("prompt"))
    messages = [as_dict(each) for each in as_list(said.get("messages"))]
    found = Prompt(
        uri=as_text(said.get("uri")),
        version=as_text(said.get("version")),
        text=as_text(as_dict(mlmodel.get("metadata")).get("prompt_template")),
        messages=tuple({"role": as_text(each.get("role")), "content": as_text(each.get("content"))} for each in messages),
    )
    return found if found.template else None


def _written_prompt(prompt: Prompt | None) -> dict[str, Any]:
    """What stock has no key for: where the prompt is registered, and a chat; a text is in MLmodel's metadata."""
    said = {"uri": prompt.uri, "version": prompt.version, "messages": list(prompt.messages)} if prompt else {}
    return {key: value for key, value in said.items() if value}


def _folder(value: Any) -> str:
    """Return a folder's name within the artifact, empty when it leads anywhere else."""
    text = as_text(value)
    return text if _FOLDER.fullmatch(text) else ""
