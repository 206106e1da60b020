"""Train demos from the command line: `python -m demo sentiment --output DIR`."""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import torch

from . import DEMOS
from .training import train

logger = logging.getLogger("demo")


def main(arguments: list[str] | None = None) -> int:
    """Train the named demos (all when none is named), following them in a local MLflow store under the output folder."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    torch.set_num_threads(options.threads)
    tracking_uri = options.tracking_uri or f"sqlite:///{options.output.resolve() / 'mlflow.db'}"
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.names or [demo.name for demo in DEMOS]:
        started = time.perf_counter()
        result = train(_show, lambda: False, demo=name, output_dir=str(options.output / name), tracking_uri=tracking_uri)
        seconds = time.perf_counter() - started
        logger.info("%s: %.1f s, %s, saved in %s", name, seconds, json.dumps(result["metrics"]), result["source"])
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", choices=[*(demo.name for demo in DEMOS), []])
    parser.add_argument("--output", type=Path, required=True, help="folder for the checkpoints, one subfolder each")
    parser.add_argument("--tracking-uri", help="MLflow to follow the training in; default: a SQLite file in the output folder")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


def _show(event: dict[str, Any]) -> None:
    if "line" in event:
        logger.info(event["line"])
    elif event.get("done") is None:
        logger.info(event["stage"])


if __name__ == "__main__":
    sys.exit(main())
