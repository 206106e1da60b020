"""What predicting costs beside the bare pipeline, and importing the tasks beside starting Python; see README.md."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import BertForSequenceClassification, TextClassificationPipeline

from flavor.batching import MAX_ROWS
from flavor.pyfunc import PyfuncModel
from flavor.tasks import get_task
from tests import tiny_models
from tests.flavor.conftest import forward_calls

TEXTS = ["the soup was cold and the waiter kind"[: 8 + number % 30] for number in range(64)]
MOST_FORWARD_CALLS = 8
ROUNDS = 15
IMPORT_ROUNDS = 7
SIZES = {  # tiny shows what we add per call; small (as MiniLM) what is left of it beside a model's own work
    "tiny": {},
    "small": {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536},
}


def main() -> None:
    torch.set_num_threads(1)
    sizes = {name: _predicting(changes) for name, changes in SIZES.items()}
    report = {"texts": len(TEXTS), "batch_size": MAX_ROWS, "rounds": ROUNDS, "sizes": sizes, "import_flavor_tasks": _importing()}
    print(json.dumps(report, indent=2))
    calls = max(each["forward_calls"] for each in sizes.values())
    if calls > MOST_FORWARD_CALLS:
        sys.exit(f"{len(TEXTS)} texts took {calls} forward calls; at most {MOST_FORWARD_CALLS} are right.")


def _predicting(changes: dict[str, int]) -> dict[str, Any]:
    """Both doors on equal weights and the same texts, in turns, so that a busy machine is busy for both."""
    bare, model = _pipeline(changes), PyfuncModel(get_task("text-classification"), _pipeline(changes))
    rows = [{"text": text} for text in TEXTS]
    with forward_calls(model.pipeline.model) as calls:
        answers = [result.records[0] for result in model.run(rows)]
    expected = bare(TEXTS, batch_size=MAX_ROWS)
    furthest = max(abs(mine["score"] - theirs["score"]) for mine, theirs in zip(answers, expected, strict=True))
    doors: dict[str, Callable[[], Any]] = {
        "bare": lambda: bare(TEXTS, batch_size=MAX_ROWS),
        "run": lambda: model.run(rows),
        "predict": lambda: model.predict(TEXTS),
    }
    medians = _medians(doors, ROUNDS)
    return {
        "forward_calls": len(calls),
        "furthest_score": float(f"{furthest:.1g}"),
        "run_to_bare": round(medians["run"] / medians["bare"], 2),
        "predict_to_bare": round(medians["predict"] / medians["bare"], 2),
    }


def _pipeline(changes: dict[str, int]) -> Any:
    tokenizer = tiny_models.word_tokenizer()
    config = tiny_models.encoder_config(tokenizer, ("bad", "good"))
    config.update(changes)
    network = tiny_models.seeded(BertForSequenceClassification, config)
    return TextClassificationPipeline(model=network, tokenizer=tokenizer)


def _importing() -> dict[str, Any]:
    """Starting Python with the tasks beside starting it with nothing."""
    code = {"nothing": "pass", "tasks": "import flavor.tasks; flavor.tasks.all_tasks()"}
    medians = _medians({name: lambda each=each: _python(each) for name, each in code.items()}, IMPORT_ROUNDS)
    loads_torch = _python(f"import sys; {code['tasks']}; print('torch' in sys.modules)").strip() == "True"
    return {"to_python": round(medians["tasks"] / medians["nothing"], 2), "loads_torch": loads_torch}


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def _medians(doors: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Seconds of each, medians over rounds in which all take their turn."""
    seconds: dict[str, list[float]] = {name: [] for name in doors}
    for _ in range(rounds):
        for name, call in doors.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


if __name__ == "__main__":
    main()
