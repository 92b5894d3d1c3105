"""What a benchmark found, as data and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

MIB = 2**20
WARNING = (
    "(x...) is the ratio to the first row of its kind. Times and memory are this machine's, with whatever else it "
    "was doing:\ncompare rows of one run, never runs. Requests are counted by the server."
)


class Column(msgspec.Struct, frozen=True):
    """One measure: its field in the data, its heading, what one unit of it is, and decimals."""

    field: str
    heading: str
    unit: float = 1.0
    decimals: int = 0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One contender in one case. A measure that the platform does not give is ``None``."""

    contender: str
    case: str = ""
    measures: dict[str, float | None]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one question."""

    name: str
    question: str
    setting: dict[str, Any]
    columns: Sequence[Column]
    rows: Sequence[Row]
    skipped: dict[str, str]
    notes: Sequence[str] = ()

    def data(self) -> dict[str, Any]:
        """For ``--json``."""
        rows = [{"contender": row.contender, "case": row.case, **row.measures} for row in self.rows]
        return {"question": self.question, "setting": self.setting, "rows": rows, "skipped": self.skipped}

    def text(self) -> str:
        """For people: numbers, and beside each its ratio to the first row of the same case."""
        table = [["", *(column.heading for column in self.columns)], *map(self._cells, self.rows)]
        setting = ", ".join(f"{name} {value}" for name, value in self.setting.items())
        lines = [f"{self.name}: {self.question}", f"  {setting}", "", *_aligned(table), ""]
        lines += [f"  skipped: {name}: {why}" for name, why in self.skipped.items()]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def _cells(self, row: Row) -> list[str]:
        base = next(first for first in self.rows if first.case == row.case)
        name = f"{row.case}: {row.contender}" if row.case else row.contender
        return [name, *(_cell(column, row, base) for column in self.columns)]


def _cell(column: Column, row: Row, base: Row) -> str:
    value, reference = row.measures.get(column.field), base.measures.get(column.field)
    if value is None:
        return "-"
    text = f"{value / column.unit:,.{column.decimals}f}"
    return f"{text} (x{value / reference:.2f})" if reference and row is not base else text


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
        for line in table
    ]
