from __future__ import annotations

from qrt_async.emulator.faults import Faults, Rule
from qrt_async.emulator.wishes import Wish
from qrt_async.emulator.world import World
from tests.emulator.driver import START, config

RUN = bytes(range(16))


def test_a_reset_keeps_tokens_and_ids_and_forgets_the_rest() -> None:
    world = World(config(), RUN, START)
    token = world.books.iam.exchange("key", START)["access_token"]
    before = world.books.ids.next(START)
    world.faults = Faults((Rule(kind="cut"),))
    world.books.usage.charge("crn", START, 5.0)
    world.reset(START + 1.0)
    assert world.books.iam.caller(f"Bearer {token}", START + 1.0).user_id
    assert world.books.ids.next(START) > before
    assert world.faults.pick("GET", "/v1/jobs") is None
    assert world.books.usage.consumed("crn", START + 1.0) == 0.0


def test_a_reset_draws_the_same_times_again() -> None:
    world = World(config(jitter=0.5), RUN, START)
    first = world.books.plan(Wish())
    world.reset(START)
    assert world.books.plan(Wish()) == first
