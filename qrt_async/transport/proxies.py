"""Which proxy, if any, leads to a URL.

aiohttp's own ``trust_env`` is not used: it also reads ``~/.netrc``, whose entry would replace our
authorization, and it does so from disk at each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from qrt_async.errors import InvalidInput
from qrt_async.transport.address import is_loopback
from qrt_async.transport.secret import Secret


class Proxies:
    """The account's own proxies; without any, those of the environment, as it is now.

    On Windows and macOS Python also reads the system's settings. Nothing on this machine is asked for
    through the environment's proxy, which could not find it.
    """

    def __init__(self, chosen: Mapping[str, str]) -> None:
        self._chosen = chosen
        self._ambient = {} if chosen else getproxies()
        self._known: dict[str, str | None] = {}

    def to(self, url: str) -> str | None:
        """The proxy's URL, or ``None`` for a straight way. Worked out once for each origin."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._known:
            found = self._chosen or self._ambient_to(origin)
            self._known[origin] = found.get(parts.scheme) or found.get("all")
        return self._known[origin]

    def _ambient_to(self, origin: str) -> Mapping[str, str]:
        parts = urlsplit(origin)
        if not self._ambient or is_loopback(parts) or proxy_bypass(parts.netloc):
            return {}
        return {
            scheme: _usable(url) for scheme, url in self._ambient.items() if scheme in {parts.scheme, "all"}
        }


def _usable(url: str) -> str:
    whole = url if "://" in url else f"http://{url}"
    scheme = urlsplit(whole).scheme
    if scheme not in {"http", "https"}:
        raise InvalidInput(
            f"The environment names a proxy of the kind {scheme!r}, which is not supported. Give an HTTP proxy"
            " with proxy=, or name the service's hosts in NO_PROXY to go without."
        )
    return Secret(whole)
