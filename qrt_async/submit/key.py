"""What a submission is known by: a key of ours, in one reserved tag of its job. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from qrt_async.api.job_calls import TAG_LENGTH
from qrt_async.errors import InvalidInput
from qrt_async.jobs.tags import RESERVED
from qrt_async.submit.line import Place

_BYTES = 10
_FORM = re.compile(rf"{RESERVED}([0-9a-f]{{{2 * _BYTES}}})(?::(.+))?", re.DOTALL)
_HIGHEST = 1_000_000
_LONGEST_TENANT = TAG_LENGTH - len(RESERVED) - 2 * _BYTES - 1


def fresh_key() -> str:
    """A key no other submission has, and nobody can guess."""
    return secrets.token_hex(_BYTES)


def tag_of(key: str, tenant: str | None = None) -> str:
    """The reserved tag, with the tenant inside. The key's length is fixed, so no tenant's name can pass for
    another's."""
    return f"{RESERVED}{key}" if tenant is None else f"{RESERVED}{key}:{tenant}"


def read_tags(tags: Iterable[str]) -> tuple[str, str | None] | None:
    """Key and tenant from the tags of a job; ``None`` for one that no submission of ours left."""
    for tag in tags:
        found = _FORM.fullmatch(tag)
        if found is not None:
            return found[1], found[2]
    return None


def check_tenant(tenant: str | None) -> str | None:
    """A tenant's name has to fit into the tag."""
    if tenant is not None and (not isinstance(tenant, str) or not 0 < len(tenant) <= _LONGEST_TENANT):
        raise InvalidInput(
            f"tenant is {tenant!r:.120}; it must be a text of 1 to {_LONGEST_TENANT} characters, or None."
        )
    return tenant


def check_place(priority: int, tenant: str | None) -> Place:
    """Where a submission stands in line."""
    if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > _HIGHEST:
        raise InvalidInput(
            f"priority is {priority!r:.60}; it must be a whole number from {-_HIGHEST} to {_HIGHEST}."
        )
    return Place(priority, check_tenant(tenant))
