"""The bytes of one file of a version, served so that no browser takes them for a page of ours."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .. import files, selectors
from ..artifact_folder import FileRefused
from ..mlflow_client import MlflowUnavailable
from ..selectors import NotFound

CHUNK_BYTES = 256 * 1024
# Whatever the bytes are: no script, no form, no request, an origin of its own.
POLICY = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'"


@require_safe
def file(request: HttpRequest, name: str, version: str, path: str) -> HttpResponseBase:
    """Send a file: pictures to be shown, everything else to be saved."""
    found = selectors.get_model_version(name, version)
    entry = files.get_file(found, path)
    opened = ExitStack()
    try:
        content = opened.enter_context(files.folder_of(found).open(path))
    except FileRefused as error:
        raise NotFound(str(error)) from error
    except MlflowUnavailable as error:
        return render(request, "catalog/unavailable.html", {"version": found, "problem": str(error)}, status=503)
    headers = _headers(entry, os.fstat(content.fileno()).st_size)
    if request.method == "HEAD":
        opened.close()
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(_chunks(content, opened), headers=headers)


def _headers(entry: files.File, size_bytes: int) -> dict[str, str]:
    disposition = "inline" if entry.picture_type else "attachment"
    return {
        "Content-Type": entry.picture_type or "application/octet-stream",
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(entry.name)}",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600",
    }


def _chunks(content: IO[bytes], opened: ExitStack) -> Iterator[bytes]:
    with opened:
        while chunk := content.read(CHUNK_BYTES):
            yield chunk
