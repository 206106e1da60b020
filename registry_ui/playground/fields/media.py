"""Fields of media: a file of this request, an asset of an earlier one, or the medium of an example."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from flavor.tasks import Field, InvalidInput

from ...accounts.models import User
from ...assets import services as assets
from ...assets.models import Asset
from ..examples import Example, data_uri, find_example
from .base import InputField


@dataclass(frozen=True)
class PostedMedium:
    """What a request says about a medium: a new file, one that was uploaded before, or an example's."""

    file: UploadedFile | None = None
    asset: str = ""
    example: str = ""

    @property
    def has_file(self) -> bool:
        return self.file is not None


@dataclass(frozen=True)
class ShownMedium:
    """A medium that the form holds already."""

    source: Asset | Example
    url: str

    @property
    def asset(self) -> Asset | None:
        return self.source if isinstance(self.source, Asset) else None

    @property
    def example(self) -> Example | None:
        return self.source if isinstance(self.source, Example) else None


class MediumWidget(forms.Widget):
    """Reads `<name>` (a file), `<name>.asset` and `<name>.example`; a file counts before the others."""

    needs_multipart_form = True

    def value_from_datadict(self, data: Any, files: MultiValueDict, name: str) -> PostedMedium:
        return PostedMedium(files.get(name), data.get(f"{name}.asset") or "", data.get(f"{name}.example") or "")


class MediumField(InputField):
    """An image, a sound or a film: kept as an asset when it comes, so that no mistake elsewhere loses it."""

    widget = MediumWidget
    keeps_cleaned = True
    accept = ""
    claimed = ""  # the media type that is checked where the bytes do not say one

    def __init__(self, described: Field) -> None:
        super().__init__(described)
        self.examples: list[Example] = []
        self.user: User | None = None

    @property
    def samples(self) -> list[Example]:
        """The examples that fill this field."""
        return [each for each in self.examples if isinstance(each.row.get(self.name), bytes)]

    def clean(self, value: PostedMedium) -> Any:
        try:
            if value.file is not None:
                return self._kept(value.file.read(), value.file.content_type or "", value.file.name or "")
            if value.asset:
                return {"asset": str(assets.find(value.asset, field=self.name).id)}
        except InvalidInput as error:
            raise ValidationError(str(error)) from error
        sample = find_example(self.samples, value.example)
        return self._kept(sample.row[self.name], "", sample.title) if sample else None

    def shown(self, value: Any) -> ShownMedium | None:
        """Return what is there to see: an example's medium, or an asset of an earlier request."""
        if isinstance(value, PostedMedium):
            sample = find_example(self.samples, value.example)
            value = {"asset": value.asset} if value.asset else sample.row[self.name] if sample else None
        if isinstance(value, dict):
            asset = Asset.objects.filter(pk=value["asset"]).first() if _is_uuid(value.get("asset")) else None
            return ShownMedium(asset, reverse("assets:asset", args=[asset.id])) if asset else None
        sample = next((each for each in self.samples if each.row[self.name] == value), None)
        return ShownMedium(sample, data_uri(sample.row[self.name])) if sample else None

    def _kept(self, data: bytes, media_type: str, name: str) -> dict[str, str]:
        claimed = self.claimed or media_type
        return {"asset": str(assets.store(data, claimed, name, self.user, field=self.name).id)}


class ImageField(MediumField):
    template = "inputs/_image.html"
    accept = "image/png,image/jpeg,image/webp,image/gif,image/bmp"
    claimed = "image/unknown"


class AudioField(MediumField):
    template = "inputs/_audio.html"
    accept = "audio/*"


class VideoField(MediumField):
    template = "inputs/_video.html"
    accept = "video/*"


def _is_uuid(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
