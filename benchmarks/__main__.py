"""python -m benchmarks [name] [--jobs N] [--json] [--quick]"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from benchmarks import imports, waiting

QUESTIONS: dict[str, Callable[[int, bool], list[dict[str, Any]]]] = {
    "imports": imports.run,
    "waiting": waiting.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(QUESTIONS), help="one question; all without it")
    parser.add_argument("--jobs", type=int, default=200, help="how many jobs to wait for")
    parser.add_argument("--json", action="store_true", help="rows for machines")
    parser.add_argument("--quick", action="store_true", help="small, to see that everything works")
    asked = parser.parse_args()
    found = {
        name: QUESTIONS[name](asked.jobs, asked.quick) for name in ([asked.name] if asked.name else QUESTIONS)
    }
    if asked.json:
        print(json.dumps(found))
        return
    for name, rows in found.items():
        print(f"\n{name} (times are noise; compare the rows)\n{table(rows)}")


def table(rows: list[dict[str, Any]]) -> str:
    """Rows side by side, numbers with the digits that mean something."""
    names = list(rows[0])
    lines = [names, *([_shown(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) for line in lines)


def _shown(value: Any) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and value < 100
        else str(round(value) if isinstance(value, float) else value)
    )


if __name__ == "__main__":
    main()
