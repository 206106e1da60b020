"""The pages about what the flavor does name tests that exist; they are read, not run."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WEAKNESSES = (ROOT / "docs/flavor-weaknesses.md").read_text(encoding="utf-8")
CHECKLIST = (ROOT / "docs/flavor-checklist.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", WEAKNESSES, re.MULTILINE)
LINES = re.findall(r"^- \[(.)\] (.+)\n((?:  - .+\n)*)", CHECKLIST, re.MULTILINE)


@cache
def names_in(file: str) -> frozenset[str]:
    parsed = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(each.name for each in parsed.body if isinstance(each, ast.FunctionDef))


def check(claim: str, proof: str) -> None:
    """Expect that the claim names tests and that each of them exists; a file alone stands for all its tests."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", proof)
    assert named, f"“{claim}” names no test"
    assert [f"{file}::{name}" for file, name in named if name and name not in names_in(file)] == []
    assert [file for file, name in named if not name and not any(each.startswith("test_") for each in names_in(file))] == []


def test_each_weakness_is_told_once() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 87))


@pytest.mark.parametrize(("number", "proof"), [(row[0], row[3]) for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_weakness_has_tests_that_exist(number: str, proof: str) -> None:
    check(f"weakness {number}", proof)


@pytest.mark.parametrize(("line", "proof"), [(line, proof) for _, line, proof in LINES], ids=range(len(LINES)))
def test_each_line_of_the_checklist_has_tests_that_exist(line: str, proof: str) -> None:
    check(line, proof)


def test_the_checklist_is_whole_and_ticked() -> None:
    assert len(LINES) == CHECKLIST.count("\n- [")
    assert {tick for tick, *_ in LINES} == {"x"}
