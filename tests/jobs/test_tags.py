"""Users' tags and reserved ones."""

from __future__ import annotations

from typing import Any

import pytest

from qrt_async.errors import InvalidInput
from qrt_async.jobs.tags import check_users, flat, merged, of_users


def test_reserved_tags_survive_every_change() -> None:
    assert merged(("qrt:abc", "old"), ("new",)) == ("new", "qrt:abc")
    assert merged(("qrt:abc",), ()) == ("qrt:abc",)


def test_writing_back_what_was_read_changes_nothing() -> None:
    assert merged(("a", "qrt:abc"), ("a", "qrt:abc")) == ("a", "qrt:abc")


def test_users_see_their_own_tags_only() -> None:
    assert of_users(("a", "qrt:abc", "b")) == ("a", "b")


def test_tags_may_come_one_by_one_or_in_lists() -> None:
    assert flat(("a", ["b", "c"])) == ("a", "b", "c")


@pytest.mark.parametrize(
    "tags", [[f"t{n}" for n in range(8)], ["x" * 87], [""], ["qrt:mine"], "text", [["a"]], [3], None, 3]
)
def test_tags_that_the_service_would_refuse_are_refused_before(tags: Any) -> None:
    with pytest.raises(InvalidInput):
        check_users(tags)


def test_seven_tags_of_86_characters_are_allowed_and_doubles_count_once() -> None:
    tags = [chr(0x1F600 + n) * 86 for n in range(7)]
    assert check_users([*tags, tags[0]]) == tuple(tags)
