"""The table of stock's weaknesses names each once, and tests that exist; they are read, not run."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TABLE = (ROOT / "docs/flavor-weaknesses.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", TABLE, re.MULTILINE)


@cache
def names_in(file: str) -> frozenset[str]:
    parsed = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(each.name for each in parsed.body if isinstance(each, ast.FunctionDef))


def test_each_weakness_is_told_once() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 87))


@pytest.mark.parametrize(("number", "proof"), [(row[0], row[3]) for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_weakness_has_tests_that_exist(number: str, proof: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", proof)
    assert named, f"weakness {number} has no test"
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []
