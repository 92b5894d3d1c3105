"""Authorization as a conversation: no I/O, so that a list of replies can lead it.

An API key buys a bearer token at IAM (https://cloud.ibm.com/apidocs/iam-identity-token-api). A token is
renewed ahead of its end, and once more when the service says 401 all the same.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Generator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec

from qrt_async.errors import NotAuthorized, Unavailable
from qrt_async.transport.failures import IAM_TEMPLATE
from qrt_async.transport.wire import Reply, Request

_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_RENEW_AT = 0.8
"""Part of its life after which a token is renewed (the practice of IBM's own SDK)."""
_MARGIN = 10.0
_BEARER = r"^[!-~]+$"
"""What may stand in a header after ``Bearer``: no spaces, and no line breaks that would end it."""
_UNSTATED_LIFE = 300.0
"""A bearer token that does not say when it ends is asked for again after this many seconds."""


class Clocks(msgspec.Struct, frozen=True):
    """The same moment by the loop's clock, which never jumps, and by the wall clock, which never stops."""

    loop: float
    wall: float


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token and its life in seconds. Its text is in no repr."""

    text: str
    born: Clocks
    life: float

    def __repr__(self) -> str:
        return f"Token(life={self.life:g})"

    def freshness(self, now: Clocks) -> Literal["fresh", "ageing", "dead"]:
        """Judged by whichever clock moved further: a laptop that slept stops the loop's clock."""
        age = max(now.loop - self.born.loop, now.wall - self.born.wall)
        if age >= self.life - _MARGIN:
            return "dead"
        return "ageing" if age >= self.life * _RENEW_AT else "fresh"


class Renew(msgspec.Struct, frozen=True):
    """A wish for a token other than ``worn``."""

    worn: Token | None


Conversation = Generator[Request | Renew, Reply | Token, Reply]


def conversation(request: Request, token: Token | None) -> Conversation:
    """Yields what to ask next, takes the answer, returns the reply that counts.

    A 401 gets one new token and one repetition, unless it is a web page, which no token can change.
    """
    if not request.authorize:
        return (yield from _say(request))
    if token is None:
        token = yield from _renew(None)
    reply = yield from _say(_signed(request, token))
    if reply.code == 401 and not reply.is_html:
        token = yield from _renew(token)
        reply = yield from _say(_signed(request, token))
    return reply


def _say(request: Request) -> Generator[Request, Reply | Token, Reply]:
    reply = yield request
    assert isinstance(reply, Reply)  # noqa: S101 - the leader answers a request with a reply
    return reply


def _renew(worn: Token | None) -> Generator[Renew, Reply | Token, Token]:
    token = yield Renew(worn)
    assert isinstance(token, Token)  # noqa: S101 - and a wish for a token with a token
    return token


def _signed(request: Request, token: Token) -> Request:
    return request.with_headers(("Authorization", f"Bearer {token.text}"))


def exchange(iam_url: str, key: str) -> Request:
    """The question that turns an API key into a token."""
    form = {"grant_type": _GRANT, "apikey": key, "response_type": "cloud_iam"}
    return Request(
        method="POST",
        path=iam_url,
        template=IAM_TEMPLATE,
        headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")),
        body=urlencode(form).encode(),
        authorize=False,
    )


class _Granted(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(pattern=_BEARER)]
    expires_in: float | None = None


def read_token(reply: Reply, now: Clocks) -> Token:
    """The token in IAM's answer."""
    try:
        granted = msgspec.json.decode(reply.body, type=_Granted, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not chained: what could not be read may hold a token all the same.
        raise Unavailable(
            f"IAM answered {reply.code} without a token.", status=reply.code, method="POST", path=IAM_TEMPLATE
        ) from None
    life = _UNSTATED_LIFE if granted.expires_in is None else granted.expires_in
    return Token(text=granted.access_token, born=now, life=life)


def given_token(text: str, now: Clocks) -> Token:
    """A token that the caller's own source made; when it ends, it says itself if it is a JWT."""
    bare = text.strip() if isinstance(text, str) else ""
    if not re.search(_BEARER, bare):
        raise NotAuthorized("The token source returned no token; it must return a bearer token, as text.")
    end = _stated_end(bare)
    return Token(text=bare, born=now, life=_UNSTATED_LIFE if end is None else end - now.wall)


def subject(token: Token) -> str | None:
    """Whose token it is, in IAM's words; ``None`` where it does not say."""
    claims = _claims(token.text)
    found = [claims.get(name) for name in ("iam_id", "sub", "id")]
    return next((who for who in found if isinstance(who, str) and who), None)


def _stated_end(text: str) -> float | None:
    end = _claims(text).get("exp")
    try:
        return float(end) if isinstance(end, int | float) else None
    except OverflowError:
        return None


def _claims(text: str) -> dict[str, Any]:
    """What a JWT says of itself, unverified: the service is there to judge it."""
    parts = text.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}
