"""Versions side by side, of one model or of several."""

from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from .. import selectors
from ..comparison import FEWEST, MOST, compare
from ..models import ModelVersion
from ..selectors import NotFound

OFFERED = 30


@require_GET
def comparison(request: HttpRequest) -> HttpResponse:
    """Compare the versions that `items` names, against the one that `baseline` names, else the oldest of one model."""
    versions = _asked(request.GET.getlist("items"), request.GET.get("baseline", ""))
    if len(versions) < FEWEST or "choose" in request.GET:
        return render(
            request, "catalog/comparison_choice.html", {"offered": _offered(versions), "chosen": versions, "most": MOST}
        )
    shown = compare(versions)
    columns = [_Column(version, versions) for version in versions]
    choose = f"?{urlencode({'items': [version.uri for version in versions], 'choose': 1}, doseq=True)}"
    return render(request, "catalog/comparison.html", {"comparison": shown, "columns": columns, "choose": choose})


class _Column:
    """A version at the head of its column, with the addresses of the same comparison without it, or held against it."""

    def __init__(self, version: ModelVersion, versions: list[ModelVersion]) -> None:
        self.version = version
        self.is_baseline = version == versions[0]
        others = [each.uri for each in versions if each != version]
        self.without = f"?{urlencode({'items': others, 'baseline': others[0]}, doseq=True)}"
        self.as_baseline = f"?{urlencode({'items': [version.uri, *others], 'baseline': version.uri}, doseq=True)}"


def _asked(items: list[str], baseline: str) -> list[ModelVersion]:
    """Return each version once, the baseline first. Raises NotFound, BadRequest."""
    found = list(dict.fromkeys(_version(item) for item in items if item.strip()))
    if len(found) > MOST:
        raise BadRequest(f"{len(found)} versions are more than one comparison shows; name {MOST} at most.")
    if baseline:
        first = _version(baseline)
        return [first, *(version for version in found if version != first)]
    if len({version.model_id for version in found}) == 1:
        return sorted(found, key=lambda version: version.version)
    return found


def _offered(chosen: list[ModelVersion]) -> list[ModelVersion]:
    """Return what is chosen already, then others of the same models, then what is recent anywhere."""
    siblings = [each for version in chosen for each in selectors.list_versions(version.model)[:OFFERED]]
    return list(dict.fromkeys([*chosen, *siblings, *selectors.list_recent_versions(OFFERED)]))


def _version(address: str) -> ModelVersion:
    version = selectors.find_by_uri(address.strip())
    if version is None:
        raise NotFound(f"“{address}” is no version that is registered here. Write models:/name/3 or models:/name@alias.")
    return version
