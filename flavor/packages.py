"""Which packages are installed in this process, and in which version."""

from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, version

from packaging.utils import canonicalize_name


@cache
def version_of(name: str) -> str:
    """Return the version of an installed package, without what tells its builds apart (`+cpu`); empty when it is not here."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


def all_installed() -> dict[str, str]:
    """Return every package with its version, by its name as PEP 503 compares them: `pyyaml`."""
    names = {canonicalize_name(each.metadata["Name"]) for each in distributions() if each.metadata["Name"]}
    return {name: version_of(name) for name in sorted(names)}
