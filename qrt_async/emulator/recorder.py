"""``--record FILE``: each exchange as a JSON line, without secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from .wire import Reply, Request, form

SECRET_HEADERS = frozenset({"authorization", "x-access-token", "cookie", "proxy-authorization"})
SECRET_FIELDS = frozenset({"apikey", "access_token", "refresh_token", "token", "keys", "key"})
HIDDEN = "***"


def line(request: Request, reply: Reply, at: float) -> bytes:
    """One exchange as one line of JSON."""
    entry = {
        "at": at,
        "method": request.method,
        "target": request.target,
        "request_headers": {
            name: HIDDEN if name in SECRET_HEADERS else value for name, value in request.headers.items()
        },
        "request_body": _body(request.body, request.headers.get("content-type", "")),
        "status": reply.status,
        "reply_headers": dict(reply.headers),
        "reply_body": _body(reply.body, "application/json"),
        "mishap": reply.mishap,
    }
    return msgspec.json.encode(entry) + b"\n"


def _body(body: bytes, kind: str) -> Any:
    """JSON as JSON, forms as forms, anything else as text; secret fields are hidden."""
    if kind.startswith("application/x-www-form-urlencoded"):
        hidden = {name: HIDDEN if name in SECRET_FIELDS else value for name, value in form(body).items()}
        return urlencode(hidden)
    if any(f'"{field}"'.encode() in body for field in SECRET_FIELDS):
        return _hidden(body)
    return body.decode(errors="replace")


def _hidden(body: bytes) -> str:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return HIDDEN
    if not isinstance(value, dict):
        return HIDDEN
    shown = {name: HIDDEN if name in SECRET_FIELDS else field for name, field in value.items()}
    return msgspec.json.encode(shown).decode()


class Recorder:
    """Writes and appends lines in a thread, in order. Raises ``OSError`` at once where that cannot be."""

    def __init__(self, path: Path) -> None:
        path.open("ab").close()
        self._path = path
        self._waiting: list[tuple[Request, Reply, float]] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, request: Request, reply: Reply, at: float) -> None:
        self._waiting.append((request, reply, at))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Everything that was added is in the file."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            exchanges, self._waiting = self._waiting, []
            await asyncio.to_thread(self._append, exchanges)

    def _append(self, exchanges: list[tuple[Request, Reply, float]]) -> None:
        with self._path.open("ab") as file:
            file.writelines(line(*exchange) for exchange in exchanges)
