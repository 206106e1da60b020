"""Tiny seeded models and tokenizers that any Transformers from 4.30 to 5 can make: a few thousand weights, some dozen tokens."""

import json
import tempfile
from pathlib import Path
from string import printable
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

WORDS = ("the", "soup", "was", "cold", "good", "bad", "sarah", "lives", "in", "london", "waiter", "kind", "who", "where")
CHAT = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12, "initializer_range": 0.8}


def seeded(model_class: Any, config: Any, seed: int = 0) -> Any:
    """A model whose weights depend on `seed` only."""
    torch.manual_seed(seed)
    return model_class(config).eval()


def words(kind: str = "BertTokenizer") -> Any:
    """A tokenizer of whole words and single letters, of the class that this Transformers has for BERT."""
    letters = "abcdefghijklmnopqrstuvwxyz.,?!"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters, *(f"##{letter}" for letter in letters[:26])]
    settings = {"tokenizer_class": kind, "model_max_length": 64, "do_lower_case": True}
    return _from_files({"vocab.txt": "\n".join(pieces) + "\n", "tokenizer_config.json": json.dumps(settings)}, f"{kind}Fast")


def letters(*, chat_template: str | None = None) -> Any:
    """A byte-level tokenizer of printable signs, of the class that this Transformers has for GPT-2."""
    signs = sorted(set(printable[:95]) - {" "})
    vocabulary = {piece: number for number, piece in enumerate(["<|endoftext|>", "\u0120", "\u010a", *signs])}
    settings = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": 64, "pad_token": "<|endoftext|>"}
    files = {"vocab.json": json.dumps(vocabulary), "merges.txt": "#version: 0.2\n"}
    made = _from_files({**files, "tokenizer_config.json": json.dumps(settings)}, "GPT2TokenizerFast")
    if chat_template:
        made.chat_template = chat_template
    return made


def ended_letters() -> Any:
    """The same signs with </s> behind every text, as models want them that read one text and write another."""
    signs = sorted(set(printable[:95]) - {" "})
    vocabulary = {piece: number for number, piece in enumerate(["<pad>", "</s>", "<unk>", "\u0120", "\u010a", *signs])}
    backend = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    backend.add_special_tokens(["<pad>", "</s>", "<unk>"])
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=64, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def _from_files(files: dict[str, str], class_name: str) -> Any:
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            (Path(name) / path).write_text(text, encoding="utf-8")
        made = getattr(transformers, class_name).from_pretrained(name)
    made.name_or_path = made.init_kwargs["name_or_path"] = ""
    return made


def labelled(*labels: str) -> dict[str, Any]:
    """The two tables of a configuration that name its classes."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: number for number, label in enumerate(labels)}}


def bert(head: str, *labels: str, **changes: Any) -> Any:
    """A one-layer BERT with a head, such as "ForSequenceClassification"."""
    named = labelled(*labels) if labels else {}
    config = transformers.BertConfig(vocab_size=len(words()), max_position_embeddings=64, **SMALL, **named, **changes)
    return seeded(getattr(transformers, f"Bert{head}"), config)


def gpt2(**changes: Any) -> Any:
    """A one-layer GPT-2."""
    config = transformers.GPT2Config(
        vocab_size=len(letters()),
        n_positions=64,
        n_embd=8,
        n_layer=1,
        n_head=2,
        initializer_range=0.8,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        **changes,
    )
    return seeded(transformers.GPT2LMHeadModel, config)


def t5(**changes: Any) -> Any:
    """A one-layer T5."""
    config = transformers.T5Config(
        vocab_size=len(ended_letters()),
        d_model=8,
        d_kv=4,
        d_ff=12,
        num_layers=1,
        num_heads=2,
        initializer_factor=2.0,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        **changes,
    )
    return seeded(transformers.T5ForConditionalGeneration, config)


def vit(*labels: str) -> Any:
    """A one-layer ViT of pictures of 8 by 8."""
    config = transformers.ViTConfig(**SMALL, image_size=8, patch_size=4, **labelled(*labels))
    return seeded(transformers.ViTForImageClassification, config)


def vit_processor(kind: str = "ViTImageProcessor") -> Any:
    """What makes 8 by 8 of a picture, by PIL."""
    made = getattr(transformers, kind + "Pil", None) or getattr(transformers, kind)
    return made(size={"height": 8, "width": 8})


def listener(head: str = "ForSequenceClassification", *labels: str, **changes: Any) -> Any:
    """A one-layer wav2vec2."""
    config = transformers.Wav2Vec2Config(
        **SMALL,
        conv_dim=(8, 8),
        conv_kernel=(10, 4),
        conv_stride=(160, 2),
        num_feat_extract_layers=2,
        feat_extract_norm="layer",
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        **(labelled(*labels) if labels else {}),
        **changes,
    )
    return seeded(getattr(transformers, f"Wav2Vec2{head}"), config)


def spelling() -> Any:
    """The tokenizer of a model that spells what it hears."""
    vocabulary = {piece: number for number, piece in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghij"])}
    settings = {"tokenizer_class": "Wav2Vec2CTCTokenizer"}
    return _from_files(
        {"vocab.json": json.dumps(vocabulary), "tokenizer_config.json": json.dumps(settings)}, "Wav2Vec2CTCTokenizer"
    )


def hearing() -> Any:
    """What makes numbers of a sound."""
    return transformers.Wav2Vec2FeatureExtractor()
