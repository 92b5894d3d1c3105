"""Sockets to the service. Several transports may share them; what belongs to an account is never here."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp

from qrt_async.errors import InvalidInput
from qrt_async.version import __version__

_KEEP_ALIVE = 120.0
"""Seconds an idle connection is kept: longer than the longest pause between two looks."""
MOST = 100
"""Connections that are open at a time."""


class Connections:
    """One pool of at most ``most`` sockets, made in the loop that uses it first.

    aiohttp shares a socket only among requests of one origin, one trust and one proxy with one login. Cookies are kept
    by nobody, tokens travel with each request, and each transport has a session of its own.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._connector: aiohttp.TCPConnector | None = None
        self._trusted: dict[str, ssl.SSLContext] = {}

    def session(self) -> aiohttp.ClientSession:
        """A session over these sockets, which closing it leaves open."""
        if self._connector is None or self._connector.closed:
            self._connector = aiohttp.TCPConnector(limit=self.most, keepalive_timeout=_KEEP_ALIVE)
        session = aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"qrt-async/{__version__}"},
        )
        # Off, because aiohttp by itself repeats DELETE and PUT, and the GET of what can be read only once.
        session._retry_connection = False
        return session

    async def trust(self, verify: bool | str) -> bool | ssl.SSLContext:
        """Whom TLS trusts. A file of certificates is read once, in a thread."""
        if isinstance(verify, bool):
            return verify
        if verify not in self._trusted:
            try:
                self._trusted[verify] = await asyncio.to_thread(ssl.create_default_context, cafile=verify)
            except OSError as error:
                raise InvalidInput(
                    f"verify={verify!r} is no readable file of trusted certificates (PEM): {error.strerror or error}."
                ) from error
        return self._trusted[verify]

    async def close(self) -> None:
        """Close every socket, those in use as well."""
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()
