"""Who may ask, as far as a browser can tell: no other site makes its visitors do things here, or shows these pages
inside its own, and nothing that slipped into a page could run."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not "no-referrer": with it, browsers send forms with "Origin: null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def foreign(method: str, headers: Mapping[str, str]) -> str | None:
    """Why a request that would change something comes from elsewhere; ``None`` where it does not, as far as it says.

    Browsers of today say ``Sec-Fetch-Site`` to sites that are secure or on this machine, and ``Origin`` to all. A
    program that says neither is no browser, and has no cookie that it was not given.
    """
    if method in SAFE:
        return None
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return f"it was sent by another site (Sec-Fetch-Site: {site})"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return "it was sent by another site (Origin)"
    return None


def same_site(request: Request) -> None:
    """A dependency of every route: refuses what is foreign."""
    why = foreign(request.method, request.headers)
    if why is not None:
        raise HTTPException(403, f"This request was refused: {why}. Nothing was done.")


class Guard:
    """Middleware that puts the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)
