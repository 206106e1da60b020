"""What people see of an artifact that nobody loaded."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml
from safetensors.numpy import save_file

from flavor.inspection import Facts, FileEntry, local_reader, read_facts
from flavor.mlmodel_schema import type_name

ADAPTER = {"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": "org/base"}


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def facts_of(folder: Path) -> Facts:
    return read_facts(*local_reader(folder))


def change_mlmodel(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / "MLmodel"
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A text classifier as stock MLflow writes it, with a card."""
    folder = tmp_path / "artifact"
    mlmodel = {
        "flavors": {
            "python_function": {"loader_module": "mlflow.transformers", "config": {"top_k": 2}},
            "transformers": {
                "components": ["tokenizer"],
                "model_binary": "model",
                "pipeline_model_type": "BertForSequenceClassification",
                "task": "sentiment-analysis",
                "tokenizer_type": "BertTokenizer",
                "torch_dtype": "torch.float16",
                "transformers_version": "5.23.0",
            },
        },
        "metadata": {"prompt_template": "Say {prompt}"},
        "saved_input_example_info": {"artifact_path": "input_example.json", "type": "json_object", "params": "true"},
        "signature": {
            "inputs": '[{"type": "string", "required": true}, {"type": "string", "name": "text_pair", "required": false}]',
            "outputs": '[{"type": "string", "name": "label", "required": true}]',
            "params": '[{"name": "top_k", "default": null, "shape": null, "type": "long"}]',
        },
    }
    folder.mkdir()
    (folder / "MLmodel").write_text(yaml.safe_dump(mlmodel))
    write_json(folder / "model/config.json", {"architectures": ["BertForSequenceClassification"]})
    save_file({"a": numpy.zeros((3, 4), numpy.float16), "b": numpy.zeros(2, numpy.float32)}, folder / "model/model.safetensors")
    write_json(folder / "components/tokenizer/tokenizer_config.json", {"chat_template": "{{ messages }}"})
    write_json(folder / "input_example.json", {"inputs": ["good"], "params": {"top_k": 1}})
    (folder / "model_card.md").write_text("# A model\n\nIt is *good*.\n")
    (folder / "model_card_data.yaml").write_text("license: apache-2.0\nbase_model: org/base\ndate: 2026-01-02\n")
    return folder


def test_an_artifact_of_stock_tells_everything(artifact: Path) -> None:
    facts = facts_of(artifact)
    assert facts.problem == ""
    assert facts.task == "text-classification"
    assert facts.architecture == "BertForSequenceClassification"
    assert (facts.parameter_count, facts.dtype) == (14, "float16")
    assert facts.transformers_version == "5.23.0"
    assert facts.signature == {
        "inputs": [{"name": "", "type": "string", "required": True}, {"name": "text_pair", "type": "string", "required": False}],
        "outputs": [{"name": "label", "type": "string", "required": True}],
        "params": [{"name": "top_k", "type": "long", "default": None, "shape": None}],
    }
    assert facts.input_example == ["good"]
    assert facts.prompt_template == "Say {prompt}"
    assert facts.chat_template == "{{ messages }}"
    assert facts.model_config == {"top_k": 2}
    assert facts.card == "# A model\n\nIt is *good*.\n"
    assert (facts.license, facts.base_model) == ("apache-2.0", "org/base")
    assert facts.card_data["date"] == "2026-01-02"
    assert facts.mlmodel == (artifact / "MLmodel").read_text()
    assert {"path": "model_card.md", "size_bytes": 25} in facts.files
    assert facts.size_bytes == sum(each["size_bytes"] for each in facts.files)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": "map", "values": {"type": "long"}}, "map of long"),
        ({"type": "object", "properties": {"role": {"type": "string"}}}, "object {role: string}"),
        ({"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}, "tensor float32 (any, 3)"),
    ],
)
def test_types_of_columns_are_told_in_words(entry: dict[str, Any], shown: str) -> None:
    assert type_name(entry) == shown


def test_front_matter_in_the_card_itself_is_data_not_text(artifact: Path) -> None:
    (artifact / "model_card_data.yaml").unlink()
    (artifact / "model_card.md").write_text("---\nlicense: other\nlicense_name: my-own\n---\n# Title\n")
    facts = facts_of(artifact)
    assert (facts.card, facts.license) == ("# Title\n", "my-own")


def test_a_frame_as_example_becomes_rows(artifact: Path) -> None:
    change_mlmodel(artifact, lambda m: m.update(saved_input_example_info={"artifact_path": "e.json", "type": "dataframe"}))
    write_json(artifact / "e.json", {"columns": ["text", "text_pair"], "data": [["a", "b"], ["c", "d"]]})
    assert facts_of(artifact).input_example == [{"text": "a", "text_pair": "b"}, {"text": "c", "text_pair": "d"}]


def test_a_template_in_its_own_file_and_named_ones_are_found(artifact: Path) -> None:
    tokenizer = artifact / "components/tokenizer"
    named = [{"name": "tools", "template": "T"}, {"name": "default", "template": "D"}]
    write_json(tokenizer / "tokenizer_config.json", {"chat_template": named})
    assert facts_of(artifact).chat_template == "D"
    (tokenizer / "chat_template.jinja").write_text("J")
    assert facts_of(artifact).chat_template == "J"


def test_an_adapter_names_its_base_and_counts_its_own_parameters(artifact: Path) -> None:
    def adapt(mlmodel: dict) -> None:
        block = mlmodel["flavors"]["transformers"]
        del block["model_binary"]
        block |= {"peft_adaptor": "peft", "source_model_name": "org/base", "source_model_revision": "abc"}

    change_mlmodel(artifact, adapt)
    shutil.rmtree(artifact / "model")
    write_json(artifact / "peft/adapter_config.json", ADAPTER)
    save_file({"lora_A": numpy.zeros((2, 2), numpy.float32)}, artifact / "peft/adapter_model.safetensors")
    facts = facts_of(artifact)
    assert (facts.problem, facts.base_model, facts.parameter_count) == ("", "org/base", 4)


