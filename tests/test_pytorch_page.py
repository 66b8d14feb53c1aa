"""The page for users of PyTorch names tests that there are, and leaves no number out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "pytorch.md").read_text()
ROWS = [re.split(r" ?\| ?", line)[1:5] for line in PAGE.splitlines() if re.match(r"\| \d", line)]


def names_in(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text())
    return {part.name for part in tree.body if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")}


def test_every_number_has_one_row_in_order():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 110))


def test_every_row_says_what_holds_and_names_a_test():
    for number, what, held_by, _ in ROWS:
        assert what, number
        assert re.fullmatch(r"`test_\w+\.py::test_\w+`(, `test_\w+\.py::test_\w+`)*", held_by), number


def test_every_test_that_is_named_exists():
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", PAGE)
    known = {file: names_in(file) for file in {file for file, _ in named}}
    assert [f"{file}::{name}" for file, name in named if name not in known[file]] == []


def test_numbers_in_the_introduction_are_those_of_rows_that_differ():
    introduction = PAGE.partition("\n## ")[0]
    mentioned = {number for group in re.findall(r"\((\d[\d, ]*)\)", introduction) for number in group.split(", ")}
    assert mentioned and mentioned <= {number for number, _, _, otherwise in ROWS if otherwise}
