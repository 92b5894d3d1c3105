"""Text that does not show itself."""

from __future__ import annotations


class Secret(str):
    """A string like any other, but for its ``repr``: what prints a struct, a mapping or a frame that
    holds one, prints ``'***'``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def without_login(url: str) -> str:
    """A URL as it may be shown: what stands before an ``@`` could hold a password."""
    scheme, separator, rest = url.rpartition("://")
    login, at, host = rest.rpartition("@")
    return f"{scheme}{separator}{'***' if login else ''}{at}{host}"
