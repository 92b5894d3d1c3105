"""The reserved tag: the key and the tenant, which nobody can forge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.api.job_calls import check_tags
from qrt_async.errors import InvalidInput
from qrt_async.submit.key import check_tenant, fresh_key, read_tags, tag_of

tenants = st.text(min_size=1, max_size=61)


@given(st.none() | tenants)
def test_key_and_tenant_are_read_from_the_tag(tenant: str | None) -> None:
    key = fresh_key()
    tag = tag_of(key, check_tenant(tenant))
    check_tags([tag])
    assert read_tags(["mine", tag]) == (key, tenant)


@given(tenants, tenants)
def test_no_tenants_name_can_pass_for_another(one: str, other: str) -> None:
    key = fresh_key()
    assert (tag_of(key, one) == tag_of(key, other)) == (one == other)
    assert tag_of(key, one) != tag_of(key)


def test_keys_differ() -> None:
    assert len({fresh_key() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "tags", [[], ["mine"], ["qrt:short"], ["qrt:" + "g" * 20], ["qrt:" + "a" * 20 + "x"]]
)
def test_other_tags_are_no_submission_of_ours(tags: list[str]) -> None:
    assert read_tags(tags) is None


@pytest.mark.parametrize("wrong", ["", "x" * 62, 5])
def test_a_tenant_that_does_not_fit_into_the_tag_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="tenant"):
        check_tenant(wrong)  # type: ignore[arg-type] # wrong on purpose
