"""The reserved tag: the key and the tenant, which nobody can forge."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.api.job_calls import check_tags
from qrt_async.errors import InvalidInput
from qrt_async.submit.key import check_tenant, fresh_key, read_tags, tag_of

texts = st.text(min_size=1, max_size=61)


def allowed(tenant: str) -> bool:
    try:
        check_tenant(tenant)
    except InvalidInput:
        return False
    return True


tenants = texts.filter(allowed)


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


@given(texts, texts)
def test_names_that_look_alike_are_not_both_allowed(one: str, other: str) -> None:
    def seen(name: str) -> str:
        return normalize("NFKC", "".join(sign for sign in name if sign.isprintable())).strip()

    if one != other and seen(one) == seen(other):
        assert not (allowed(one) and allowed(other))


@given(texts)
def test_a_mark_that_tag_of_would_not_make_is_no_ones(text: str) -> None:
    key = fresh_key()
    found = read_tags([f"qrt:{key}:{text}"])
    assert found is None or tag_of(*found) == f"qrt:{key}:{text}"


@pytest.mark.parametrize(
    "name",
    [
        "alice@example.org",
        "auth0|5f7c",
        "a:b",
        "a/b",
        "100%",
        "a%3Ab",
        "https://idp.example/#7",
        "Ünal",
        "李",
    ],
)
def test_ids_of_users_as_they_are_in_use_are_allowed(name: str) -> None:
    key = fresh_key()
    assert tag_of(key, check_tenant(name)).isascii()
    assert read_tags([tag_of(key, name)]) == (key, name)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x" * 62,
        5,
        " alice",
        "alice ",
        "a\nb",
        "a\u200bb",
        "a\x00",
        "ａlice",
        "e\u0301",
        "é" * 11,
        "\ud800",
        b"a",
    ],
)
def test_a_tenant_that_does_not_fit_into_the_tag_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="tenant"):
        check_tenant(wrong)  # type: ignore[arg-type] # wrong on purpose
