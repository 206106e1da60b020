"""The small models of the tutorials, trained here in seconds; each is a checkpoint like those of the Hub.

A page says `make("storyteller")` where a reader with a connection may say the id of a model on the Hub. From a shell:

    python -m docs.tutorials.models storyteller --output DIR
"""

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    MarianConfig,
    MarianMTModel,
    PreTrainedTokenizerFast,
    WhisperProcessor,
)

from . import sounds, texts

FOLDER = Path("var", "tutorials")
PAD, START, END = "<pad>", "<s>", "</s>"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CONTEXT_TOKENS = 512


def make(name: str, folder: str | Path | None = None) -> str:
    """Return the folder of a checkpoint of this name, which is trained when it is not there yet."""
    target = Path(folder or FOLDER / name)
    if not (target / "config.json").exists():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model, processor = _BUILDERS[name]()
        model.eval().save_pretrained(target)
        processor.save_pretrained(target)
    return str(target)


def storyteller() -> tuple[Any, Any]:
    """A Llama that continues stories and answers in chats, like a small instruct model."""
    chats = texts.chats()
    tokenizer = _tokenizer([*texts.stories(), *(turn["content"] for chat in chats for turn in chat)])
    tokenizer.chat_template = CHAT_TEMPLATE
    told = [tokenizer(text + END)["input_ids"] for text in texts.stories()]
    told += [tokenizer.apply_chat_template(chat, return_dict=False) for chat in chats]
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT_TOKENS,
        initializer_range=0.06,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.update(max_new_tokens=40, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    _train(model, (_padded(batch, tokenizer.pad_token_id) for batch in _batches(told, steps=300, size=16)), rate=5e-3, steps=300)
    return model, tokenizer


def translator() -> tuple[Any, Any]:
    """A Marian that puts simple English sentences into French."""
    pairs = texts.translations()
    tokenizer = _tokenizer(text for pair in pairs for text in pair)
    end = (END, tokenizer.eos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A </s>", pair="$A $B </s>", special_tokens=[end])
    config = MarianConfig(
        vocab_size=len(tokenizer),
        d_model=64,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=64,
        dropout=0.0,
        init_std=0.1,
        scale_embedding=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    model = MarianMTModel(config)
    model.generation_config.update(max_new_tokens=40, num_beams=1)
    read, written = ([tokenizer(pair[side])["input_ids"] for pair in pairs] for side in (0, 1))
    lessons = (
        {
            **_padded([each[0] for each in batch], tokenizer.pad_token_id),
            "labels": _padded([each[1] for each in batch], -100)["labels"],
        }
        for batch in _batches(list(zip(read, written, strict=True)), steps=250, size=24)
    )
    _train(model, lessons, rate=5e-3, steps=250)
    return model, tokenizer


def reader() -> tuple[Any, Any]:
    """A BERT that has learned nothing yet, with a tokenizer of the words of reviews: something to be tuned."""
    tokenizer = _tokenizer(text for text, _ in texts.reviews())
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
    )
    tokenizer.model_max_length = 64
    return BertModel(config), tokenizer


def whisper() -> tuple[Any, Any]:
    """A Whisper that writes down which noises it hears, and when."""
    model, tokenizer, extractor = sounds.listener()
    _train(model, sounds.lessons(tokenizer, extractor, steps=220, size=8), rate=4e-3, steps=220)
    return model, WhisperProcessor(extractor, tokenizer)


def _tokenizer(written: Iterable[str]) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer of the words that are in the texts."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = [PAD, START, END, "<|user|>", "<|assistant|>", "<|system|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    backend.train_from_iterator(written, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token=PAD, bos_token=START, eos_token=END, model_max_length=CONTEXT_TOKENS
    )


def _batches(rows: list[Any], *, steps: int, size: int) -> Iterator[list[Any]]:
    chance = random.Random(0)
    for _ in range(steps):
        yield chance.sample(rows, min(size, len(rows)))


def _padded(rows: list[list[int]], pad: int) -> dict[str, torch.Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
    places = torch.tensor([[*[1] * len(row), *[0] * (longest - len(row))] for row in rows])
    return {"input_ids": ids, "attention_mask": places, "labels": ids.masked_fill(places == 0, -100)}


def _train(model: Any, batches: Iterable[dict[str, torch.Tensor]], *, rate: float, steps: int) -> float:
    """Train a model on batches that say their labels; return the last loss."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    slowing = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    loss = torch.zeros(())
    model.train()
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        slowing.step()
    return float(loss.detach())


_BUILDERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "reader": reader,
    "storyteller": storyteller,
    "translator": translator,
    "whisper": whisper,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small model of the tutorials.")
    parser.add_argument("name", choices=sorted(_BUILDERS))
    parser.add_argument("--output", type=Path, help=f"the folder to write; {FOLDER}/<name> when left out")
    arguments = parser.parse_args()
    make(arguments.name, arguments.output)


if __name__ == "__main__":
    main()
