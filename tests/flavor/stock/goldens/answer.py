"""What stock `mlflow.transformers` answers on transformers 4 for the tasks that 5 removed; prints JSON.

Run it in an environment of its own, from the root of the repository; transformers 4.41.2 is the last that has conversations:

    .venv/bin/python -m tests.flavor.stock.removed models
    python3.11 -m venv 4 && 4/bin/pip install torch==2.13.0 transformers==4.57.6 mlflow==3.17.2 accelerate
    cd tests/flavor/stock/goldens
    HF_HUB_OFFLINE=1 ../../../../4/bin/python answer.py ../../../../models > transformers-4.57.6.json
    ../../../../4/bin/pip install transformers==4.41.2
    HF_HUB_OFFLINE=1 ../../../../4/bin/python answer.py ../../../../models > transformers-4.41.2.json
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import pandas
import torch
import transformers
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

ONLY_HERE = {"4.41.2": ["conversational"]}


def main(folder: Path) -> None:
    """Answer all that this version can."""
    torch.set_num_threads(1)
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    old = [name for names in ONLY_HERE.values() for name in names]
    names = ONLY_HERE.get(transformers.__version__) or [name for name in asked if name not in old]
    found = {name: answers(folder / name, **asked[name]) for name in names}
    versions = {"mlflow": mlflow.__version__, "transformers": transformers.__version__}
    sys.stdout.write(json.dumps({**versions, "answers": found}, indent=1) + "\n")


def answers(
    checkpoint: Path, task: str, options: dict[str, Any], columns: list[str], questions: dict[str, Any]
) -> dict[str, Any]:
    """Save one model by stock and ask it, newly loaded for each question: stock remembers one conversation for all."""
    read = ["input_ids", "attention_mask"]  # as in 5 where a tokenizer says nothing of it
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(checkpoint, model_input_names=read)
    template = checkpoint / "chat_template.jinja"
    if template.exists():
        tokenizer.chat_template = template.read_text(encoding="utf-8")
    pipeline = transformers.pipeline(task, model=str(checkpoint), tokenizer=tokenizer, device="cpu")
    if columns:
        options = {**options, "signature": ModelSignature(Schema([ColSpec("string", name) for name in columns]))}
    with TemporaryDirectory() as place:
        mlflow.transformers.save_model(pipeline, f"{place}/model", pip_requirements=["mlflow"], **options)
        return {name: mlflow.pyfunc.load_model(f"{place}/model").predict(_given(each)) for name, each in questions.items()}


def _given(question: Any) -> Any:
    if not (isinstance(question, dict) and "frame" in question):
        return question
    return pandas.DataFrame({int(name) if name.isdigit() else name: cells for name, cells in question["frame"].items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
