"""Keep media: check them by their first bytes, store them, read them, forget them in time."""

import hashlib
import uuid
from datetime import timedelta
from io import BytesIO
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, UnidentifiedImageError

from flavor.tasks import InvalidInput

from ..accounts.models import User
from .models import Asset

# Our own limit is lower and read from the header, before anything is decoded; Pillow would only warn.
Image.MAX_IMAGE_PIXELS = None

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
EXIF_ORIENTATION = 0x0112
EXIF_FIRST_ON_ITS_SIDE = 5
DEFAULT_MEDIA_TYPE = "application/octet-stream"

_SIGNS = (
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    *((sign, "audio/mpeg") for sign in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),  # MPEG 1, 2 and 2.5 at lower rates
)


def store(data: bytes, media_type: str = "", name: str = "", user: User | None = None, *, field: str = "file") -> Asset:
    """Check and keep `data`; the media type is read from the bytes where they say it.

    Raises InvalidInput naming `field`: empty, too big, not the image it claims to be, too many pixels.
    """
    _check_size(data, field)
    sniffed = sniff(data)
    if media_type.startswith("image/") or (sniffed or "").startswith("image/"):
        check_image(data, field)
    asset = Asset(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=_settled(sniffed, media_type) or DEFAULT_MEDIA_TYPE,
        size_bytes=len(data),
        name=name[-255:],
        created_by=user,
        expires_at=timezone.now() + timedelta(days=settings.ASSETS_KEPT_DAYS),
    )
    # One file for one row: sharing files between rows would let the purge of one race with the storing of another.
    asset.path = default_storage.save(f"{timezone.now():%Y/%m/%d}/{asset.id}", ContentFile(data))
    asset.save(force_insert=True)
    return asset


def find(asset_id: str | uuid.UUID, *, field: str = "asset") -> Asset:
    """Return the asset. Raises InvalidInput naming `field` when there is none (any more)."""
    try:
        return Asset.objects.get(pk=uuid.UUID(str(asset_id)))
    except (Asset.DoesNotExist, ValueError) as error:
        raise InvalidInput(field, f"There is no asset {str(asset_id)!r} (any more); upload the medium again.") from error


def read(asset_id: str | uuid.UUID, *, field: str = "asset") -> bytes:
    """Return the bytes of an asset. Raises InvalidInput naming `field` when they are gone."""
    asset = find(asset_id, field=field)
    try:
        with default_storage.open(asset.path) as file:
            return file.read()
    except FileNotFoundError as error:
        raise InvalidInput(field, f"The file of asset {asset.id} is gone; upload the medium again.") from error


def is_kept(asset_id: str | uuid.UUID) -> bool:
    """Whether the asset is there and its time is not over."""
    try:
        return find(asset_id).is_kept
    except InvalidInput:
        return False


def upright_size(file: BinaryIO) -> tuple[int, int]:
    """Return width and height of an image as it is shown, turned as its EXIF says; read from the header only.

    Raises ValueError when it is no image.
    """
    try:
        with Image.open(file, formats=IMAGE_FORMATS) as image:
            width, height = image.size
            is_turned = image.getexif().get(EXIF_ORIENTATION, 1) >= EXIF_FIRST_ON_ITS_SIDE
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ValueError("not an image that can be read here") from error
    return (height, width) if is_turned else (width, height)


def check_image(data: bytes, field: str) -> tuple[int, int]:
    """Return width and height, read from the header only. Raises InvalidInput naming `field`."""
    try:
        with Image.open(BytesIO(data), formats=IMAGE_FORMATS) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        known = ", ".join(IMAGE_FORMATS)
        raise InvalidInput(field, f"{field} is not an image that can be read here; send one of: {known}.") from error
    if width * height > settings.MAX_IMAGE_PIXELS:
        megapixels, limit = width * height / 1e6, settings.MAX_IMAGE_PIXELS / 1e6
        said = (
            f"{field} has {megapixels:.1f} megapixels ({width} x {height}), at most {limit:.0f} are taken; send a smaller image."
        )
        raise InvalidInput(field, said)
    return width, height


def sniff(data: bytes) -> str | None:
    """Return the media type that the first bytes show, None when they show none of those we know."""
    if data[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "video/quicktime" if data[8:12] == b"qt  " else "video/mp4"
    for sign, media_type in _SIGNS:
        if data.startswith(sign):
            return media_type
    try:
        with Image.open(BytesIO(data), formats=IMAGE_FORMATS) as image:
            return image.get_format_mimetype()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def purge_expired() -> int:
    """Delete the assets whose time is over, rows first; return how many."""
    expired = list(Asset.objects.filter(expires_at__lt=timezone.now())[:1000])
    for asset in expired:
        asset.delete()
        default_storage.delete(asset.path)
    return len(expired)


def _settled(sniffed: str | None, claimed: str) -> str:
    """What the bytes show; but whoever recorded a sound knows that there are no pictures in its container."""
    is_container = (sniffed or "").startswith("video/")
    return claimed if is_container and claimed.startswith(("audio/", "video/")) else sniffed or claimed


def _check_size(data: bytes, field: str) -> None:
    if not data:
        raise InvalidInput(field, f"{field} is empty.")
    if len(data) > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES / 2**20
        raise InvalidInput(field, f"{field} has {len(data) / 2**20:.1f} MiB, at most {limit:.0f} are taken.")
