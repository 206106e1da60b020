"""A model card drafted from evidence: what is recorded of a model, set out for people; what is not is listed, never made up."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import cards
from .chat import find_protocol
from .errors import as_mlflow_does
from .evidence import DataUsed, Evidence, Measured, gather
from .hub import is_hub_id
from .plain_data import as_dict
from .tasks import find_task
from .tasks._base import Kind, Row, Task

if TYPE_CHECKING:
    from huggingface_hub import ModelCard

__all__ = ["draft_card"]

# Of the hundred params of a training, those that people ask for first; peft's and others' own follow.
ARGUMENTS = (
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "warmup_ratio",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "optim",
    "weight_decay",
    "max_grad_norm",
    "bf16",
    "fp16",
    "seed",
    "peft.peft_type",
    "peft.r",
    "peft.lora_alpha",
    "peft.target_modules",
    "quantization.quant_method",
)
FEW = 30  # params of a run that is no training of Transformers: so few are all shown
MEDIA = {Kind.IMAGE: "photo.png", Kind.AUDIO: "speech.wav", Kind.VIDEO: "clip.mp4"}
LONGEST_EXAMPLE = 500

# What no record tells; a person writes it.
FOR_PEOPLE = (
    "**Intended use**, and uses that it is not fit for.",
    "**Limits and biases**: on whose data it may be wrong, and what follows from that.",
    "**Who made it**, and whom to ask.",
)


def draft_card(model_uri: str) -> "ModelCard":
    """Return a model card drafted from what is recorded: files, metrics, data sets, training, machine.

    `model_uri` is any address of a model. The text under a heading is a record's, or the heading is missing and named in
    the last section. Give it to `log_model(model_card=…)` when it has been read and completed.
    Raises InvalidInput and MlflowException when there is no such model.
    """
    from huggingface_hub import ModelCard  # heavy

    with as_mlflow_does():
        evidence = gather(str(model_uri))
        return ModelCard(cards.joined(_front_matter(evidence), _body(evidence)), ignore_metadata_errors=True)


def _front_matter(evidence: Evidence) -> Row:
    facts, config = evidence.examined.facts, evidence.examined.config
    bases = [base for base in (facts.base_model, config.source_name) if base and is_hub_id(base)]
    said = {
        "license": facts.license,
        "library_name": "peft" if config.adapter_folder else "transformers",
        "pipeline_tag": facts.task,
        "base_model": bases[0] if bases else "",
    }
    return {key: value for key, value in said.items() if value}


def _body(evidence: Evidence) -> str:
    sections = {
        "Model": _model(evidence),
        "Use": _use(evidence),
        "Inputs and outputs": _fields(evidence),
        "Evaluation": _evaluation(evidence),
        "Data": _data(evidence.data_sets),
        "Training": _training(evidence),
        "Environment": _environment(evidence),
    }
    written = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    missing = "\n".join(f"- {each}" for each in (*_missing(evidence, sections), *FOR_PEOPLE))
    opening = f"Drafted from the records of `{evidence.uri}`. Read it, mend it, and write what no record tells."
    return "\n\n".join([f"# {evidence.name or 'Model'}", opening, *written, f"## Not recorded\n\n{missing}"]) + "\n"


def _model(evidence: Evidence) -> str:
    facts, config = evidence.examined.facts, evidence.examined.config
    task = find_task(facts.task)
    merged = ", ".join(map(str, evidence.merged_from.get("adapters") or []))
    return _table(
        ("", ""),
        {
            "Task": f"{task.title} (`{task.name}`)" if task else facts.task,
            "Architecture": facts.architecture,
            "Parameters": f"{facts.parameter_count:,}" if facts.parameter_count else "",
            "Type of the weights": facts.dtype,
            "Size": f"{facts.size_bytes:,} bytes" if facts.size_bytes else "",
            "Base": facts.base_model or config.source_name,
            "Adapters": ", ".join(config.adapters),
            "Merged from": f"{evidence.merged_from.get('uri', '')} ({merged})" if merged else "",
            "Quantisation of the base": str(config.quantization.get("quant_method", "")),
            "Licence": facts.license,
            "Prompt template": f"`{facts.prompt_template}`" if facts.prompt_template else "",
            "Settings": f"`{json.dumps(facts.model_config)}`" if facts.model_config else "",
        }.items(),
    )


def _use(evidence: Evidence) -> str:
    """Code that runs as it stands, where the model is."""
    task = find_task(evidence.examined.facts.task)
    if task is None or evidence.examined.facts.problem:
        return ""
    given, params = _example(task, evidence)
    lines = ["import mlflow"]
    if given is None:
        lines.append("from flavor.tasks import get_task")
        files = ", ".join(f'"{each.name}": open("{MEDIA[each.kind]}", "rb").read()' for each in task.inputs if each.kind in MEDIA)
        lines += ["", f"row = get_task({task.name!r}).example  # yours: {{{files}}}"]
    said = f", params={params!r}" if params else ""
    lines += ["", f'model = mlflow.pyfunc.load_model("{evidence.uri}")']
    lines.append(f"print(model.predict({'[row]' if given is None else given}{said}))")
    return "```python\n" + "\n".join(lines) + "\n```"


def _example(task: Task, evidence: Evidence) -> tuple[str | None, Row]:
    """The input of the snippet as Python, None where it is a file; the model's own example before the task's."""
    own, protocol = evidence.examined.facts.input_example, find_protocol(evidence.examined.config.inference_task)
    if own is not None and len(repr(own)) <= LONGEST_EXAMPLE:
        return repr(own), {}
    if protocol:
        words = str(task.example.get("text", ""))
        return repr(
            {"messages": [{"role": "user", "content": words}]} if protocol.key == "messages" else {protocol.key: words}
        ), {}
    if any(each.kind in MEDIA and each.name in task.example for each in task.inputs):
        return None, dict(task.example_params)
    return repr([dict(task.example)]), dict(task.example_params)


def _fields(evidence: Evidence) -> str:
    task = find_task(evidence.examined.facts.task)
    if task is None:
        return ""
    rows = [(f"in: {each.name}", each.kind, each.help) for each in task.inputs]
    rows += [(f"out: {each.name}", each.kind, each.help) for each in task.outputs]
    return _table(("Field", "Kind", "Meaning"), rows)


def _evaluation(evidence: Evidence) -> str:
    found = [each for each in evidence.metrics if not each.is_of_training]
    if not found:
        return ""
    note = "Measured in the run; the run does not say on which of its models.\n\n" if evidence.metrics_are_of_the_run else ""
    return note + _measured(found)


def _measured(metrics: list[Measured]) -> str:
    return _table(
        ("Metric", "Value", "Data set", "Step"), [(each.name, f"{each.value:.6g}", each.data_set, each.step) for each in metrics]
    )


def _data(data_sets: list[DataUsed]) -> str:
    rows = [(each.name, each.use, "" if each.rows is None else f"{each.rows:,}", f"`{each.digest}`") for each in data_sets]
    return _table(("Data set", "Use", "Rows", "Digest"), rows) if rows else ""


def _training(evidence: Evidence) -> str:
    params = evidence.params
    known = {name: params[name] for name in ARGUMENTS if params.get(name) not in (None, "", "None")}
    shown = known or (params if len(params) <= FEW else {})
    parts = [_table(("Argument", "Value"), shown.items())] if shown else []
    metrics = [each for each in evidence.metrics if each.is_of_training and not each.name.startswith("system/")]
    parts += [_measured(metrics)] if metrics else []
    parts += [f"All of it is in run `{evidence.run_id}`."] if parts and evidence.run_id else []
    return "\n\n".join(parts)


def _environment(evidence: Evidence) -> str:
    there = evidence.environment
    gpus, memory = there.get("gpus") or [], there.get("memory_bytes")
    packages = as_dict(there.get("packages")) or evidence.examined.config.versions
    said = {
        "Machine": there.get("platform"),
        "Python": there.get("python"),
        "GPUs": ", ".join(map(str, gpus)),
        "CPUs": there.get("cpus"),
        "Memory": f"{memory / 2**30:.0f} GiB" if isinstance(memory, int) else "",
        "Processes": there.get("processes"),
        "Packages": ", ".join(f"{name} {number}" for name, number in packages.items()),
    }
    return _table(("", ""), ((key, value) for key, value in said.items() if value))


def _missing(evidence: Evidence, sections: dict[str, str]) -> Iterator[str]:
    facts = evidence.examined.facts
    if not facts.license:
        yield "**Licence**: none was declared when the model was logged."
    if not sections["Use"]:
        yield f"**Use**: the model cannot be tried here ({facts.problem or 'its task is not known'})."
    if not sections["Evaluation"]:
        yield "**Evaluation**: no metric was logged to the model or its run."
    if not sections["Data"]:
        yield "**Data**: no data set was logged to its run."
    if not sections["Training"]:
        yield "**Training**: no arguments of a training were logged."
    if not evidence.environment:
        yield "**Hardware**: the machine that trained it was not recorded."


def _table(head: tuple[str, ...], rows: Any) -> str:
    """Rows as a Markdown table; a row whose second cell is empty says nothing and is left out."""
    lines = ["| " + " | ".join(_cell(each) for each in row) + " |" for row in rows if row[1] not in (None, "")]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *lines])


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
