"""Who asks: a signed cookie that scripts cannot read, and a token in every form that only its owner's pages have.

This is a demonstration: whoever says a name is believed. Put your own login in the place of ``actions.log_in``, and let
``Visitor.tenant`` be the id that it vouches for; all the rest stays as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .settings import Settings

LIFETIME = 12 * 3600
"""Seconds for which a cookie is good."""


class LoggedOut(Exception):
    """A page was asked for by nobody in particular."""


@dataclass(frozen=True)
class Visitor:
    """One browser, and whose it is once that is known. ``id`` is new with every login and logout."""

    id: str
    name: str | None = None

    @property
    def tenant(self) -> str:
        """An id, for names come in all scripts: here made of the name, elsewhere the key of the user's account."""
        return hashlib.sha256((self.name or "").encode()).hexdigest()[:20]


def newcomer(name: str | None = None) -> Visitor:
    return Visitor(secrets.token_urlsafe(16), name)


def seal(visitor: Visitor, secret: bytes, now: float) -> str:
    """The value of a cookie: readable by its owner, made by nobody else."""
    said = json.dumps([visitor.id, visitor.name, int(now + LIFETIME)]).encode()
    return f"{_text(said)}.{_text(_signed(secret, b'visitor', said))}"


def opened(cookie: str, secret: bytes, now: float) -> Visitor | None:
    """Whose cookie it is; ``None`` where it is not one of ours, or too old."""
    body, _, signature = cookie.partition(".")
    try:
        said = _bytes(body)
        if not hmac.compare_digest(_bytes(signature), _signed(secret, b"visitor", said)):
            return None
        known, name, until = json.loads(said)
    except ValueError:
        return None
    return Visitor(known, name) if now < until else None


def token_of(visitor: Visitor, secret: bytes) -> str:
    """What every form of this visitor's pages carries. Another site can send a form, and cannot know this."""
    return _text(_signed(secret, b"form", visitor.id.encode()))


# --- at a request -----------------------------------------------------------------------------------------


def settings_of(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def visitor_of(request: Request) -> Visitor | None:
    """Whose cookie came with the request."""
    settings = settings_of(request)
    return opened(request.cookies.get(_cookie(settings), ""), settings.secret, time.time())


def logged_in(request: Request) -> Visitor:
    """A dependency of everything that belongs to somebody."""
    visitor = visitor_of(request)
    if visitor is None or visitor.name is None:
        raise LoggedOut
    return visitor


async def form_of(request: Request) -> FormData:
    """A dependency of everything that changes something: what was typed, on a page of this visitor's."""
    visitor, form = visitor_of(request), await request.form(max_files=0, max_fields=50)
    said = form.get("token")
    wanted = None if visitor is None else token_of(visitor, settings_of(request).secret)
    if wanted is None or not isinstance(said, str) or not hmac.compare_digest(said.encode(), wanted.encode()):
        raise HTTPException(403, "This form is not from a page of yours, or is too old. Nothing was done.")
    return form


def remember(response: Response, visitor: Visitor, settings: Settings) -> None:
    """Give the browser its cookie. Sites that are not this one cannot have it sent with what they post or embed."""
    response.set_cookie(
        _cookie(settings),
        seal(visitor, settings.secret, time.time()),
        max_age=LIFETIME,
        httponly=True,
        samesite="lax",
        secure=settings.https,
    )


def _cookie(settings: Settings) -> str:
    """Browsers give the prefix to cookies of this very host alone, by https."""
    return "__Host-visitor" if settings.https else "visitor"


def _signed(secret: bytes, purpose: bytes, said: bytes) -> bytes:
    return hmac.digest(secret, purpose + b":" + said, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
