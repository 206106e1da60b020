"""Files on their way into an artifact: hashes, manifest, the kernel's copy and the one by hand."""

import hashlib
import os
from pathlib import Path

import pytest

from flavor import integrity
from flavor.errors import ModelNotLoadable
from flavor.weights import CHUNK_BYTES, MANIFEST, How, Writer, content_hash, read_manifest, weights_hash


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.safetensors"
    path.write_bytes(os.urandom(CHUNK_BYTES + 12345))
    return path


@pytest.mark.parametrize("how", list(How))
def test_a_file_arrives_whole_with_its_hash(source: Path, tmp_path: Path, how: How) -> None:
    writer = Writer(tmp_path / "artifact", how=how)
    writer.put({"model/weights.safetensors": source})
    content = source.read_bytes()
    assert (tmp_path / "artifact/model/weights.safetensors").read_bytes() == content
    assert [(each.size_bytes, each.sha256) for each in writer.listed] == [(len(content), hashlib.sha256(content).hexdigest())]


def test_where_the_kernel_cannot_copy_it_is_done_by_hand(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.copy_file_range
    calls: list[int] = []

    def half_way(reader: int, writer: int, count: int) -> int:
        calls.append(count)
        if len(calls) > 1:
            raise OSError("not here")
        return real(reader, writer, 1000)

    monkeypatch.setattr("os.copy_file_range", half_way)
    Writer(tmp_path / "artifact").put({"weights": source})
    assert (tmp_path / "artifact/weights").read_bytes() == source.read_bytes()


def test_where_a_file_cannot_be_linked_it_is_copied(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    writer = Writer(tmp_path / "artifact", how=How.HARD_LINK)
    writer.put({"weights": source})
    assert (tmp_path / "artifact/weights").read_bytes() == source.read_bytes()
    assert (tmp_path / "artifact/weights").stat().st_ino != source.stat().st_ino


def test_the_manifest_proves_the_files(source: Path, tmp_path: Path) -> None:
    writer = Writer(tmp_path / "artifact")
    writer.put({"model/a.safetensors": source})
    writer.write_manifest()
    integrity.check(tmp_path / "artifact")
    assert read_manifest(tmp_path / "artifact") == writer.listed
    (tmp_path / "artifact" / MANIFEST).write_text("{")
    with pytest.raises(ModelNotLoadable, match="is damaged"):
        integrity.check(tmp_path / "artifact")


def test_a_folder_without_manifest_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoadable, match="load it without verify"):
        integrity.check(tmp_path)


def test_the_hash_of_weights_is_the_same_wherever_they_lie(source: Path, tmp_path: Path) -> None:
    flat, deep = Writer(tmp_path / "flat"), Writer(tmp_path / "deep")
    flat.put({"model.safetensors": source})
    deep.put({"model/model.safetensors": source})
    deep.put({"model/config.json": source})
    assert weights_hash(flat.listed, "") == weights_hash(deep.listed, "model") != ""
    assert content_hash(flat.listed) != content_hash(deep.listed)
