"""What a submission is known by: a key of ours, in one reserved tag of its job. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from unicodedata import normalize
from urllib.parse import quote, unquote

from qrt_async.api.job_calls import TAG_LENGTH
from qrt_async.errors import InvalidInput
from qrt_async.jobs.tags import RESERVED
from qrt_async.submit.line import Place

_BYTES = 10
_KEY = re.compile(f"[0-9a-f]{{{2 * _BYTES}}}")
_FORM = re.compile(rf"{RESERVED}([0-9a-f]{{{2 * _BYTES}}})(?::(.+))?", re.DOTALL)
_HIGHEST = 1_000_000
_LONGEST_MARK = TAG_LENGTH - len(RESERVED) - 2 * _BYTES - 1
_PLAIN = "!#$&'()*+,-./:;<=>?@[]^_`{|}~"
"""What stands in a tag as it is, besides letters and digits: not ``%``, which begins what does not."""


def fresh_key() -> str:
    """A key no other submission has, and nobody can guess."""
    return secrets.token_hex(_BYTES)


def is_key(text: str) -> bool:
    """Could it be one?"""
    return _KEY.fullmatch(text) is not None


def tag_of(key: str, tenant: str | None = None) -> str:
    """The reserved tag, with the tenant's mark inside. The key's length is fixed, and different names have different
    marks, so no tenant can pass for another."""
    return f"{RESERVED}{key}" if tenant is None else f"{RESERVED}{key}:{_mark(tenant)}"


def read_tags(tags: Iterable[str]) -> tuple[str, str | None] | None:
    """Key and tenant from the tags of a job; ``None`` for one that no submission of ours left."""
    for tag in tags:
        found = _FORM.fullmatch(tag)
        if found is None:
            continue
        tenant = None if found[2] is None else unquote(found[2], errors="surrogateescape")
        if tenant is None or (_fits(tenant) and _mark(tenant) == found[2]):
            return found[1], tenant
    return None


def check_tenant(tenant: str | None) -> str | None:
    """A tenant's name has to look like no other, and to fit into the tag."""
    if tenant is not None and not (isinstance(tenant, str) and _fits(tenant)):
        raise InvalidInput(
            f"tenant is {tenant!r:.120}; it must be a text of 1 to {_LONGEST_MARK} printable characters, as Unicode's"
            " normal form NFKC has them, without spaces at its ends (other characters than ASCII letters, digits and"
            " most signs count several times), or None. An id of your users serves better than a name."
        )
    return tenant


def checked_name(tenant: object) -> str:
    """The same, of one who has to have a name."""
    if not isinstance(tenant, str):
        raise InvalidInput(f"A tenant is {tenant!r:.120}; it must be a text.")
    return check_tenant(tenant) or ""


def _mark(tenant: str) -> str:
    """As it stands in the tag: plain ASCII, whatever the service makes of other texts."""
    return quote(tenant, safe=_PLAIN)


def _fits(tenant: str) -> bool:
    plain = tenant.isprintable() and tenant == normalize("NFKC", tenant).strip()
    return plain and 0 < len(_mark(tenant)) <= _LONGEST_MARK


def check_place(priority: int, tenant: str | None) -> Place:
    """Where a submission stands in line."""
    if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > _HIGHEST:
        raise InvalidInput(
            f"priority is {priority!r:.60}; it must be a whole number from {-_HIGHEST} to {_HIGHEST}."
        )
    return Place(priority, check_tenant(tenant))
