"""Where a redirect may lead, and what it may take along. Pure."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import msgspec

from qrt_async.transport.wire import Reply, Request

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST = 5
_OURS = frozenset({"authorization", "service-crn"})
_KEPT = "%/:?#[]@!$&'()*+,;=~"
"""What stays as it is in a ``Location``: all but what no URL may hold, such as spaces."""


def follow(request: Request, url: str, reply: Reply) -> Request | None:
    """The request that follows a redirect, or ``None`` where it must not be followed.

    Only reads are led elsewhere; another method only by 307 and 308, which keep it, and on the same
    origin. Another origin gets neither the authorization nor the instance, and https never becomes http.
    An address with a user name in it is not followed.
    """
    location = reply.headers.get("location", "").strip()
    try:
        target = urljoin(url, quote(location, safe=_KEPT))
        here, there = urlsplit(url), urlsplit(target)
    except ValueError:
        return None
    same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    if not location or there.scheme not in {"http", "https"} or not there.hostname or "@" in there.netloc:
        return None
    if here.scheme == "https" and there.scheme == "http":
        return None
    if request.method != "GET" and not (same and reply.code in {307, 308}):
        return None
    headers = request.headers if same else tuple(h for h in request.headers if h[0].lower() not in _OURS)
    return msgspec.structs.replace(request, path=target, query=(), headers=headers)
