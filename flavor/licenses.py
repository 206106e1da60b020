"""The licence of a model in its artifact: its name, who said it, and its text; what is not known is said to be unknown."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from .tasks._base import InvalidInput

UNKNOWN = "unknown"
OTHER = "other"  # as cards say it: one of its own, in a file
LICENSE = "LICENSE.txt"


@dataclass(frozen=True)
class FoundLicense:
    """A licence's name, where the name comes from, and the file with its text."""

    name: str
    source: str
    file: Path | None = None

    def write(self, folder: Path) -> None:
        """Write the text under its own name; without one, say in LICENSE.txt what is known, as stock does."""
        if self.file is not None:
            shutil.copyfile(self.file, folder / self.file.name)
        else:
            (folder / LICENSE).write_text(self._notice(), encoding="utf-8")

    def _notice(self) -> str:
        if self.name == UNKNOWN:
            return (
                "The licence of this model is unknown: whoever logged it named none, and neither a card nor a licence file "
                "came with it.\nFind out what its authors allow before you use it.\n"
            )
        return (
            f"The declared licence of this model is: {self.name} (declared by the {self.source}).\n"
            "Its text did not come with the model; read it where the model comes from.\n"
        )


def find_license(said: str | None, of_card: str, file: Path | None) -> FoundLicense:
    """Return the licence that the caller said, else the card's; a file without a name is a licence of its own."""
    if said:
        return FoundLicense(said, "caller", file)
    if of_card:
        return FoundLicense(of_card, "model card", file)
    return FoundLicense(OTHER, "licence file", file) if file else FoundLicense(UNKNOWN, "")


def license_path(given: str | Path | None) -> Path | None:
    """Return the file that the caller gave. Raises InvalidInput when it is none."""
    if given is None:
        return None
    path = Path(given)
    if not path.is_file():
        raise InvalidInput("license_file", f"There is no licence at {path}; give the path of its text.")
    return path


def in_artifact(folder: Path) -> Path | None:
    """Return the licence's text in an artifact; a notice of ours, or of stock, is none."""
    names = sorted(each for each in folder.iterdir() if each.is_file() and is_license(each.name) and each.name != LICENSE)
    return names[0] if names else None


def is_license(name: str) -> bool:
    """Whether a file's name is that of a licence."""
    return name.upper().split(".")[0] in ("LICENSE", "LICENCE")
