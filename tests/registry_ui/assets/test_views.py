"""What a browser gets when it asks for a medium."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.assets.models import Asset
from registry_ui.assets.services import store, upright_size
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db


def get(client, asset):
    answer = client.get(reverse("assets:asset", args=[asset.id]))
    if answer.streaming:
        answer.data = b"".join(answer.streaming_content)
        answer.close()
    return answer


def test_an_image_is_shown_in_place_and_kept_by_the_browser_alone(client_alice):
    answer = get(client_alice, store(image(), name="cat.png"))

    assert answer.status_code == 200
    assert answer.data == image()
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["Cache-Control"].startswith("private")


@pytest.mark.parametrize(
    ("data", "claimed"), [(b"<svg onload='alert(1)'>", "image/svg+xml"), (b"<script>", "text/html"), (b"a,b", "text/csv")]
)
def test_anything_else_is_a_download_that_no_browser_interprets(client_alice, data, claimed):
    asset = store(b"x")
    Asset.objects.filter(pk=asset.pk).update(media_type=claimed)
    answer = get(client_alice, asset)

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_whatever_it_is_it_runs_in_a_sandbox_and_is_what_it_says(client_alice):
    answer = get(client_alice, store(image()))

    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_name_with_quotes_and_line_ends_breaks_no_header(client_alice):
    answer = get(client_alice, store(image(), name='a"\r\nSet-Cookie: b=c\r\n.png'))

    assert "Set-Cookie" not in answer.headers
    assert answer.status_code == 200


def test_an_asset_whose_time_is_over_is_gone(client_alice):
    asset = store(image())
    Asset.objects.filter(pk=asset.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert get(client_alice, asset).status_code == 404


def test_an_asset_that_never_was_is_not_found(client_alice):
    assert get(client_alice, Asset()).status_code == 404


def test_only_people_who_signed_in_see_media(client):
    assert get(client, store(image())).status_code == 302


def test_the_size_is_that_of_the_image_as_it_is_shown():
    from io import BytesIO

    from PIL import Image

    turned = Image.Exif()
    turned[0x0112] = 6
    data = BytesIO()
    Image.new("RGB", (4, 3)).save(data, "JPEG", exif=turned)

    assert upright_size(BytesIO(image())) == (4, 3)
    assert upright_size(data) == (3, 4)
    with pytest.raises(ValueError, match="not an image"):
        upright_size(BytesIO(b"hello"))
