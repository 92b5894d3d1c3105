from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest

from qrt_async.errors import InvalidInput, NotAuthorized, Unavailable
from qrt_async.events import Event, TokenRenewed
from qrt_async.transport.account import Account
from qrt_async.transport.asked import TokenSource
from qrt_async.transport.tasks import Crew
from qrt_async.transport.tokens import TokenKeeper
from qrt_async.transport.wire import Reply, Request

KEY = "key"


class Iam:
    """Grants tokens of ``life`` seconds, one second after it was asked."""

    def __init__(self, life: float = 100.0) -> None:
        self.asked = 0
        self.life = life
        self.trouble: Exception | None = None

    async def __call__(self, request: Request) -> Reply:
        self.asked += 1
        count = self.asked
        await asyncio.sleep(1.0)
        if self.trouble is not None:
            raise self.trouble
        grant = {"access_token": f"t{count}", "expires_in": self.life}
        return Reply(code=200, headers={}, body=msgspec.json.encode(grant))


def keeper(iam: Any, token: str | TokenSource = KEY) -> tuple[TokenKeeper, list[Event]]:
    events: list[Event] = []
    account = Account(channel="c", token=token, iam_url="http://iam/identity/token")
    return TokenKeeper(account, iam, Crew(events.append), events.append), events


async def text(tokens: TokenKeeper) -> str:
    return (tokens.at_hand() or await tokens.renewed(None)).text


@pytest.mark.virtual_clock
async def test_a_hundred_tasks_share_one_exchange() -> None:
    iam = Iam()
    tokens, events = keeper(iam)
    assert await asyncio.gather(*(text(tokens) for _ in range(100))) == ["t1"] * 100
    assert iam.asked == 1
    assert events == [TokenRenewed(seconds=100.0)]


@pytest.mark.virtual_clock
async def test_an_ageing_token_serves_while_the_next_is_fetched() -> None:
    iam = Iam()
    tokens, _ = keeper(iam)
    await text(tokens)
    await asyncio.sleep(79)
    assert (await text(tokens), iam.asked) == ("t1", 1)
    await asyncio.sleep(5)
    assert await text(tokens) == "t1"
    assert await text(tokens) == "t1"
    await asyncio.sleep(2)
    assert (await text(tokens), iam.asked) == ("t2", 2)


@pytest.mark.virtual_clock
async def test_a_renewal_ahead_that_fails_is_silent_until_the_token_is_dead() -> None:
    iam = Iam()
    tokens, _ = keeper(iam)
    await text(tokens)
    iam.trouble = Unavailable("IAM is down")
    await asyncio.sleep(85)
    assert await text(tokens) == "t1"
    await asyncio.sleep(4)
    assert await text(tokens) == "t1"
    await asyncio.sleep(5)
    with pytest.raises(Unavailable, match="IAM is down"):
        await text(tokens)
    iam.trouble = None
    assert (await text(tokens)).startswith("t")


@pytest.mark.virtual_clock
async def test_the_wall_clock_counts_too_for_a_laptop_that_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, _ = keeper(Iam())
    await text(tokens)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    assert tokens.at_hand() is None


@pytest.mark.virtual_clock
async def test_a_worn_token_is_replaced_once_for_all_who_wore_it() -> None:
    iam = Iam()
    tokens, _ = keeper(iam)
    worn = await tokens.renewed(None)
    found = await asyncio.gather(*(tokens.renewed(worn) for _ in range(10)))
    assert {token.text for token in found} == {"t2"}
    assert (await tokens.renewed(worn)).text == "t2"
    assert iam.asked == 2


async def test_a_source_of_ones_own_is_asked_instead_of_iam() -> None:
    async def source() -> str:
        return "mine"

    tokens, events = keeper(None, source)
    assert await text(tokens) == "mine"
    assert events == [TokenRenewed(seconds=300.0)]
    assert tokens.secrets == ("", "mine")


async def test_a_source_that_is_no_coroutine_function_is_told_so() -> None:
    tokens, _ = keeper(None, lambda: "mine")  # type: ignore[arg-type,return-value]  # what a caller may do
    with pytest.raises(InvalidInput, match="must be async"):
        await text(tokens)


async def test_a_source_that_returns_nothing_is_not_authorized() -> None:
    async def source() -> str:
        return ""

    with pytest.raises(NotAuthorized):
        await text(keeper(None, source)[0])


async def test_what_a_source_raises_arrives_as_it_is() -> None:
    async def source() -> str:
        raise LookupError("vault is sealed")

    with pytest.raises(LookupError, match="vault is sealed"):
        await text(keeper(None, source)[0])


@pytest.mark.virtual_clock
async def test_key_and_token_are_known_as_secrets() -> None:
    tokens, events = keeper(Iam())
    assert list(tokens.secrets) == [KEY]
    await text(tokens)
    assert list(tokens.secrets) == [KEY, "t1"]
    assert "t1" not in repr(events)
