from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from qrt_async.emulator.config import Key
from qrt_async.emulator.iam import SWEEP_ABOVE, Iam, UnknownKey, user_id
from qrt_async.emulator.wire import Problem
from tests.emulator.driver import config


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_the_token_is_a_jwt_with_numeric_iat_and_exp() -> None:
    reply = Iam(config(token_seconds=1800.0), b"s").exchange("key", 1000.9)
    decoded = claims(reply["access_token"])
    assert (decoded["iat"], decoded["exp"]) == (1000, 2800)
    assert (reply["expires_in"], reply["expiration"], reply["token_type"]) == (1800, 2800, "Bearer")
    assert reply["access_token"].count(".") == 2


def test_the_same_key_is_the_same_user_and_does_not_show() -> None:
    iam = Iam(config(), b"s")
    token = iam.exchange("key", 0.0)["access_token"]
    assert iam.caller(f"Bearer {token}", 1.0).user_id == user_id("key") == claims(token)["iam_id"]
    assert user_id("key") != user_id("other")
    assert "key" not in user_id("key")


def test_two_exchanges_give_two_tokens_that_are_both_good() -> None:
    iam = Iam(config(), b"s")
    tokens = [iam.exchange("key", 0.0)["access_token"] for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert len({iam.caller(f"Bearer {token}", 0.0).user_id for token in tokens}) == 1


def test_only_the_configured_keys_are_known() -> None:
    iam = Iam(config(token="right", keys=(Key(token="second", user_id="IBMid-2"),)), b"s")
    assert iam.key("right").user_id == user_id("right")
    assert iam.key("second").user_id == "IBMid-2"
    with pytest.raises(UnknownKey) as caught:
        iam.key("wrong")
    assert caught.value.code == "BXNIM0415E"


def test_without_a_configured_token_any_key_is_known_but_the_empty_one() -> None:
    iam = Iam(config(), b"s")
    assert iam.key("anything").actions is None
    with pytest.raises(UnknownKey) as caught:
        iam.key("")
    assert caught.value.code == "BXNIM0109E"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer nonsense", "Basic abc", "apikey wrong"])
def test_anything_but_a_live_token_or_a_known_key_is_401_with_1201(header: str | None) -> None:
    with pytest.raises(Problem) as caught:
        Iam(config(token="right"), b"s").caller(header, 0.0)
    assert (caught.value.status, caught.value.code) == (401, 1201)


def test_an_api_key_is_taken_in_place_of_a_token() -> None:
    assert Iam(config(token="right"), b"s").caller("apikey right", 0.0).user_id == user_id("right")


def test_a_token_ends_with_its_life() -> None:
    iam = Iam(config(token_seconds=60.0), b"s")
    header = f"Bearer {iam.exchange('key', 0.0)['access_token']}"
    iam.caller(header, 59.9)
    with pytest.raises(Problem):
        iam.caller(header, 60.0)


def test_all_tokens_can_be_ended_at_once() -> None:
    iam = Iam(config(), b"s")
    header = f"Bearer {iam.exchange('key', 0.0)['access_token']}"
    iam.expire_all()
    with pytest.raises(Problem):
        iam.caller(header, 0.0)


def test_dead_tokens_are_swept_and_live_ones_kept() -> None:
    iam = Iam(config(token_seconds=10.0), b"s")
    for _ in range(SWEEP_ABOVE + 1):
        iam.exchange("key", 0.0)
    live = [iam.exchange("key", 20.0)["access_token"] for _ in range(2)]
    assert all(iam.caller(f"Bearer {token}", 20.0) for token in live)
