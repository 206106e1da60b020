"""Which layouts each pair of MLflow and Transformers writes: a model, and how stock is asked to save it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parts
import transformers
from pipelines import (
    captioner,
    chatter,
    classifier,
    enlarger,
    entities,
    features,
    listener,
    looker,
    masks,
    pipe,
    questions,
    rewriter,
    sorter,
    speller,
    talker,
    writer,
    zero_shot,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB_ID = "corpus/tiny"
BASE = Path(__file__).parent / "bases" / "tiny"  # stands for a model of the Hub, and for a checkpoint on disk

Built = tuple[Any, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One artifact: what is saved with which options, and how it is asked afterwards."""

    name: str
    task: str
    layout: str  # what is special about what stock writes
    build: Callable[[], Built]
    pipeline: Callable[[Any], Any] | None = None  # the one that answers, where what is saved is none
    save: Callable[..., Path] | None = None  # instead of `save_model`


def simple(name: str, task: str, layout: str, make: Callable[[], Any], **options: Any) -> Case:
    """A pipeline saved with options."""
    return Case(name, task, layout, lambda: (make(), dict(options)))


REMOVED = [
    ("question-answering", "question-answering", questions),
    ("summarization", "summarization", rewriter("summarization", task_specific_params={"summarization": {"prefix": "sum: "}})),
    ("translation", "translation_en_to_fr", rewriter("translation_en_to_fr")),
    ("text2text-generation", "text2text-generation", rewriter("text2text-generation")),
]


def base_checkpoint() -> None:
    """Write the checkpoint that reference mode, adapters and paths refer to."""
    shutil.rmtree(BASE, ignore_errors=True)
    classifier().save_pretrained(str(BASE))


def with_hub() -> None:
    """Let stock find HUB_ID at COMMIT, in place of the Hub itself: what it asks is the newest commit."""
    from mlflow.transformers import flavor_config

    flavor_config.get_latest_commit_for_repo = lambda _: COMMIT


def from_base(name: str = "") -> dict[str, Any]:
    """Model and tokenizer of the base, under the name by which a program loaded them."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(BASE)
    tokenizer = transformers.AutoTokenizer.from_pretrained(BASE)
    tokenizer.name_or_path = model.config._name_or_path = model.name_or_path = name
    return {"model": model.eval(), "tokenizer": tokenizer}


def as_pipeline(made: dict[str, Any]) -> Any:
    """The pipeline of a dict of components, which may hold an adapter."""
    return transformers.TextClassificationPipeline(**made, device=-1, task="text-classification")


def reference() -> Built:
    with_hub()
    return as_pipeline(from_base(HUB_ID)), {"save_pretrained": False}


def adapted(name: str) -> Any:
    """A LoRA adapter on the base."""
    import torch
    from peft import LoraConfig, TaskType, get_peft_model

    made = from_base(name)
    torch.manual_seed(1)
    config = LoraConfig(r=2, task_type=TaskType.SEQ_CLS, target_modules=["query"], init_lora_weights=False)
    return as_pipeline({**made, "model": get_peft_model(made["model"], config).eval()})


def adapter_by_reference() -> Built:
    with_hub()
    return adapted(HUB_ID), {}


def adapter_with_base() -> Built:
    return adapted(""), {}


def adapter_on_path() -> Built:
    """The folder is below the one that this is written in, so that its address can be made neutral afterwards."""
    shutil.copytree(BASE, "base")
    return adapted(""), {"base_model_path": str(Path("base").resolve())}


def checkpoint() -> Built:
    """A checkpoint's folder, as its path; stock copies all of it."""
    shutil.copytree(BASE, "checkpoint")
    return "checkpoint", {"task": "text-classification"}


def components() -> Built:
    made = classifier()
    return {"model": made.model, "tokenizer": made.tokenizer}, {"task": "text-classification"}


def with_processor() -> Built:
    """A model whose processor was given apart, so that stock loads it as components only."""
    made = speller()
    processor = transformers.Wav2Vec2Processor(feature_extractor=made.feature_extractor, tokenizer=made.tokenizer)
    return made, {"processor": processor}


def with_code() -> Built:
    Path("helper.py").write_text('"""Comes with the model."""\n', encoding="utf-8")
    return classifier(), {"code_paths": ["helper.py"]}


def in_bfloat16() -> Built:
    import torch

    return pipe("text-classification", classifier().model, tokenizer=parts.words()), {"torch_dtype": torch.bfloat16}


def as_loaded(made: Any) -> Any:
    """The pipeline as the recorded dtype makes it."""
    made.model.bfloat16()
    return made


def logged(pipeline: Any, **options: Any) -> Path:
    """Log to a store of its own, register, and return where the model lies."""
    import mlflow

    mlflow.set_tracking_uri("sqlite:///store.db")
    client = mlflow.MlflowClient()
    client.create_experiment("corpus", artifact_location=Path("artifacts").resolve().as_uri())
    mlflow.set_experiment("corpus")
    with mlflow.start_run():
        info = mlflow.transformers.log_model(pipeline, name="sentiment", registered_model_name="sentiment", **options)
    return Path(client.get_logged_model(info.model_id).artifact_location.removeprefix("file://"))


LLM = [
    ("chat", "llm/v1/chat", chatter, "text-generation"),
    ("completions", "llm/v1/completions", writer, "text-generation"),
    ("embeddings", "llm/v1/embeddings", features, "feature-extraction"),
]


def llm_cases() -> list[Case]:
    return [_llm_case(*each) for each in LLM]


