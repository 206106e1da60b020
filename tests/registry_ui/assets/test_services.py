"""What happens to media that come in."""

import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from flavor.tasks import InvalidInput
from registry_ui.assets.models import Asset
from registry_ui.assets.services import purge_expired, read, sniff, store

pytestmark = pytest.mark.django_db


def image(kind="PNG", size=(4, 3)):
    data = BytesIO()
    Image.new("RGB", size).save(data, kind)
    return data.getvalue()


def png_header_of(width, height):
    """A PNG that claims a size it does not have: the whole bomb in 60 bytes."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 8) + b"IDAT"


def test_what_was_stored_can_be_read():
    data = image()
    asset = store(data, "image/png", "cat.png", None)

    assert (asset.media_type, asset.size_bytes, asset.name) == ("image/png", len(data), "cat.png")
    assert read(asset.id) == data


@pytest.mark.parametrize(
    ("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")]
)
def test_the_bytes_say_what_an_image_is_not_its_sender(kind, media_type):
    assert store(image(kind), "image/x-whatever").media_type == media_type


@pytest.mark.parametrize(
    ("start", "claimed", "media_type"),
    [
        (b"\0\0\0\x1cftypisom", "", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "application/octet-stream", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x9fB\x86", "", "video/webm"),
        (b"RIFF\0\0\0\0AVI LIST", "", "video/x-msvideo"),
        (b"\x1aE\xdf\xa3\x9fB\x86", "audio/webm", "audio/webm"),
        (b"\x1aE\xdf\xa3\x9fB\x86", "video/x-matroska", "video/x-matroska"),
    ],
)
def test_films_are_known_by_their_bytes_but_a_recorded_sound_stays_one(start, claimed, media_type):
    assert store(start + bytes(40), claimed).media_type == media_type


def test_an_image_that_is_not_one_is_refused_naming_the_field():
    with pytest.raises(InvalidInput, match="photo is not an image") as refused:
        store(b"hello", "image/png", field="photo")
    assert refused.value.field == "photo"


def test_an_image_with_too_many_pixels_is_refused_before_decoding():
    with pytest.raises(InvalidInput, match=r"50\.0 megapixels \(10000 x 5000\), at most 40"):
        store(png_header_of(10_000, 5_000), "image/png")


def test_an_image_that_lies_about_its_type_is_still_counted():
    with pytest.raises(InvalidInput, match="megapixels"):
        store(png_header_of(50_000, 50_000), "text/plain")


def test_an_empty_and_a_too_big_upload_are_refused(settings):
    settings.MAX_UPLOAD_BYTES = 3
    with pytest.raises(InvalidInput, match="empty"):
        store(b"")
    with pytest.raises(InvalidInput, match="at most"):
        store(b"1234")


def test_other_media_keep_the_type_their_sender_gave():
    assert store(b"a,b", "text/csv").media_type == "text/csv"
    assert sniff(b"RIFF\0\0\0\0WAVEfmt ") == "audio/wav"
    assert {sniff(start + bytes(40)) for start in (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")} == {"audio/mpeg"}


@pytest.mark.parametrize("asset_id", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_asset_is_named(asset_id):
    with pytest.raises(InvalidInput, match=asset_id) as refused:
        read(asset_id, field="image")
    assert refused.value.field == "image"


def test_expired_assets_and_their_files_go():
    old, young = store(b"old"), store(b"young")
    Asset.objects.filter(pk=old.pk).update(expires_at=timezone.now())

    assert purge_expired() == 1
    assert list(Asset.objects.all()) == [young]
    assert not default_storage.exists(old.path)
    assert read(young.id) == b"young"
