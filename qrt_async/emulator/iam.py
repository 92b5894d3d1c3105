"""API keys into bearer tokens, and bearer tokens back into users."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from .config import EmulatorConfig, Key
from .wire import Problem

ISSUER = "https://iam.cloud.ibm.com/identity"
SWEEP_ABOVE = 1000


class Grant(msgspec.Struct, frozen=True):
    """What a bearer token stands for."""

    key: Key
    expires: float


class UnknownKey(Exception):
    """IAM does not know the key; the code is IAM's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Iam:
    """Issues tokens and remembers them. A key that was not configured is a user of its own."""

    def __init__(self, config: EmulatorConfig, secret: bytes) -> None:
        self._config = config
        self._secret = secret
        self._grants: dict[str, Grant] = {}
        self._issued = 0

    def configure(self, config: EmulatorConfig) -> None:
        """Other keys and lives from now on; tokens that were issued stay good."""
        self._config = config

    def key(self, token: str) -> Key:
        """The key behind the text a client sent; raises ``UnknownKey``."""
        if not token:
            raise UnknownKey("BXNIM0109E", "Property missing or empty: 'apikey'.")
        for known in self._config.keys:
            if hmac.compare_digest(known.token.encode(), token.encode()):
                return known
        if self._config.token is not None and not hmac.compare_digest(
            self._config.token.encode(), token.encode()
        ):
            raise UnknownKey("BXNIM0415E", "Provided API key could not be found.")
        return Key(token=token, user_id=user_id(token))

    def exchange(self, token: str, now: float) -> dict[str, Any]:
        """A fresh bearer token for an API key; raises ``UnknownKey``."""
        key = self.key(token)
        expires = now + self._config.token_seconds
        bearer = self._sign(key, now, expires)
        if len(self._grants) > SWEEP_ABOVE:
            self._grants = {text: grant for text, grant in self._grants.items() if grant.expires > now}
        self._grants[bearer] = Grant(key, expires)
        return {
            "access_token": bearer,
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": int(self._config.token_seconds),
            "expiration": int(expires),
            "scope": "ibm openid",
        }

    def caller(self, authorization: str | None, now: float) -> Key:
        """Whose request it is; raises 401. An API key is taken as well, as the service does."""
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() == "apikey":
            return self._known(text.strip())
        grant = self._grants.get(text.strip()) if scheme.lower() == "bearer" else None
        if grant is None or grant.expires <= now:
            raise unauthorized()
        return grant.key

    def expire_all(self) -> None:
        """From now on no token is good."""
        self._grants.clear()

    def _known(self, token: str) -> Key:
        try:
            return self.key(token)
        except UnknownKey:
            raise unauthorized() from None

    def _sign(self, key: Key, now: float, expires: float) -> str:
        self._issued += 1
        claims = {
            "iam_id": key.user_id,
            "id": key.user_id,
            "sub": key.user_id,
            "sub_type": "ApiKey",
            "jti": f"{self._issued:08x}",
            "iss": ISSUER,
            "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
            "scope": "ibm openid",
            "iat": int(now),
            "exp": int(expires),
        }
        head = {"alg": "HS256", "typ": "JWT"}
        signed = f"{unpadded(msgspec.json.encode(head))}.{unpadded(msgspec.json.encode(claims))}"
        return f"{signed}.{unpadded(hmac.digest(self._secret, signed.encode(), 'sha256'))}"


def unauthorized() -> Problem:
    return Problem(401, 1201, "Invalid credentials.", "Verify your credentials and try again.")


def forbidden(action: str | None = None) -> Problem:
    """The key is good and may not do this, or the instance is somebody else's."""
    if action is None:
        return Problem(
            403, 1200, "You are not authorized to perform this action.", "Try again or contact support."
        )
    return Problem(
        403,
        1200,
        f"You are not authorized to perform this action: {action}.",
        "Ask the administrator of your account for a role that has the action.",
    )


def user_id(token: str) -> str:
    """The same key is the same user in every emulator; the key cannot be read from it."""
    return f"IBMid-{int.from_bytes(hashlib.sha256(token.encode()).digest()[:8]) % 10**10:010d}"


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
