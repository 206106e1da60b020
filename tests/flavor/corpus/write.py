"""Writes the corpus: small models saved by stock MLflow, and what the pipelines answered that were saved.

Run in an environment of its own, never in the registry's tests: `python write.py`. It finds out which MLflow and Transformers
it has, and writes the cases of that pair below `artifacts/<mlflow>-<transformers>/`. README.md tells how the environments were
made. `python write.py NAME …` writes only these cases.
"""

import base64
import importlib.metadata
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1"}
sys.dont_write_bytecode = True

HERE = Path(__file__).parent
MEDIA = HERE / "media"
NEUTRAL = "somewhere"  # stands for the folder in which the artifacts were written, where stock noted it
PACKAGES = ("transformers", "tokenizers", "torch")
GREEDY = {"max_new_tokens": 4, "do_sample": False}

# A row of the task, the params with which our runtime is asked, and the arguments with which the pipeline was called.
TEXTS = ("the soup was cold", "Sarah lives in London.")
QUESTIONS = [
    {"question": "who lives in london?", "context": "Sarah lives in London."},
    {"question": "where lives the waiter?", "context": "the kind waiter lives in London, the bad waiter in a soup."},
]
PICTURE, SOUND = {"file": "picture.png"}, {"file": "sound.wav"}


def asked(task: str) -> list[dict[str, Any]]:
    """What the models of a task are asked: `row` and `params` for our runtime, `args` and `kwargs` for a pipeline."""
    name = {"ner": "token-classification"}.get(task, "translation" if task.startswith("translation") else task)
    if name in ("summarization", "translation", "text2text-generation"):
        return [_asked({"text": text}, GREEDY, [text], GREEDY) for text in TEXTS]
    if name == "text-generation":
        options = {**GREEDY, "return_full_text": False}
        return [_asked({"text": text}, options, [text], options) for text in TEXTS]
    if name == "zero-shot-classification":
        labels = {"candidate_labels": ["good", "bad"]}
        return [_asked({"text": text, **labels}, {}, [text], labels) for text in TEXTS]
    if name == "question-answering":
        return [_asked(row, {}, [], row) for row in QUESTIONS]
    if name == "visual-question-answering":
        row = {"question": "who lives in london?", "image": PICTURE}
        return [_asked(row, {"top_k": 2}, [], {**row, "top_k": 2})]
    if name in ("image-classification", "image-to-text", "image-to-image"):
        options = {"image-classification": {"top_k": 3}, "image-to-text": {"max_new_tokens": 4}}.get(name, {})
        return [_asked({"image": PICTURE}, options, [PICTURE], options)]
    if name in ("audio-classification", "automatic-speech-recognition"):
        return [_asked({"audio": SOUND}, {}, [SOUND], {})]
    if name == "conversational":
        return [_asked({"text": text}, GREEDY, [text], {**GREEDY, "max_length": 60}) for text in TEXTS]
    if name == "token-classification":
        options = {"aggregation_strategy": "simple"}
        return [_asked({"text": text}, options, [text], options) for text in TEXTS]
    if name == "fill-mask":
        return [_asked({"text": "the [MASK] was cold"}, {"top_k": 3}, ["the [MASK] was cold"], {"top_k": 3})]
    options = {"top_k": None} if name == "text-classification" else {}
    return [_asked({"text": text}, {}, [text], options) for text in TEXTS]


def _asked(row: dict[str, Any], params: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"row": row, "params": params, "args": args, "kwargs": kwargs}


def answered(pipeline: Any, question: dict[str, Any]) -> Any:
    """What a pipeline says to a question, as plain data."""
    if pipeline.task == "conversational":
        from transformers import Conversation

        conversation = pipeline(Conversation(question["args"][0]), **question["kwargs"])
        return [{"generated_text": conversation.generated_responses[-1]}]
    kwargs = {name: opened(value) for name, value in question["kwargs"].items()}
    return plain(pipeline(*[opened(value) for value in question["args"]], **kwargs))


def opened(value: Any) -> Any:
    """A medium as pipelines take it; anything else as it is."""
    if value == PICTURE:
        from PIL import Image

        return Image.open(MEDIA / value["file"])
    if value == SOUND:
        import soundfile

        samples, rate = soundfile.read(MEDIA / value["file"], dtype="float32")
        return {"raw": samples, "sampling_rate": rate}
    return value


def plain(value: Any) -> Any:
    """An answer as JSON holds it."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "getdata"):  # a picture
        content = io.BytesIO()
        value.save(content, "PNG")
        return {"png": base64.b64encode(content.getvalue()).decode()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return round(value, 6) if isinstance(value, float) else value


def installed() -> dict[str, str]:
    """The versions of what matters here; MLflow says its own, since it may lie in a folder without metadata."""
    import mlflow

    found = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name).split("+")[0]
    return {**found, "mlflow": mlflow.__version__}


def write(case: Any, folder: Path, versions: dict[str, str]) -> None:
    """Save one case by stock as `folder`, with what it answered beside it."""
    import mlflow

    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        given, options = case.build()
        options.setdefault("pip_requirements", [f"{name}=={versions[name]}" for name in ("mlflow", "transformers", "torch")])
        written = case.save(given, **options) if case.save else None
        if written is None:
            mlflow.transformers.save_model(given, "model", **options)
            written = Path("model")
        questions = asked(case.task)
        pipeline = case.pipeline(given) if case.pipeline else given
        template = options.get("prompt_template")
        if template:
            questions = [{**each, "args": [template.format(prompt=each["args"][0])]} for each in questions]
        answers = [{**question, "answer": answered(pipeline, question)} for question in questions]
        shutil.copytree(written, folder, ignore=shutil.ignore_patterns("__pycache__"))
        forget(folder, Path(place))
        os.chdir(HERE)
    note = {"case": case.name, "task": case.task, "written_by": versions, "layout": case.layout, "asked": answers}
    folder.with_suffix(".json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def forget(folder: Path, place: Path) -> None:
    """Replace the folder in which an artifact was written by a neutral name, where stock noted it.

    Nothing reads these notes: the base of an adapter is the one exception, and whoever loads that says where its base lies.
    """
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in ("", ".json", ".yaml", ".yml", ".md", ".txt"):
            text = path.read_text(encoding="utf-8")
            told = text.replace(f"file://{place}", NEUTRAL).replace(str(place), NEUTRAL)
            if told != text:
                path.write_text(told, encoding="utf-8")


def main(names: Sequence[str]) -> None:
    from cases import cases_of  # beside this file

    versions = installed()
    pair = f"{versions['mlflow']}-{versions['transformers']}"
    for case in cases_of(versions["mlflow"], versions["transformers"]):
        if not names or case.name in names:
            write(case, HERE / "artifacts" / pair / case.name, versions)
            sys.stdout.write(f"{pair}/{case.name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
