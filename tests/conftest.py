"""What every test of the suite stands on: its event loop, the mock's repair, and the check for leaks."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from asyncio import constants
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core
import hypothesis
import pytest
import pytest_asyncio
from aiohttp.client_proto import ResponseHandler

from tests.virtual_time import VirtualLoop

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

FRAMES = 2
"""Of the stack that debug mode keeps with everything that is made: the whole one took a third of the suite's time."""
vars(constants)["DEBUG_STACK_DEPTH"] = FRAMES
for module in (aiohttp.client, aiohttp.client_reqrep, aiohttp.connector):
    vars(module)["traceback"] = SimpleNamespace(extract_stack=partial(traceback.extract_stack, limit=FRAMES))

GRACE = 0.5
"""Real (or simulated) seconds that tasks of a finished test get to come to their own end."""


def pytest_configure(config: pytest.Config) -> None:
    """asyncio's debug mode: coroutines that nobody awaits name their maker, calls from foreign threads
    raise, slow callbacks are logged. One test may leave it with ``loop.set_debug(False)``."""
    config.option.asyncio_debug = True


LONG = ("tests/journeys/", "tests/benchmarks/", "tests/hostile/", "tests/test_", "tests/emulator/simulation/",
        "tests/emulator/workers/test_simulator.py", "tests/emulator/test_main.py",
        "tests/emulator/programs/test_estimator.py", "tests/emulator/programs/test_samplex.py",
        "tests/emulator/devices/test_recorded.py", "tests/submit/test_journal.py",
        "tests/sweep/test_sweep.py")  # fmt: skip
"""Whole paths, what is asked of the whole, what starts processes, and what simulates much; other tests that take long
are marked by themselves."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(LONG) or _stands_on_ground(item):
            item.add_marker(pytest.mark.long)


def _stands_on_ground(item: pytest.Item) -> bool:
    """Does its file put a client and an emulator together? Such tests are no unit tests, however short each is."""
    module = item.getparent(pytest.Module)
    assert module is not None
    return any(
        str(getattr(thing, "__module__", "")).endswith(".ground") for thing in vars(module.obj).values()
    )


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests marked ``virtual_clock`` get the loop with simulated time."""
    if item.get_closest_marker("virtual_clock"):
        return {"virtual": VirtualLoop}
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def leaves_nothing_running(request: pytest.FixtureRequest) -> None:
    """An asynchronous test fails if it leaves tasks behind or an error that only the loop heard of."""
    if pytest_asyncio.is_async_test(request.node):
        request.getfixturevalue("loop_is_left_clean")


@pytest.fixture
async def loop_is_left_clean() -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    complaints: list[str] = []
    loop.set_exception_handler(lambda _, context: complaints.append(_words(context)))
    before = asyncio.all_tasks()
    yield
    running = await _still_running(before)
    loop.set_exception_handler(None)
    assert not running, f"the test left {len(running)} tasks running: {running}"
    assert not complaints, f"errors that nobody caught: {complaints}"


def _words(context: dict[str, Any]) -> str:
    return f"{context['message']}: {context.get('exception')!r}"


async def _still_running(before: set[asyncio.Task[Any]]) -> list[str]:
    """Tasks begun since, after those that are about to end have done so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + GRACE
    while True:
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left or loop.time() >= deadline:
            return sorted(str(task.get_coro()) for task in left)
        await asyncio.wait(left, timeout=GRACE / 10)


if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
    # aioresponses 0.7.9 builds its responses as aiohttp 3.13 did. Without the writer every mocked
    # response fails; without the wide limit those above 128 KiB do, for there is no transport to pause.

    class MockedResponse(aiohttp.ClientResponse):
        def __init__(self, *args: Any, **options: Any) -> None:
            options.setdefault("stream_writer", SimpleNamespace(output_size=0))
            super().__init__(*args, **options)

    def unpaused_reader(loop: asyncio.AbstractEventLoop | None = None) -> aiohttp.StreamReader:
        loop = loop or asyncio.get_running_loop()
        return aiohttp.StreamReader(ResponseHandler(loop=loop), limit=2**40, loop=loop)

    aioresponses.core.ClientResponse = MockedResponse
    aioresponses.core.stream_reader_factory = unpaused_reader
