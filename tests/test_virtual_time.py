"""The ground under the other tests: the loop with simulated time, and what conftest.py adds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import aiohttp
import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aioresponses import aioresponses

from tests.virtual_time import VirtualLoop

HOUR = 3600.0
DAY = 24 * HOUR


def virtual_loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


@pytest.mark.virtual_clock
async def test_two_hours_pass_at_once_and_exactly() -> None:
    started = time.perf_counter()
    await asyncio.sleep(2 * HOUR)
    assert virtual_loop().time() == 2 * HOUR
    assert time.perf_counter() - started < 5


async def test_without_the_marker_the_loop_is_the_real_one() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)


@pytest.mark.virtual_clock
async def test_timers_ring_in_the_order_of_their_times() -> None:
    loop = virtual_loop()
    rung: list[tuple[int, float]] = []

    async def ring(after: int) -> None:
        await asyncio.sleep(after)
        rung.append((after, loop.time()))

    order = [(n * 7919) % 2000 for n in range(2000)]
    await asyncio.gather(*(ring(n) for n in order))
    assert rung == [(n, float(n)) for n in range(2000)]


@pytest.mark.virtual_clock
async def test_the_clock_stands_while_anything_can_run() -> None:
    for _ in range(1000):
        await asyncio.sleep(0)
    assert virtual_loop().time() == 0.0


@pytest.mark.virtual_clock
async def test_timeouts_of_asyncio_and_anyio_follow_the_clock() -> None:
    loop = virtual_loop()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(HOUR):
            await asyncio.Event().wait()
    assert loop.time() == HOUR
    with anyio.move_on_after(HOUR) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert loop.time() == 2 * HOUR


@pytest.mark.virtual_clock
async def test_timers_still_ring_after_years() -> None:
    await asyncio.sleep(3 * 365 * DAY)
    for _ in range(100):
        await asyncio.sleep(0.1)
    assert virtual_loop().time() == pytest.approx(3 * 365 * DAY + 10)


async def answer_in_an_hour(_: web.Request) -> web.Response:
    await asyncio.sleep(HOUR)
    return web.Response(text="done")


@pytest.mark.virtual_clock
async def test_a_server_on_the_same_loop_takes_simulated_time() -> None:
    loop = virtual_loop()
    app = web.Application()
    app.router.add_get("/", answer_in_an_hour)
    ends: list[float] = []

    async def ask(session: aiohttp.ClientSession, url: str) -> None:
        async with session.get(url) as response:
            assert await response.text() == "done"
        ends.append(loop.time())

    patient = aiohttp.ClientTimeout(total=2 * HOUR)
    async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession(timeout=patient) as session:
        url = str(server.make_url("/"))
        begun = loop.time()
        await asyncio.gather(*(ask(session, url) for _ in range(50)))
        assert ends == [begun + HOUR] * 50
        with pytest.raises(TimeoutError):
            await session.get(url, timeout=aiohttp.ClientTimeout(total=10))
        assert loop.time() == pytest.approx(begun + HOUR + 10, abs=1)


@pytest.mark.virtual_clock
async def test_the_clock_stands_while_a_thread_of_the_executor_works() -> None:
    finished = threading.Event()

    def work() -> str:
        finished.wait(0.05)
        return "worked"

    async with asyncio.timeout(0.001):
        assert await asyncio.to_thread(work) == "worked"
    assert virtual_loop().time() == 0.0
    assert virtual_loop().busy == 0


@pytest.mark.virtual_clock
async def test_a_thread_of_ones_own_is_waited_for_while_the_clock_is_held() -> None:
    loop = virtual_loop()
    written = loop.create_future()

    def write() -> None:
        threading.Event().wait(0.05)
        loop.call_soon_threadsafe(written.set_result, "row")

    thread = threading.Thread(target=write)
    with loop.held():
        thread.start()
        async with asyncio.timeout(0.001):
            assert await written == "row"
    thread.join()
    assert loop.time() == 0.0


@pytest.mark.virtual_clock
async def test_a_subprocess_is_waited_for_while_the_clock_is_held() -> None:
    loop = virtual_loop()
    with loop.held():
        async with asyncio.timeout(0.001):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "print('hello')", stdout=asyncio.subprocess.PIPE
            )
            out, _ = await process.communicate()
    assert out.strip() == b"hello"
    assert loop.time() == 0.0


@pytest.mark.virtual_clock
async def test_idle_returns_when_only_time_is_left_to_wait_for() -> None:
    loop = virtual_loop()
    steps: list[str] = []

    async def work() -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        steps.append("ran")
        await asyncio.sleep(1)
        steps.append("slept")

    task = asyncio.create_task(work())
    await loop.idle()
    assert steps == ["ran"]
    assert loop.time() == 0.0
    await task
    assert steps == ["ran", "slept"]


@pytest.mark.virtual_clock
async def test_idle_returns_too_when_there_is_nothing_to_wait_for() -> None:
    await virtual_loop().idle()
    assert virtual_loop().time() == 0.0


@pytest.mark.virtual_clock
async def test_idle_waits_for_answers_that_are_on_their_way() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello\n")
        line = await reader.readline()
        writer.close()
        return line

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        asking = asyncio.create_task(ask(server.sockets[0].getsockname()[1]))
        await virtual_loop().idle()
        assert asking.done()
        assert asking.result() == b"hello\n"


async def test_the_loops_of_the_suite_are_in_debug_mode() -> None:
    assert asyncio.get_running_loop().get_debug()


@pytest.mark.virtual_clock
async def test_so_are_those_with_simulated_time() -> None:
    assert asyncio.get_running_loop().get_debug()


@pytest.mark.parametrize("size", [0, 5, 131_072, 131_073, 2_000_000])
async def test_mocked_responses_work_at_any_size(size: int) -> None:
    with aioresponses() as mocked:
        mocked.get("http://service.test/", body=b"x" * size, headers={"Retry-After": "7"})
        async with aiohttp.ClientSession() as session, session.get("http://service.test/") as response:
            assert len(await response.read()) == size
            assert response.headers["Retry-After"] == "7"


LEAKY_TESTS = """
    import asyncio

    async def test_clean():
        await asyncio.create_task(asyncio.sleep(0))

    async def test_about_to_end():
        task = asyncio.create_task(asyncio.sleep(0.01))
        return None

    async def test_leaks_a_task():
        forgotten = asyncio.create_task(asyncio.sleep(60))

    async def test_hides_an_error():
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    async def test_never_awaits():
        asyncio.sleep(0)

    def test_plain():
        assert True
"""


@pytest.mark.long
def test_leaks_hidden_errors_and_forgotten_coroutines_fail_a_test(tmp_path: Path) -> None:
    (tmp_path / "test_leaky.py").write_text(textwrap.dedent(LEAKY_TESTS))
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-W", "error"]
    command += ["-o", "asyncio_default_fixture_loop_scope=function", "-o", f"pythonpath={root}"]
    command += ["-o", "markers=virtual_clock", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    command += ["--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, cwd=root, check=False)
    summary = sorted(line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR")))
    assert [line.split()[0] + " " + line.split()[1].split("::")[1] for line in summary] == [
        "ERROR test_hides_an_error",
        "ERROR test_leaks_a_task",
        "FAILED test_never_awaits",
    ], done.stdout + done.stderr
    assert "left 1 tasks running: ['<coroutine object sleep" in done.stdout
    assert "ZeroDivisionError" in done.stdout
