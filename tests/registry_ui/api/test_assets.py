"""Media that are uploaded by REST."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registry_ui.assets.models import Asset
from tests.registry_ui.api.conftest import PREFIX
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db

ASSETS = f"{PREFIX}/assets"


@pytest.mark.parametrize(
    "upload",
    [
        lambda api: api.post(ASSETS, image(), content_type="image/png"),
        lambda api: api.post(ASSETS, image(), content_type="application/octet-stream"),
        lambda api: api.post(ASSETS, {"file": SimpleUploadedFile("a.png", image(), "image/png")}),
    ],
)
def test_an_image_is_kept_under_an_address(upload, api, alice):
    answer = upload(api)
    asset = answer.json()

    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/assets/{asset['id']}")
    assert (asset["media_type"], asset["size_bytes"]) == ("image/png", len(image()))
    assert api.get(asset["links"]["self"]).json() == asset
    assert Asset.objects.get().created_by == alice


def test_its_content_is_kept_apart_from_our_pages(api):
    asset = api.post(ASSETS, image(), content_type="image/png").json()
    answer = api.get(asset["links"]["content"])

    assert (answer.content, answer["Content-Type"]) == (image(), "image/png")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["ETag"] == f'"{asset["sha256"]}"'


def test_a_page_in_disguise_is_never_shown_as_one(api):
    answer = api.post(ASSETS, {"file": SimpleUploadedFile("a.html", b"<script>alert(1)</script>", "text/html")})
    content = api.get(answer.json()["links"]["content"])

    assert content["Content-Disposition"].startswith("attachment")
    assert "sandbox" in content["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"nothing", "image/png"), (b"", "image/png"), (b"", "application/octet-stream")]
)
def test_what_is_no_image_is_refused(body, content_type, api):
    answer = api.post(ASSETS, body, content_type=content_type)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/file")
    assert not Asset.objects.exists()


def test_a_form_without_the_file_names_the_part(api):
    answer = api.post(ASSETS, {"picture": SimpleUploadedFile("a.png", image())})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/file")


def test_a_file_that_is_too_large(api, settings):
    settings.MAX_UPLOAD_BYTES = 10
    answer = api.post(ASSETS, image(), content_type="image/png")

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_json_is_not_taken(api):
    assert api.send("/assets", {"file": "x"}).status_code == 415
