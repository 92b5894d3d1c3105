"""What the README promises, taken out of it: its commands, and its Python blocks.

    python tests/documents.py command "Test it"     the one command line under that heading
    python tests/documents.py module                the Python blocks as one module, for a type checker

A comment on the line before a block changes what is done with it:

    <!-- not run: why -->      it is only checked for types
    <!-- continues -->         it goes on where the block before ended, with its names

Standard library only: ``.ci/run`` calls this before anything is installed.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"

_BLOCK = re.compile(
    r"^(?:<!-- *(?P<mark>[^\n]*?) *-->\n+)?```(?P<language>\w+)[^\n]*\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block. ``line`` is that of its first line of code, counted from 1."""

    line: int
    language: str
    code: str
    mark: str

    @property
    def runs(self) -> bool:
        return not self.mark.startswith("not run")


def blocks(text: str, language: str) -> list[Block]:
    """The blocks in that language, those that continue another joined to it."""
    found: list[Block] = []
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        block = Block(line, match["language"], match["code"], match["mark"] or "")
        if block.language != language:
            continue
        if block.mark == "continues" and found:
            before = found.pop()
            gap = "\n" * (block.line - before.line - before.code.count("\n"))
            block = before._replace(code=before.code + gap + block.code)
        found.append(block)
    return found


def command(text: str, heading: str) -> str:
    """The command line that stands first under a heading, alone in its block."""
    _, found, section = text.partition(f"\n## {heading}\n")
    opening = re.match(r"\s*```sh\n([^\n]+)\n```(?:\n|$)", section)
    if not found or opening is None:
        raise SystemExit(
            f"README: under '## {heading}' there must first stand an sh block of exactly one line"
        )
    return opening[1]


def module(text: str) -> str:
    """All Python blocks as one module: each in a coroutine function, where ``await`` may stand."""
    functions = (
        f"async def line_{block.line}() -> None:\n{textwrap.indent(block.code, '    ')}"
        for block in blocks(text, "python")
    )
    parts = ["from __future__ import annotations", *functions]
    return "\n\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> str:
    text = README.read_text("utf-8")
    match arguments:
        case ["command", heading]:
            return command(text, heading)
        case ["module"]:
            return module(text)
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]).rstrip("\n") + "\n")
