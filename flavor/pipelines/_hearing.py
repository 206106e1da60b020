"""Shared by the pipelines that hear: files and other sampling rates without ffmpeg and torchaudio, which transformers needs."""

from pathlib import Path
from typing import Any

from ..audio import decode_audio

_ADDRESSES = ("http://", "https://")


def heard(inputs: Any, sampling_rate: int) -> Any:
    """Return samples at `sampling_rate` for a path, the bytes of a file, or samples at another rate; the rest as it is.

    That is what a pipeline called in somebody's own program gets; no row of a request comes here but as samples.
    Raises InvalidInput, which is a ValueError.
    """
    if isinstance(inputs, str) and not inputs.startswith(_ADDRESSES):
        return decode_audio(Path(inputs), sampling_rate=sampling_rate).samples
    if isinstance(inputs, bytes | Path):
        return decode_audio(inputs, sampling_rate=sampling_rate).samples
    if isinstance(inputs, dict) and inputs.get("sampling_rate") not in (None, sampling_rate) and {"raw", "array"} & set(inputs):
        return _at_rate(inputs, sampling_rate)
    return inputs


def _at_rate(inputs: dict[str, Any], sampling_rate: int) -> dict[str, Any]:
    ratio = sampling_rate / inputs["sampling_rate"]
    kept = {name: value for name, value in inputs.items() if name not in ("raw", "array", "sampling_rate")}
    if kept.get("stride") is not None:
        kept["stride"] = tuple(round(each * ratio) for each in kept["stride"])
    samples = decode_audio(inputs, sampling_rate=sampling_rate).samples
    return {**kept, "raw": samples, "sampling_rate": sampling_rate}
