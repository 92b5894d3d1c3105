"""Submissions as the journal has them: its columns, and rows out of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from qrt_async.submit.diary import Intent, RowState

COLUMNS = {"program_id": "program", "session_id": "session"}
"""Of what is meant to be sent, where they are not called as there."""
INTENT = tuple(COLUMNS.get(name, name) for name in Intent.__struct_fields__)
_STATE = "state, posts, job, detail, reserved IS NOT NULL AND charged IS NULL"
ROWS = f"SELECT {', '.join(INTENT)}, {_STATE} FROM submissions"  # noqa: S608 - our names


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One submission as the journal knows it."""

    intent: Intent
    state: RowState
    posts: int
    job_id: str | None
    detail: str | None
    uncharged: bool
    """Was it sent under a budget, and its charge is not settled?"""


def read_intent(row: Mapping[str, Any]) -> Intent:
    """From the columns of a row."""
    fields = {name: row[COLUMNS.get(name, name)] for name in Intent.__struct_fields__}
    fields["tags"] = tuple(msgspec.json.decode(fields["tags"]))
    return Intent(**fields | {name: bool(fields[name]) for name in ("private", "watch")})


def row_of(found: Any) -> Row:
    *intent, state, posts, job, detail, uncharged = found
    columns = dict(zip(INTENT, intent, strict=True))
    return Row(
        intent=read_intent(columns),
        state=state,
        posts=posts,
        job_id=job,
        detail=detail,
        uncharged=bool(uncharged),
    )
