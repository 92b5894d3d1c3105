"""The README's application serves: it simulates a real circuit, from a POST to the last event."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.documents import README, blocks
from tests.integrations.serving import browser, frames, serving

PAIR = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; h $0; c[0] = measure $0;'


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_the_application_of_the_readme_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.get_running_loop().set_debug(False)
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "local")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (block,) = (one for one in blocks(README.read_text("utf-8"), "python") if "asgi.lifespan" in one.code)
    names: dict[str, Any] = {"__name__": "app"}
    exec(compile(ast.parse(block.code), str(README), "exec", dont_inherit=True), names)  # noqa: S102 - our own README
    async with serving(names["app"]) as url, browser(url, "alice") as http:
        async with http.post("/jobs", json=PAIR) as reply:
            assert reply.status == 202, await reply.text()
            key = (await reply.json())["id"]
        async with http.get(f"/jobs/{key}/events") as reply:
            *_, (_, name, data) = [event async for event in frames(reply)]
        assert (name, data["status"]) == ("end", "Completed")
        async with browser(url, "bob") as stranger, stranger.get(f"/jobs/{key}/events") as reply:
            assert reply.status == 404
        async with http.get("/readyz/") as reply:
            assert reply.status == 200
