"""Media as they are asked for by pages: pictures, sounds and films in place, everything else as a download."""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from flavor.tasks import InvalidInput

from . import services

# What a browser may draw or play by itself. SVG is not among them: it can hold scripts.
SHOWN_IN_PLACE = frozenset(
    {
        *("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"),
        *("audio/wav", "audio/x-wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/webm", "audio/mp4"),
        *("video/mp4", "video/webm", "video/ogg"),
    }
)
DOWNLOAD = "application/octet-stream"


@require_safe
def asset(request: HttpRequest, asset_id: UUID) -> FileResponse:
    """Send the bytes of an asset; 404 when it is unknown or its time is over."""
    try:
        found = services.find(asset_id)
        if not found.is_kept:
            raise Http404(f"The asset {asset_id} is no longer kept; upload the medium again.")
        file = default_storage.open(found.path)
    except (InvalidInput, FileNotFoundError) as error:
        raise Http404(f"There is no asset {asset_id} (any more); upload the medium again.") from error
    is_shown = found.media_type in SHOWN_IN_PLACE
    response = FileResponse(
        file,
        as_attachment=not is_shown,
        filename=found.name or str(found.id),
        content_type=found.media_type if is_shown else DOWNLOAD,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, max-age=3600, immutable"
    return response
