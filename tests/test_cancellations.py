"""No cancellation is swallowed: read from the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import qrt_async

PACKAGE = Path(qrt_async.__file__).parent

ELSEWHERE = {
    "sweep/working.py": "what a user's function raises in its thread is no cancellation of ours",
    "submit/shielded.py": "it goes on once the clean-up is over",
    "transport/http.py": "of those that closing itself sends, each is told in our words",
}
"""Where one that is caught does not go on at once, and why."""


def handlers() -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Those that catch a cancellation, or the end of the program."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = "BaseException" if node.type is None else ast.unparse(node.type)
                if re.search(r"\b(BaseException|CancelledError)\b", caught):
                    yield file.relative_to(PACKAGE).as_posix(), node


def test_a_cancellation_that_is_caught_goes_on() -> None:
    found = list(handlers())
    assert {file for file, node in found if ast.unparse(node.body[-1]) != "raise"} == set(ELSEWHERE)
    assert len(found) > 10, "the reader of handlers finds next to nothing"
