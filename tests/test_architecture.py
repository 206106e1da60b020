"""The rules that keep the house in order, each with its reason; import-linter holds the layers, this file the rest."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flavor.tasks import all_tasks
from registry_ui.jobs.runner import handler_for
from registry_ui.jobs.states import Kind

ROOT = Path(__file__).parent.parent
CODE = ("flavor", "registry_ui", "demo")


def test_no_other_file_names_a_task() -> None:
    """A task is described once, in flavor/tasks; whoever names one elsewhere has begun a second table."""
    names = {name for task in all_tasks() for name in (task.name, *task.aliases)}
    quoted = "|".join(re.escape(name) for name in sorted(names))
    allowed = (
        "flavor/tasks/",
        "flavor/pipelines/",  # what Transformers dropped, by the name of its task
        "flavor/chat.py",  # which task stands behind each of MLflow's llm/v1 names
        "registry_ui/api/resources/predictions.py",  # the example of an answer in the description of REST
    )
    assert not list(found(rf"""["'](?:{quoted})["']""", ("flavor", "registry_ui", "templates"), beside=allowed))


def test_messages_are_sent_in_two_places_only() -> None:
    """Jobs ring after the commit, predictions gather before they send; any other sender would do neither."""
    senders = {"registry_ui/jobs/tasks.py", "registry_ui/predictions/dispatch.py"}
    assert {file for file, _ in found(r"\.(?:delay|apply_async|send_task|delay_on_commit)\(", CODE)} == senders


def test_the_environment_is_read_in_one_place() -> None:
    """Settings read the environment once; the named files hand it to processes, or say which settings to use."""
    allowed = (
        "registry_ui/settings.py",
        "registry_ui/supervisor/",  # composes the environment of its children
        "flavor/runtime/",  # does the same for the children of a worker
        "flavor/training/variables.py",  # transformers' own variables for MLflow
        "flavor/devices.py",  # stock MLflow's own variable for the device
        "registry_ui/celery.py",  # each says where the settings are
        "registry_ui/wsgi.py",
        "manage.py",
    )
    assert not list(found(r"os\.(?:environ|getenv|putenv)", CODE, beside=allowed))


def test_no_text_is_evaluated() -> None:
    """What callers send is JSON or nothing: Python's eyes would fail at null, and see more than values."""
    assert not list(found(r"(?<![\w.])(?:eval|exec|literal_eval)\(|ast\.literal_eval", CODE))


def test_only_the_job_row_moves_a_job() -> None:
    """`Job._move` guards every change of state by the old one; a plain assignment would let two workers win."""
    assignment = r"(?:\bjob\.state\s*=[^=])|(?:\.update\([^)]*\bstate=)"
    assert not list(found(assignment, ("registry_ui",), beside=("registry_ui/jobs/models.py",)))


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "manager"])
def test_no_module_is_a_drawer(name: str) -> None:
    """A file is about one noun; a drawer grows to 700 lines of strangers."""
    assert not [str(file) for file in files(CODE) if file.stem.strip("_") == name or name in file.parts]


def test_files_stay_readable() -> None:
    """At 300 lines a second noun has moved in; a file of like things may be longer and is named here."""
    assert not {str(file): length for file in files(CODE, "*.py") if (length := len(text_of(file).splitlines())) > 330}


def test_the_web_process_imports_neither_torch_nor_mlflow() -> None:
    """Pages start at once and stay small; models live in workers, MLflow is imported where it is asked."""
    heavy = run_python(
        "import django; django.setup(); import registry_ui.urls, sys;"
        "print(sorted({'torch', 'transformers', 'mlflow', 'numpy', 'pandas'}.intersection(sys.modules)))"
    )
    assert heavy == "[]"


def test_a_worker_never_imports_torch() -> None:
    """A worker forks children from its zygote; what it imports itself, it pays for as long as it lives."""
    heavy = run_python(
        "import django; django.setup(); import registry_ui.workers.startup, sys;"
        "print(sorted({'torch', 'transformers'}.intersection(sys.modules)))"
    )
    assert heavy == "[]"


def test_a_copy_of_flavor_under_another_name_finds_its_tasks(tmp_path: Path) -> None:
    """A saved model carries such a copy, so that stock MLflow predicts without our package."""
    shutil.copytree(ROOT / "flavor", tmp_path / "flavor_in_a_model", ignore=shutil.ignore_patterns("__pycache__"))
    said = run_python(
        "import sys; from flavor_in_a_model.tasks import all_tasks;"
        "print(len(list(all_tasks())), [name for name in sys.modules if name.split('.')[0] in ('flavor', 'django')])",
        folder=tmp_path,
    )
    assert said == f"{len(list(all_tasks()))} []"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_job_has_its_handler(kind: Kind) -> None:
    """`jobs` names handlers by dotted name, so that it need not import workers; a typing error shows here."""
    assert callable(handler_for(kind))


def test_no_tracked_file_knows_this_machine_or_a_package_host() -> None:
    """Whoever clones has another home and another mirror; pins are plain `name==version`."""
    home = re.escape(str(ROOT))
    hosts = r"pypi\.org|pythonhosted|download\.pytorch|registry\.npmjs|cdn\.jsdelivr|unpkg\.com|deb\.debian"
    text_files = [file for file in tracked() if is_text(file) and "/static/" not in str(file)]
    pattern = re.compile(rf"{home}\b|{hosts}")
    own = Path(__file__).relative_to(ROOT)
    assert not [str(file) for file in text_files if file != own and pattern.search(text_of(file))]


def test_every_constraint_is_a_plain_pin() -> None:
    assert not [line for line in text_of(Path("constraints.txt")).splitlines() if not re.fullmatch(r"[\w.\-]+==[\w.]+", line)]


def found(pattern: str, folders: tuple[str, ...], *, beside: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield file and text of every place where `pattern` is found, but in the files that start with one of `beside`."""
    compiled = re.compile(pattern)
    for file in files(folders):
        if not str(file).startswith(beside or ("\0",)):
            yield from ((str(file), match.group()) for match in compiled.finditer(text_of(file)))


def files(folders: tuple[str, ...], *globs: str) -> list[Path]:
    """Return our Python files and templates below these folders, relative to the root."""
    return sorted(
        file.relative_to(ROOT)
        for folder in folders
        for glob in globs or ("*.py", "*.html")
        for file in (ROOT / folder).rglob(glob)
        if not {"__pycache__", "migrations", "static"}.intersection(file.parts)
    )


def tracked() -> list[Path]:
    """Return the files that git knows; all of ours when this is not a checkout."""
    if not (ROOT / ".git").exists():
        return files(("flavor", "registry_ui", "demo", "tests", "docs"), "*")
    said = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in said.split("\0") if name and (ROOT / name).is_file()]


def is_text(file: Path) -> bool:
    return b"\0" not in (ROOT / file).read_bytes()[:4096]


def text_of(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8", errors="replace")


def run_python(code: str, *, folder: Path = ROOT) -> str:
    """Run `code` in a fresh interpreter and return what it prints."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()