def _llm_case(name: str, task: str, make: Callable[[], Any], native: str) -> Case:
    """A pipeline that stock serves by a protocol; the pipeline's own task is kept too."""
    return Case(f"llm-{name}", native, f"inference task {task}", lambda: (make(), {"task": task}))


def shared_by_2_22_and_3() -> list[Case]:
    """Layouts that MLflow has had since 2.11, all of them alive."""
    same = "text-classification"
    return [
        Case("reference", same, "reference to the Hub, no weights, no components", reference),
        Case("adapter-by-reference", same, "adapter; its base is a reference to the Hub", adapter_by_reference),
        Case("adapter-with-base", same, "adapter beside the weights of its base", adapter_with_base),
        Case("processor", "automatic-speech-recognition", "a processor: stock gives components only", with_processor),
        Case("components", same, "a dict of components", components, pipeline=lambda made: as_pipeline(made)),
        *llm_cases(),
        simple(
            "template",
            "text-generation",
            "prompt template, model config, params of the signature",
            writer,
            prompt_template="Q: {prompt} A:",
            model_config={"do_sample": False, "max_new_tokens": 8},
            input_example=("good soup", {"max_new_tokens": 4}),
        ),
    ]


def cases_of_2_3() -> list[Case]:
    """MLflow up to 2.4.0: weights in pipeline/, pickled by Transformers of that time."""
    layout = "weights in pipeline/, pickled; framework pt"
    return [
        simple("text-classification", "text-classification", layout, classifier),
        simple("token-classification", "token-classification", layout, entities),
        simple("conversational", "conversational", layout, talker),
        simple("image-classification", "image-classification", layout, sorter("ViTFeatureExtractor", "feature_extractor")),
        *[simple(name, task, layout, make) for name, task, make in REMOVED],
    ]


def cases_of_2_5() -> list[Case]:
    layout = "components/inference_config.txt; weights pickled"
    config = {"max_new_tokens": 4, "do_sample": False}
    return [
        simple("text-generation", "text-generation", layout, writer, inference_config=config),
        simple("fill-mask", "fill-mask", "weights pickled", masks),
    ]


def cases_of_2_10() -> list[Case]:
    layout = "safetensors by MLflow 2.10"
    template = {"prompt_template": "Q: {prompt} A:", "model_config": {"do_sample": False, "max_new_tokens": 4}}
    return [
        simple("template", "text-generation", "prompt template and model config", writer, **template),
        simple("zero-shot-classification", "zero-shot-classification", layout, zero_shot),
        simple("automatic-speech-recognition", "automatic-speech-recognition", layout, speller),
    ]


def cases_of_2_22() -> list[Case]:
    return [
        simple("text-classification", "text-classification", "safetensors; framework pt", classifier),
        simple("visual-question-answering", "visual-question-answering", "two components", looker),
        Case(
            "checkpoint",
            "text-classification",
            "a checkpoint's folder, copied whole",
            checkpoint,
            lambda _: as_pipeline(from_base()),
        ),
        *shared_by_2_22_and_3(),
    ]


def cases_of_3_on_4() -> list[Case]:
    layout = "written by today's MLflow on the last Transformers 4"
    return [
        *[simple(name, task, layout, make) for name, task, make in REMOVED],
        simple("visual-question-answering", "visual-question-answering", layout, looker),
        simple("image-to-text", "image-to-text", layout, captioner),
        simple("image-to-image", "image-to-image", layout, enlarger),
        Case(
            "checkpoint",
            "text-classification",
            "a checkpoint's folder, copied whole",
            checkpoint,
            lambda _: as_pipeline(from_base()),
        ),
    ]


def cases_of_3_on_5() -> list[Case]:
    layout = "model/ and components/"
    return [
        simple("text-classification", "text-classification", layout, classifier, input_example=["the soup was cold"]),
        simple("token-classification", "ner", "an alias as task", lambda: entities("ner")),
        simple("feature-extraction", "feature-extraction", layout, features),
        simple("fill-mask", "fill-mask", layout, masks),
        simple("zero-shot-classification", "zero-shot-classification", layout, zero_shot),
        simple("image-classification", "image-classification", layout, sorter()),
        simple("audio-classification", "audio-classification", layout, listener),
        simple("automatic-speech-recognition", "automatic-speech-recognition", layout, speller),
        simple("text-generation", "text-generation", layout, writer),
        Case(
            "logged",
            "text-classification",
            "logged and registered: model_id, registered_model_meta",
            lambda: (classifier(), {}),
            save=logged,
        ),
        Case("bfloat16", "text-classification", "a dtype for loading, weights in another", in_bfloat16, pipeline=as_loaded),
        Case("adapter-on-path", "text-classification", "adapter; its base is a folder elsewhere", adapter_on_path),
        Case("code", "text-classification", "code/ that comes with the model", with_code),
        *shared_by_2_22_and_3(),
    ]


def cases_of(mlflow: str, version: str) -> list[Case]:
    """The cases of a pair of versions."""
    by_mlflow = {"2.3": cases_of_2_3, "2.5": cases_of_2_5, "2.10": cases_of_2_10, "2.22": cases_of_2_22}
    if mlflow.startswith("3."):
        return cases_of_3_on_5() if version.startswith("5.") else cases_of_3_on_4()
    if mlflow.startswith("2.22") and not BASE.is_dir():
        base_checkpoint()
    return by_mlflow[".".join(mlflow.split(".")[:2])]()
