"""Bodies on their way in: JSON, multipart, or one medium as it is; none is read that is too large."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from .problems import ProblemError

_MIB = 2**20


class JsonParser(parsers.JSONParser):
    """JSON that the rest of the system can store and send on."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        _check_text(data)
        return data


class MultipartParser(parsers.MultiPartParser):
    """Parts with files; these go to disk while they come in."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        check_size(parser_context)
        return super().parse(stream, media_type, parser_context)


@dataclass(frozen=True)
class RawMedium:
    """The body, which is one picture or sound, and the type it claims to be."""

    data: bytes
    media_type: str


class _MediumParser(parsers.BaseParser):
    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return a `RawMedium`."""
        check_size(parser_context)
        return RawMedium(stream.read(), (media_type or "").partition(";")[0].strip())


class ImageParser(_MediumParser):
    media_type = "image/*"


class AudioParser(_MediumParser):
    media_type = "audio/*"


class VideoParser(_MediumParser):
    media_type = "video/*"


class BytesParser(_MediumParser):
    media_type = "application/octet-stream"


def check_size(parser_context: Mapping[str, Any] | None) -> None:
    """Refuse a body over the limit before a byte of it is read."""
    request = (parser_context or {})["request"]
    said = request.META.get("CONTENT_LENGTH") or "0"
    size = int(said) if said.isdecimal() else 0
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if size > limit:
        raise ProblemError("body-too-large", f"The body has {size / _MIB:.1f} MiB, at most {limit / _MIB:.0f} are taken.")


def _check_text(data: Any) -> None:
    """Refuse half characters (lone surrogates) and NUL: JSON can write them, but no database can store them."""
    written = json.dumps(data, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError as error:
        raise ParseError("The JSON holds half a character (a lone surrogate); send whole characters.") from error
    if "\\u0000" in written:
        raise ParseError("The JSON holds the character NUL, which cannot be stored.")
