"""Tags of a job: the user's, and those we reserve. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

from qrt_async.api.job_calls import TAGS, check_tags
from qrt_async.errors import InvalidInput

RESERVED = "qrt:"
"""Tags that begin so mark a submission, so that it can be found again. They are ours, and stay."""


def flat(tags: Iterable[str | Iterable[str]]) -> tuple[str, ...]:
    """``("a", ["b", "c"])`` as ``("a", "b", "c")``."""
    found: list[str] = []
    for tag in tags:
        found.extend([tag] if isinstance(tag, str) else tag)
    return tuple(found)


def of_users(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags that are not reserved."""
    return tuple(tag for tag in tags if not tag.startswith(RESERVED))


def check_users(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags a user may set: at most 7, none of them reserved."""
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise InvalidInput(f"tags is {tags!r}; it must be a list of texts, such as ['calibration'].")
    given = tuple(tags)
    for tag in given:
        if not isinstance(tag, str):
            raise InvalidInput(f"The tag {tag!r:.120} is no text.")
        if _bare(tag).startswith(RESERVED):
            raise InvalidInput(
                f"The tag {tag!r} begins like {RESERVED!r}, which is reserved: choose another."
            )
    unique = tuple(dict.fromkeys(given))
    if len(unique) > TAGS - 1:
        raise InvalidInput(f"{len(unique)} tags were given; {TAGS - 1} of the service's {TAGS} are yours.")
    check_tags(unique)
    return unique


def _bare(tag: str) -> str:
    """What might be left of it, should a service on the way tidy up texts."""
    seen = "".join(sign for sign in normalize("NFKC", tag) if sign.isprintable() and not sign.isspace())
    return seen.casefold()


def merged(current: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The wanted tags, with the reserved ones that the job has."""
    users = tuple(tag for tag in dict.fromkeys(wanted) if not tag.startswith(RESERVED))
    return (*check_users(users), *(tag for tag in current if tag.startswith(RESERVED)))
