"""What the documents say is so: every setting is in the table, every link leads somewhere, every command exists."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(file.relative_to(ROOT) for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_every_setting_is_described_and_nothing_else() -> None:
    read = set(re.findall(r"env\.\w+\(\s*\"(\w+)\"", text_of(Path("registry_ui/settings.py"))))
    described = re.findall(r"^\| `(\w+)` \|", text_of(Path("docs/configuration.md")), re.MULTILINE)
    assert sorted(described) == sorted(read)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text_of(document))
    assert not [target for target in targets if not (ROOT / document.parent / target).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_command_exists(document: Path) -> None:
    text = text_of(document)
    targets = {line.partition(":")[0] for line in text_of(Path("Makefile")).splitlines() if re.match(r"[a-z-]+:", line)}
    assert set(re.findall(r"\bmake ([a-z][a-z-]+)(?=[`\s])", code_of(text))) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())


def code_of(text: str) -> str:
    """Return the blocks and spans of code of a document: prose may make what it likes."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def text_of(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8")
