"""One artifact written: the source's files, and around them what MLflow, stock and we need to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import cards, registered_prompts, requirements, self_copy
from .artifact_code import CODE
from .artifact_files import ArtifactFiles, local_files
from .artifact_weights import read_weights
from .bases import FindLogged
from .card_sources import FoundCard, find_card
from .casting import cast
from .chat import Protocol, find_protocol
from .chat_signatures import signature_of_requests
from .flavor_config import OURS, TRANSFORMERS, FlavorConfig, Prompt
from .input_examples import checked_example
from .inspection import chat_template_in
from .licenses import FoundLicense, find_license, license_path
from .parameters import resolve
from .pipeline_settings import KEY, settings_of
from .signatures import inputs_of, signature_of
from .sources import Source, open_source
from .tasks import Task
from .tasks._base import InvalidInput
from .weights import How, Progress, ShouldStop, Writer, content_hash, weights_hash

if TYPE_CHECKING:
    from mlflow.models import Model

OUTPUTS = ("rich", "stock")
VERSIONS = ("mlflow", "transformers", "torch", "tokenizers", "safetensors", "peft", "accelerate")


@dataclass(frozen=True)
class SaveRequest:
    """What was asked of `save_model` and `log_model` about the files."""

    transformers_model: Any
    processor: Any = None
    task: str | None = None
    torch_dtype: Any = None
    model_card: Any = None
    code_paths: list[str] | None = None
    signature: Any = None
    input_example: Any = None
    pip_requirements: Any = None
    extra_pip_requirements: Any = None
    conda_env: Any = None
    metadata: Mapping[str, Any] | None = None
    model_config: Mapping[str, Any] | None = None
    prompt_template: Prompt | None = None
    save_pretrained: bool = True
    base_model_path: str | None = None
    base_model: str | None = None
    license: str | None = None
    license_file: str | Path | None = None
    quantization_config: Any = None
    pyfunc_output: str = "rich"
    max_shard_size: str | None = None
    cast_weights: bool = False
    link: bool = False
    validate: bool = False
    progress: Progress | None = None
    should_stop: ShouldStop | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "SaveRequest":
        """Return the request among the arguments of a public function."""
        prompt = registered_prompts.named(arguments["prompt_template"])
        return cls(**{**{each.name: arguments[each.name] for each in fields(cls)}, "prompt_template": prompt})

    @property
    def protocol(self) -> Protocol | None:
        """The protocol that was given as task, such as llm/v1/chat."""
        return find_protocol(self.task)

    def writing(self) -> dict[str, Any]:
        """Return what a Writer wants to know."""
        return {
            "progress": self.progress,
            "should_stop": self.should_stop,
            "how": How.HARD_LINK if self.link else How.COPY,
            "max_shard_size": self.max_shard_size,
        }


def open_request(request: SaveRequest, *, find_logged: FindLogged | None = None) -> Source:
    """Return the source of a request after checking all that was said about it; nothing is written yet.

    Raises FlavorError or InvalidInput naming the parameter.
    """
    if sum(each is not None for each in (request.pip_requirements, request.extra_pip_requirements, request.conda_env)) > 1:
        raise InvalidInput("pip_requirements", "give only one of pip_requirements, extra_pip_requirements and conda_env.")
    if request.pyfunc_output not in OUTPUTS:
        raise InvalidInput("pyfunc_output", f"pyfunc_output must be 'rich' or 'stock', got {request.pyfunc_output!r}.")
    if request.progress:
        request.progress("reading the source", None, None, "")
    given = request.transformers_model
    source = open_source(
        cast(given, request.torch_dtype) if request.cast_weights else given,
        task=request.protocol.task if request.protocol else request.task,
        processor=request.processor,
        base_model=request.base_model,
        base_model_path=request.base_model_path,
        save_pretrained=request.save_pretrained,
        quantization_config=request.quantization_config,
        find_logged=find_logged,
    )
    _check(source.task, request)
    return source


def write_artifact(source: Source, request: SaveRequest, writer: Writer, mlflow_model: "Model | None" = None) -> FlavorConfig:
    """Write the whole artifact into the writer's folder and return what its MLmodel says. Raises Cancelled."""
    from mlflow.models import Model  # heavy

    model = mlflow_model if mlflow_model is not None else Model()
    folder = writer.folder
    config = source.write(writer)
    _check_chat_template(folder, request)
    writer.stage("finishing")
    card = find_card(request.model_card, source)
    cards.write(folder, card.text)
    license = find_license(request.license, cards.license_of(cards.split(card.text)[0]), _license_file(source, request))
    license.write(folder)
    code = _copy_code(request.code_paths, folder)
    package = self_copy.copy_into(writer)
    writer.adopt(CODE)
    config = _completed(config, request, writer, card=card, license=license, code=code, package=package)
    _describe(model, source.task, config, request, folder)
    _write_requirements(config, request, folder)
    writer.write_manifest()
    model.model_size_bytes = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    model.save(str(folder / "MLmodel"))
    if request.validate:
        writer.stage("validating")
        _validate(folder, source.task, request, config)
    return config


def _check(task: Task, request: SaveRequest) -> None:
    if request.prompt_template is not None and not task.accepts_prompt_template:
        raise InvalidInput("prompt_template", f"{task.name} takes no prompt template; leave prompt_template out.")
    resolve(task, model_config=dict(request.model_config or {}))
    _kept_example(task, request)
    cards.card_text(request.model_card)
    license_path(request.license_file)
    said = (request.metadata or {}).get("task")
    if said is not None and said != request.task:
        raise InvalidInput("metadata.task", f"metadata says task {said!r} and the task is {request.task!r}; leave one out.")


