"""Checkpoints for benchmarks: Llamas with seeded random weights in shards, and one of any size without content."""

import json
from pathlib import Path
from typing import Any

from flavor.components import quiet
from tests import tiny_models

SIZES = {  # four bytes a weight; 16 h² weights a layer
    "100 MB": {"hidden_size": 512, "num_hidden_layers": 6},
    "1 GB": {"hidden_size": 1024, "num_hidden_layers": 15},
}
SHARDS = 4


def in_memory(size: str = "") -> Any:
    """Return a text generation pipeline of about that size, or a tiny one, the same each time."""
    if not size:
        return tiny_models.text_generation()
    from transformers import LlamaForCausalLM, TextGenerationPipeline

    tokenizer = tiny_models.byte_tokenizer()
    config = tiny_models.decoder_config(tokenizer)
    width = SIZES[size]["hidden_size"]
    config.update({**SIZES[size], "intermediate_size": 4 * width, "num_attention_heads": 8, "num_key_value_heads": 8})
    config.update({"head_dim": width // 8})
    model = tiny_models.seeded(LlamaForCausalLM, config)
    return TextGenerationPipeline(model=model, tokenizer=tokenizer, task="text-generation", device="cpu")


def write_checkpoint(size: str, folder: Path) -> Path:
    """Write that pipeline's checkpoint in shards."""
    pipeline = in_memory(size)
    shard_bytes = sum(each.numel() * each.element_size() for each in pipeline.model.parameters()) // SHARDS
    with quiet():
        pipeline.model.save_pretrained(folder, max_shard_size=shard_bytes)
    pipeline.tokenizer.save_pretrained(folder)
    return folder


def write_tiny(folder: Path) -> Path:
    """Write a checkpoint of a tenth of a megabyte."""
    return tiny_models.save_checkpoint("text-generation", folder)


def write_sparse(folder: Path, size_bytes: int) -> Path:
    """Write a checkpoint whose weights file has a true header and no content: it takes no room until it is copied."""
    write_tiny(folder)
    rows = size_bytes // 4 // 1024
    header = json.dumps(
        {"model.embed_tokens.weight": {"dtype": "F32", "shape": [rows, 1024], "data_offsets": [0, rows * 4096]}}
    ).encode()
    header += b" " * (-len(header) % 8)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + rows * 4096)
    return folder
