from __future__ import annotations

import msgspec
import pytest

from tests.emulator.driver import KEY, Driver, config


def test_a_key_becomes_a_token_that_lets_its_user_in() -> None:
    driver = Driver()
    reply = driver.exchange("some key")
    body = msgspec.json.decode(reply.body)
    assert (reply.status, body["token_type"], body["scope"]) == (200, "Bearer", "ibm openid")
    assert driver.ask("GET", "/jobs", key="some key").status == 200


@pytest.mark.parametrize(("key", "code"), [("wrong", "BXNIM0415E"), ("", "BXNIM0109E")])
def test_a_bad_key_is_a_400_in_iams_own_words(key: str, code: str) -> None:
    reply = Driver(config(token=KEY)).exchange(key)
    body = msgspec.json.decode(reply.body)
    assert (reply.status, body["errorCode"]) == (400, code)
    assert body["errorMessage"]
    assert body["context"]["requestId"]


def test_a_request_without_the_grant_is_a_400() -> None:
    reply = Driver().raw("POST", "/identity/token", {}, b"apikey=key")
    assert (reply.status, msgspec.json.decode(reply.body)["errorCode"]) == (400, "BXNIM0109E")
