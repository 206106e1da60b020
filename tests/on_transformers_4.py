"""Lets the contract test of tasks run on Transformers 4.57: names that 5 moved, put where tests and `flavor` look for them.

A pytest plugin for an environment of its own, see docs/transformers-4.md. It ends with a table of what passes for each task.
Nothing is put in place of what 4 cannot do: a pipeline that it lacks fails.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import transformers
from transformers import Pipeline
from transformers.models.auto import modeling_auto
from transformers.models.sam import image_processing_sam
from transformers.pipelines import text_generation
from transformers.utils import chat_template_utils

PIL = "Pil"  # 5 has two image processors a model and marks the one that needs no torchvision; in 4 that has the plain name

_asked = type(transformers).__getattr__
type(transformers).__getattr__ = lambda module, name: _asked(module, name.removesuffix(PIL))
chat_template_utils.Chat = text_generation.Chat
# The builders of multimodal models import a pipeline that 4 has not, also those that never make one.
without = ModuleType("transformers.pipelines.any_to_any")
without.__dict__.update(AnyToAnyPipeline=type("AnyToAnyPipeline", (Pipeline,), {}), Chat=text_generation.Chat)
sys.modules[without.__name__] = without
sys.modules["transformers"].AnyToAnyPipeline = without.AnyToAnyPipeline  # 4 has put another module in the place of its first
modeling_auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES = {}
sys.modules["transformers.models.sam.image_processing_pil_sam"] = image_processing_sam

_outcomes: dict[str, Counter[str]] = defaultdict(Counter)
_faults: dict[str, Counter[str]] = defaultdict(Counter)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[Any]:
    report = yield
    task = next(iter(re.findall(r"\[(.+?)(?:-\d+)?\]$", item.name)), "")
    if task and (report.when == "call" or report.failed):
        _outcomes[task][report.outcome] += 1
        if report.failed and call.excinfo is not None:
            _faults[task][re.sub(r"\s+", " ", call.excinfo.exconly())[:160]] += 1
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(
        f"Transformers {transformers.__version__}\n\n| Task | Passed | Failed | Most often |\n| --- | --- | --- | --- |"
    )
    for task, outcomes in sorted(_outcomes.items()):
        ((fault, _),) = _faults[task].most_common(1) or [("", 0)]
        terminalreporter.write_line(f"| `{task}` | {outcomes['passed']} | {outcomes['failed']} | {fault} |")