def test_weights_that_cannot_be_read_cheaply_leave_what_was_recorded(artifact: Path) -> None:
    change_mlmodel(artifact, lambda m: m["flavors"].update(flavor={"format": 1, "parameter_count": 77, "dtype": "bfloat16"}))
    files, read = local_reader(artifact)
    facts = read_facts(files, lambda path, limit: None if path.endswith(".safetensors") else read(path, limit))
    assert (facts.parameter_count, facts.dtype, facts.problem) == (77, "bfloat16", "")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / "MLmodel").unlink(), "no MLmodel"),
        (lambda f: (f / "MLmodel").write_text("flavors: [unclosed"), "MLmodel is no valid YAML"),
        (lambda f: (f / "MLmodel").write_bytes(b"\xff\xfe\x00"), "MLmodel is no UTF-8 text"),
        (lambda f: change_mlmodel(f, lambda m: m.update(flavors={"sklearn": {}})), "no Transformers model (its flavors: sklearn"),
        (
            lambda f: change_mlmodel(f, lambda m: m["flavors"]["transformers"].update(task="time-travel")),
            "'time-travel' is not known here",
        ),
        (lambda f: (f / "model/config.json").unlink(), "model/config.json is missing"),
        (lambda f: (f / "model/config.json").write_text("{"), "model/config.json is no valid JSON"),
        (lambda f: (f / "model/model.safetensors").unlink(), "There are no weights in model/"),
        (lambda f: (f / "model/model.safetensors").write_bytes(b"short"), "model/model.safetensors is damaged"),
        (lambda f: (f / "model/model.safetensors").write_bytes(b"\xff" * 99), "model/model.safetensors is damaged"),
        (lambda f: cut(f / "model/model.safetensors"), "instead of"),
        (lambda f: (f / "model/model.safetensors").rename(f / "model/pytorch_model.bin"), "pickles (model/pytorch_model.bin)"),
        (lambda f: (f / "model/modeling.py").write_text("1"), "code of its own (model/modeling.py)"),
        (lambda f: (f / "model_card_data.yaml").write_text("a: [1"), "model_card_data.yaml is no valid YAML"),
        (lambda f: (f / "model_card_data.yaml").write_text(bomb()), "more than"),
        (lambda f: (f / "input_example.json").write_text("[" * 5000), "input_example.json is no valid JSON"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(artifact: Path, damage: Callable[[Path], object], said: str) -> None:
    damage(artifact)
    facts = facts_of(artifact)
    assert said in facts.problem
    assert facts.problem.endswith(".")
    assert "\n" not in facts.problem


def test_our_own_copy_in_the_artifact_is_no_foreign_code(artifact: Path) -> None:
    change_mlmodel(artifact, lambda m: m["flavors"].update(flavor={"format": 1, "loader_package": "flavor_abc"}))
    (artifact / "code/flavor_abc").mkdir(parents=True)
    (artifact / "code/flavor_abc/pyfunc.py").write_text("1")
    assert facts_of(artifact).problem == ""
    (artifact / "code/other.py").write_text("1")
    assert "code/other.py" in facts_of(artifact).problem


def test_an_mlmodel_cannot_point_out_of_its_artifact(artifact: Path) -> None:
    change_mlmodel(artifact, lambda m: m["flavors"]["transformers"].update(model_binary="../../secrets"))
    assert "secrets" not in facts_of(artifact).problem


def test_links_out_of_the_folder_are_not_followed(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (artifact / "model_card.md").unlink()
    (artifact / "model_card.md").symlink_to(tmp_path / "secret.txt")
    assert facts_of(artifact).card == ""


def test_nothing_at_all_is_no_model() -> None:
    facts = read_facts([], lambda path, limit: None)
    assert "MLmodel" in facts.problem


def test_no_content_makes_it_raise_and_all_of_it_is_json(artifact: Path) -> None:
    """Every small file is replaced by noise of several kinds; facts stay JSON that PostgreSQL takes too."""
    generator = random.Random(5)
    files, read = local_reader(artifact)
    kinds = (b"", b"null", b"[]", b"{}", b'"text"', b"[[[1]]]", b"a: {b: [c]}", b"- 1\n- 2", b'{"a": NaN, "b": "\\u0000"}')
    for entry in files:
        original = read(entry.path, None) or b""
        for number in range(60):
            noise = kinds[number] if number < len(kinds) else flipped(original, generator)

            def spoiled(path: str, limit: int | None, bad: str = entry.path, noise: bytes = noise) -> bytes | None:
                return noise[: len(noise) if limit is None else limit] if path == bad else read(path, limit)

            sizes = [FileEntry(each.path, len(noise) if each == entry else each.size_bytes) for each in files]
            facts = read_facts(sizes, spoiled)
            text = json.dumps(vars(facts), allow_nan=False)
            assert "\\u0000" not in text.replace("\\\\", "")


def test_reading_facts_costs_no_torch() -> None:
    heavy = "{'torch', 'transformers', 'mlflow', 'numpy', 'huggingface_hub'}"
    code = f"import sys, flavor.inspection; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flipped(content: bytes, generator: random.Random) -> bytes:
    spoiled = bytearray(content)
    for _ in range(generator.randint(1, 8)):
        spoiled[generator.randrange(len(spoiled))] = generator.randrange(256)
    return bytes(spoiled)


def bomb() -> str:
    """A few lines of YAML that are a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    return "\n".join([*lines, *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))])
