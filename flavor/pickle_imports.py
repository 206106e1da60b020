"""What a pickle would import, read from its opcodes: nothing is unpickled. For information: a clean list proves nothing."""

import pickletools
import zipfile
from io import BytesIO
from pathlib import Path

LARGEST = 64 * 2**20  # of one stream of opcodes; tensors lie beside it in torch's files


def imports_of(path: Path) -> list[str]:
    """Return the names ("os.system") that a pickle or a torch file refers to, sorted; what cannot be read ends the list."""
    found: set[str] = set()
    for stream in _streams(path):
        found |= _names(stream)
    return sorted(found)


def _streams(path: Path) -> list[bytes]:
    """The pickles in a file: those of torch's zip archives, or the file itself."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return [file.read(LARGEST)]
    with zipfile.ZipFile(path) as archive:
        small = [each for each in archive.infolist() if each.filename.endswith(".pkl") and each.file_size <= LARGEST]
        return [archive.read(each) for each in small]


def _names(stream: bytes) -> set[str]:
    found: set[str] = set()
    texts: list[str] = []
    file = BytesIO(stream)
    while file.tell() < len(stream):
        try:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name in ("GLOBAL", "INST"):
                    found.add(str(argument).replace(" ", "."))
                elif opcode.name == "STACK_GLOBAL" and len(texts) >= 2:
                    found.add(".".join(texts[-2:]))
                elif isinstance(argument, str):
                    texts.append(argument)
        except (ValueError, IndexError, UnicodeDecodeError):
            break
    return found
