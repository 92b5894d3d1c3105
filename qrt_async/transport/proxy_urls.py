"""The proxies that an account asks for, checked: by argument, or as saved by the official client. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from qrt_async.errors import InvalidInput
from qrt_async.transport.saved import SavedProxies
from qrt_async.transport.secret import Secret


def given_proxy(url: str) -> Mapping[str, str]:
    """``proxy=``, for whatever scheme."""
    return {"all": _checked(url, "proxy=")}


def saved_proxies(saved: SavedProxies | None, where: str) -> Mapping[str, str]:
    """A saved account's ``proxies.urls``: scheme to URL."""
    if saved is None:
        return {}
    if saved.username_ntlm is not None or saved.password_ntlm is not None:
        raise InvalidInput(
            f"{where} asks for a proxy with NTLM authentication, which is not supported. Run a local proxy "
            "that speaks NTLM to yours (cntlm, px) and give its address with proxy='http://127.0.0.1:3128'."
        )
    return {scheme: _checked(url, f"A proxy of {where}") for scheme, url in saved.urls.items()}


def _checked(url: str, what: str) -> Secret:
    whole = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(whole)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:  # not repeated: it may carry a password
        raise InvalidInput(f"{what} is not the URL of an HTTP proxy, such as 'http://proxy.example:3128'.")
    return Secret(whole)
