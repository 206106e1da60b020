"""Files of a version: looked into, downloaded, and nothing but them."""

import os

import pytest

from registry_ui.catalog.artifact_folder import FileRefused, RemoteFolder, open_folder
from registry_ui.catalog.mlflow_client import MlflowUnavailable, artifact_repository
from tests.factories import make_version
from tests.registry_ui.catalog.conftest import write_model

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def folder(tmp_path):
    """The files of a model, beside a secret that is not part of it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "model files"
    write_model(folder, card="# Reads reviews\n\n![plot](plot.png)\n")
    (folder / "plot.png").write_bytes(PNG)
    (folder / "page.html").write_text("<script>alert(1)</script>")
    (folder / "weights.bin").write_bytes(b"\x80\x04")
    (folder / "empty.txt").write_text("")
    return folder


@pytest.fixture
def version(db, folder):
    files = [{"path": each.path, "size_bytes": each.size_bytes} for each in open_folder(folder.as_uri()).files()]
    return make_version("sentiment", 1, artifact_uri=folder.as_uri(), files=files, card="![plot](plot.png)")


def look(client, path: str) -> str:
    response = client.get("/models/sentiment/versions/1/files", {"file": path}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


def download(client, path: str):
    return client.get(f"/models/sentiment/versions/1/files/{path}")


def test_the_tree_shows_folders_files_and_sizes(client_alice, version):
    text = client_alice.get("/models/sentiment/versions/1/files").content.decode()

    for shown in ("MLmodel", "components", "tokenizer_config.json", "model.safetensors", "180 B", "Files"):
        assert shown in text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("model/config.json", "BertForSequenceClassification"),
        ("MLmodel", "loader_module"),
        ("model_card.md", "Reads reviews</h2>"),
        ("plot.png", 'src="/models/sentiment/versions/1/files/plot.png"'),
        ("page.html", "&lt;script&gt;"),
        ("model/model.safetensors", "2 \N{MULTIPLICATION SIGN} 3"),
        ("weights.bin", "A pickle can run any code"),
        ("empty.txt", "This file is empty."),
    ],
)
def test_a_file_is_shown_as_what_it_is(client_alice, version, path, shown):
    assert shown in look(client_alice, path)


def test_bytes_that_are_no_text_are_not_shown(client_alice, version, folder):
    (folder / "empty.txt").write_bytes(b"\xff\xfe\x00\x01")

    assert "holds no text" in look(client_alice, "empty.txt")


@pytest.mark.parametrize("header", [b"\xff" * 64, b"\x10" + bytes(7) + b"x" * 16, (2).to_bytes(8, "little") + b"[]"])
def test_damaged_weights_are_said_to_be_damaged(client_alice, version, folder, header):
    (folder / "model" / "model.safetensors").write_bytes(header)

    assert "damaged" in look(client_alice, "model/model.safetensors")


def test_a_long_text_is_cut_and_says_so(client_alice, version, folder):
    (folder / "empty.txt").write_text("ä" * 200_000)
    version.files = [{"path": "empty.txt", "size_bytes": 400_000}]
    version.save()

    text = look(client_alice, "empty.txt")

    assert "Only the first 256 kB are shown" in text
    assert text.count("ä") < 300_000


def test_a_download_is_saved_and_never_run(client_alice, version):
    response = download(client_alice, "page.html")

    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''page.html"
    assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Length"] == "25"


def test_a_picture_is_shown_in_place(client_alice, version):
    response = download(client_alice, "plot.png")

    assert b"".join(response.streaming_content) == PNG
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Disposition"].startswith("inline")
    assert response.headers["Content-Security-Policy"].startswith("sandbox")


def test_pictures_of_a_card_come_from_the_version_itself(client_alice, version):
    assert (
        'src="/models/sentiment/versions/1/files/plot.png"' in client_alice.get("/models/sentiment/versions/1").content.decode()
    )


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "model/../../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "model", "MLmodel%00", "/etc/passwd"],
)
def test_a_path_that_the_index_does_not_list_is_not_found(client_alice, version, path):
    assert download(client_alice, path).status_code == 404


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "..", "", ".", "a\\b", "%2e%2e/secret.txt", "model"]
)
def test_a_folder_gives_nothing_outside_itself(folder, path):
    with pytest.raises(FileRefused):
        open_folder(folder.as_uri()).read(path)


def test_links_are_neither_listed_nor_followed(client_alice, version, folder):
    os.symlink(folder.parent / "secret.txt", folder / "link.txt")
    os.symlink(folder.parent, folder / "up")
    version.files += [{"path": "link.txt", "size_bytes": 6}, {"path": "up/secret.txt", "size_bytes": 6}]
    version.save()

    assert not {"link.txt", "up/secret.txt"} & {entry.path for entry in open_folder(folder.as_uri()).files()}
    assert download(client_alice, "link.txt").status_code == 404
    assert download(client_alice, "up/secret.txt").status_code == 404
    assert "links in models are not followed" in look(client_alice, "link.txt")


def test_a_file_that_vanished_is_named(client_alice, version, folder):
    (folder / "empty.txt").unlink()

    assert download(client_alice, "empty.txt").status_code == 404
    assert "There is no file empty.txt in this model (any more)." in look(client_alice, "empty.txt")


def test_files_that_cannot_be_had_are_a_503_with_the_reason(client_alice, version):
    version.artifact_uri = "file:///nowhere/at/all"
    version.save()

    response = download(client_alice, "MLmodel")

    assert response.status_code == 503
    assert "does not exist on this machine" in response.content.decode()


def test_a_remote_folder_is_listed_and_read_through_mlflow(folder, store):
    remote = RemoteFolder(artifact_repository(folder.as_uri()), "remote")

    assert {entry.path for entry in remote.files()} == {entry.path for entry in open_folder(folder.as_uri()).files()}
    assert remote.read("MLmodel", 8) == (folder / "MLmodel").read_bytes()[:8]
    with pytest.raises(FileRefused):
        remote.read("../secret.txt")
    with pytest.raises(MlflowUnavailable, match=r"none\.txt could not be fetched"):
        remote.read("none.txt")


def test_a_large_remote_file_is_not_fetched_for_a_look(folder, store, monkeypatch):
    monkeypatch.setattr("registry_ui.catalog.artifact_folder.CHEAP_BYTES", 100)
    remote = RemoteFolder(artifact_repository(folder.as_uri()), "remote")
    remote.files()

    assert remote.read("model/model.safetensors", 8) is None