def _validate(folder: Path, task: Task, request: SaveRequest, config: FlavorConfig) -> None:
    """Try the model; code of its own runs only when it is in memory, where it runs already."""
    from .validation import validate  # loads models

    is_running = not isinstance(request.transformers_model, str | Path)
    trust = config.content_hash if is_running else None
    validate(folder, _kept_example(task, request), protocol=request.protocol, trust=trust)


def _kept_example(task: Task, request: SaveRequest) -> Any:
    return request.protocol.example(request.input_example) if request.protocol else checked_example(task, request.input_example)


def _check_chat_template(folder: Path, request: SaveRequest) -> None:
    """Raise InvalidInput when chats are to be read and nothing in the artifact says how messages become a text."""
    needs_one = bool(request.protocol and request.protocol.needs_chat_template)
    prompt = request.prompt_template
    if not (needs_one or (prompt and prompt.messages)) or chat_template_in(ArtifactFiles(*local_files(folder))):
        return
    if not needs_one and prompt:
        raise InvalidInput("prompt_template", f"{prompt.version} is a chat, and this model has no chat template; name a text.")
    raise InvalidInput(
        "task",
        "llm/v1/chat needs a chat template and this tokenizer has none; set tokenizer.chat_template, or log the model "
        "for plain text with task='llm/v1/completions'.",
    )


def _completed(
    config: FlavorConfig,
    request: SaveRequest,
    writer: Writer,
    *,
    card: FoundCard,
    license: FoundLicense,
    code: str | None,
    package: str,
) -> FlavorConfig:
    """Add what is known only now that the files are written."""
    import transformers  # heavy

    tensors = None
    if config.parameter_count is None and (config.model_binary or config.adapter_folder):
        tensors = read_weights(ArtifactFiles(*local_files(writer.folder)), config)
    return replace(
        config,
        inference_task=request.protocol.name if request.protocol else "",
        torch_dtype=_torch_dtype(request.torch_dtype) or config.torch_dtype,
        prompt=request.prompt_template,
        code=code,
        transformers_version=transformers.__version__,
        parameter_count=tensors.parameter_count if tensors else config.parameter_count,
        dtype=tensors.dtype if tensors else config.dtype,
        license=license.name,
        license_source=license.source,
        card=card.recorded(),
        weights_hash=weights_hash(writer.listed, config.model_binary) if config.model_binary else "",
        content_hash=content_hash(writer.listed),
        output=request.pyfunc_output,
        loader_package=package,
        versions=requirements.versions_of(list(VERSIONS)),
    )


def _describe(model: "Model", task: Task, config: FlavorConfig, request: SaveRequest, folder: Path) -> None:
    """Fill MLflow's model: signature, example, metadata, and the three flavors."""
    from mlflow import pyfunc  # heavy
    from mlflow.models.utils import _save_example

    protocol = request.protocol
    own = signature_of_requests(protocol.name) if protocol else signature_of(task, output=request.pyfunc_output)
    model.signature = request.signature or own
    example = _kept_example(task, request)
    if example is not None:
        _save_example(model, example, str(folder))
    metadata = dict(model.metadata or {}) | dict(request.metadata or {})
    if request.prompt_template is not None and request.prompt_template.text:
        metadata["prompt_template"] = request.prompt_template.text
    if protocol:
        metadata["task"] = protocol.name
    model.metadata = metadata or None
    model.add_flavor(TRANSFORMERS, **config.transformers_block())
    settings = settings_of(task, request.transformers_model)
    more = {KEY: settings, "inputs": [] if model.signature.inputs else inputs_of(task)}
    model.add_flavor(OURS, **config.flavor_block(), **{key: value for key, value in more.items() if value})
    pyfunc.add_to_model(
        model,
        loader_module=config.loader_package,
        conda_env="conda.yaml",
        python_env="python_env.yaml",
        code=CODE,
        model_config=_model_config(task, request) or None,
        **({"streamable": True} if task.streams else {}),
    )


def _model_config(task: Task, request: SaveRequest) -> dict[str, Any]:
    """The model config, over what a pipeline was built with; one for stock says of a prompt template what stock would say."""
    given = {**settings_of(task, request.transformers_model), **(request.model_config or {})}
    is_read_by_stock = request.pyfunc_output == "stock" and request.prompt_template is not None
    return {**task.stock_template_config, **given} if is_read_by_stock else given


def _write_requirements(config: FlavorConfig, request: SaveRequest, folder: Path) -> None:
    requirements.write(
        folder,
        requirements.pinned(requirements.packages_of(config, folder)),
        pip_requirements=request.pip_requirements,
        extra_pip_requirements=request.extra_pip_requirements,
        conda_env=request.conda_env,
    )


def _copy_code(code_paths: list[str] | None, folder: Path) -> str | None:
    from mlflow.utils.model_utils import _validate_and_copy_code_paths  # heavy

    return _validate_and_copy_code_paths(code_paths, str(folder)) if code_paths else None


def _license_file(source: Source, request: SaveRequest) -> Path | None:
    return license_path(request.license_file) or source.license_file


def _torch_dtype(given: Any) -> str:
    text = str(given) if given is not None else ""
    return text if not text or text.startswith("torch.") else f"torch.{text}"
