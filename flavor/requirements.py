"""The packages that a saved model needs, from its modality and a table; nothing is imported or run to find out."""

from pathlib import Path
from typing import Any

from .flavor_config import FlavorConfig
from .packages import version_of
from .quantization_settings import in_folder, package_of
from .tasks import find_task

ALWAYS = ("mlflow", "transformers", "torch", "safetensors", "pyyaml")
OF_MODALITY = {
    "text": (),
    "vision": ("pillow",),
    "audio": ("soundfile", "scipy"),
    "multimodal": ("pillow",),
}
WHERE_INSTALLED = {
    "text": ("accelerate",),
    "vision": ("accelerate", "torchvision"),
    "audio": ("accelerate", "torchaudio", "librosa", "av"),
    "multimodal": ("accelerate", "torchvision", "soundfile", "scipy"),
}
OF_FILES = {"*.model": "sentencepiece", "*.spm": "sentencepiece", "*.tiktoken": "tiktoken"}


def packages_of(config: FlavorConfig, artifact: Path | None = None) -> list[str]:
    """Return the names of the packages that loading and running a model needs, sorted."""
    task = find_task(config.task)
    modality = task.modality if task else "text"
    names = {*ALWAYS, *OF_MODALITY.get(modality, ()), *(task.packages if task else ())}
    names |= {name for name in WHERE_INSTALLED.get(modality, ()) if version_of(name)}
    if config.adapter_folder:
        names.add("peft")
    settings = config.quantization
    if artifact is not None:
        settings = settings or in_folder(artifact / config.model_folder)
        names |= {package for pattern, package in OF_FILES.items() if any(artifact.glob(f"components/*/{pattern}"))}
    return sorted(names | {package_of(settings)} - {""})


def pinned(names: list[str]) -> list[str]:
    """Return requirements at the installed versions; a package that is not here stays without one."""
    return [f"{name}=={found}" if (found := version_of(name)) else name for name in names]


def get_default_pip_requirements(model: Any = None) -> list[str]:
    """Return the requirements of a model in memory; stock's function of this name, which needs torchvision, takes the same."""
    is_adapter = any(each.__module__.startswith("peft.") for each in type(model).__mro__)
    return pinned(packages_of(FlavorConfig(adapter_folder="peft" if is_adapter else "")))


def get_default_conda_env(model: Any = None) -> dict[str, Any]:
    """Return the conda environment of a model in memory."""
    from mlflow.utils.environment import _mlflow_conda_env  # heavy

    return dict(_mlflow_conda_env(additional_pip_deps=get_default_pip_requirements(model)))


def versions_of(names: list[str]) -> dict[str, str]:
    """Return the installed versions of packages, those that are here."""
    return {name: found for name in names if (found := version_of(name))}


def write(artifact: Path, default: list[str], *, pip_requirements: Any, extra_pip_requirements: Any, conda_env: Any) -> None:
    """Write requirements.txt, conda.yaml and python_env.yaml as every flavor of MLflow does."""
    import yaml
    from mlflow.utils.environment import _process_conda_env, _process_pip_requirements, _PythonEnv  # heavy

    if conda_env is None:
        environment, requirements, constraints = _process_pip_requirements(
            None if pip_requirements is not None else default, pip_requirements, extra_pip_requirements
        )
    else:
        environment, requirements, constraints = _process_conda_env(conda_env)
    (artifact / "conda.yaml").write_text(yaml.safe_dump(environment, default_flow_style=False), encoding="utf-8")
    (artifact / "requirements.txt").write_text("\n".join(requirements), encoding="utf-8")
    if constraints:
        (artifact / "constraints.txt").write_text("\n".join(constraints), encoding="utf-8")
    _PythonEnv.current().to_yaml(str(artifact / "python_env.yaml"))
