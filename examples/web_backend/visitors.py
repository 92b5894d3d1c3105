"""Who asks: a signed cookie that scripts cannot read, and a token in every form that only its owner's pages have. Pure.

This is a demonstration: whoever says a name is believed. Put your own login in the place of ``actions.log_in``, and let
``tenant`` be the id that it vouches for; all the rest stays as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

LIFETIME = 12 * 3600
"""Seconds for which a cookie is good."""


@dataclass(frozen=True)
class Visitor:
    """One browser; ``tenant`` is whose, once that is known. ``id`` is new with every login and logout."""

    id: str
    tenant: str | None = None


def newcomer(tenant: str | None = None) -> Visitor:
    return Visitor(secrets.token_urlsafe(16), tenant)


def seal(visitor: Visitor, secret: bytes, now: float) -> str:
    """The value of a cookie: readable by its owner, made by nobody else."""
    said = json.dumps([visitor.id, visitor.tenant, int(now + LIFETIME)]).encode()
    return f"{_text(said)}.{_text(_signed(secret, b'visitor', said))}"


def opened(cookie: str, secret: bytes, now: float) -> Visitor | None:
    """Whose cookie it is; ``None`` where it is not one of ours, or too old."""
    body, _, signature = cookie.partition(".")
    try:
        said = _bytes(body)
        if not hmac.compare_digest(_bytes(signature), _signed(secret, b"visitor", said)):
            return None
        known, tenant, until = json.loads(said)
    except ValueError:
        return None
    return Visitor(known, tenant) if now < until else None


def token_of(visitor: Visitor, secret: bytes) -> str:
    """What every form of this visitor's pages carries. Another site can send a form, and cannot know this."""
    return _text(_signed(secret, b"form", visitor.id.encode()))


def vouched(visitor: Visitor, secret: bytes, token: object) -> bool:
    """Does the form come from a page of this visitor?"""
    return isinstance(token, str) and hmac.compare_digest(token.encode(), token_of(visitor, secret).encode())


def _signed(secret: bytes, purpose: bytes, said: bytes) -> bytes:
    return hmac.digest(secret, purpose + b":" + said, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
