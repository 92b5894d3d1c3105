"""Server-sent events: the newest state at once, every change, nothing twice, and an end."""

from __future__ import annotations

import json
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.integrations import asgi
from tests.ground import BACKEND, QASM, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


def parsed(frames: list[bytes]) -> list[tuple[str, str, Any]]:
    """Id, name and data of those that are events."""
    found = []
    for frame in frames:
        lines = dict(line.split(": ", 1) for line in frame.decode().splitlines() if line and line[0] != ":")
        if "event" in lines:
            found.append((lines["id"], lines["event"], json.loads(lines["data"])))
    return found


async def test_a_submission_is_followed_from_the_line_to_its_end() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        submitter.submit(SAMPLER, backend=BACKEND)
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        told = parsed([frame async for frame in asgi.events(submission).frames()])
        names = [name for _, name, _ in told]
        assert sorted(set(names), key=names.index) == ["waiting", "job", "end"]
        statuses = [data["status"] for _, name, data in told if name == "job"]
        assert [status for status in dict.fromkeys(statuses) if status] == ["Queued", "Running", "Completed"]
        assert (told[-1][2]["status"], told[-1][2]["problem"]) == ("Completed", None)
        ids = [mark for mark, _, _ in told]
        assert len(ids) == len(set(ids))
