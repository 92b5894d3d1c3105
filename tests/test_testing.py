"""The fixtures for our users' tests, used as they would use them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PLAIN = """
    import asyncio
    import qrt_async as qrt

    pytest_plugins = ["qrt_async.testing"]
    FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'

    async def count(make):
        async with make() as service:
            job = await service.run(qrt.Sampler([FLIP], shots=10), backend="emulator_ideal", tags=["mine"])
            result = await job
            return result[0].data.c.get_counts(), len((await service.jobs.list()).jobs)

    def test_counts(qrt_service):
        assert asyncio.run(count(qrt_service)) == ({"1": 10}, 1)

    def test_each_test_begins_with_an_empty_emulator(qrt_service):
        assert asyncio.run(count(qrt_service)) == ({"1": 10}, 1)

    def test_url(qrt_emulator):
        assert qrt_emulator.startswith("http://127.0.0.1:")
"""
OTHER = """
    import asyncio
    import pytest
    import qrt_async as qrt

    pytest_plugins = ["qrt_async.testing"]

    @pytest.fixture(scope="session")
    def qrt_emulator_arguments():
        return ["--rate-limit", "1/60", "--no-retry-after", "--backend", "mine:3"]

    async def names(make):
        async with make() as service:
            return [backend.name for backend in await service.backends.list()]

    def test_a_user_chooses_backends_and_limits(qrt_service):
        assert asyncio.run(names(qrt_service)) == ["mine"]
"""
ASYNCIO = """
    import pytest
    import qrt_async as qrt

    pytest_plugins = ["qrt_async.testing"]
    FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'

    @pytest.mark.asyncio
    @pytest.mark.parametrize("number", range(3))
    async def test_counts(qrt_service, number):
        async with qrt_service() as service:
            assert not (await service.jobs.list()).jobs
            job = await service.run(qrt.Sampler([FLIP], shots=10), backend="emulator_ideal")
            assert (await job)[0].data.c.get_counts() == {"1": 10}
"""
ANYIO = (
    ASYNCIO.replace("pytest.mark.asyncio", "pytest.mark.anyio")
    + """
    @pytest.fixture
    def anyio_backend():
        return "asyncio"
"""
)
BROKEN = """
    import pytest

    pytest_plugins = ["qrt_async.testing"]

    @pytest.fixture(scope="session")
    def qrt_emulator_arguments():
        return ["--no-such-flag"]

    def test_url(qrt_emulator):
        pass
"""


@pytest.fixture(autouse=True)
def in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not installed, the package is found where the repository is."""
    paths = [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


@pytest.mark.parametrize(("program", "passed"), [(PLAIN, 3), (OTHER, 1)])
def test_the_fixtures_serve_plain_tests_without_any_plugin(
    pytester: pytest.Pytester, program: str, passed: int
) -> None:
    pytester.makepyfile(program)
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:anyio", "-W", "error")
    result.assert_outcomes(passed=passed)


@pytest.mark.parametrize(
    ("program", "flags"),
    [
        (ASYNCIO, ["-p", "no:anyio", "-o", "asyncio_default_fixture_loop_scope=function"]),
        (ANYIO, ["-p", "no:asyncio"]),
        (ASYNCIO, ["-p", "no:anyio", "-o", "asyncio_default_fixture_loop_scope=function", "-n", "2"]),
    ],
    ids=["pytest-asyncio", "anyio", "two processes"],
)
def test_the_fixtures_serve_whatever_plugin_there_is(
    pytester: pytest.Pytester, program: str, flags: list[str]
) -> None:
    pytester.makepyfile(program)
    result = pytester.runpytest_subprocess(*flags, "-W", "error")
    result.assert_outcomes(passed=3)


def test_no_proxy_is_asked_for_the_way_to_this_machine(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    pytester.makepyfile(PLAIN)
    pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:anyio").assert_outcomes(passed=3)


def test_an_emulator_that_does_not_start_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BROKEN)
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:anyio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the emulator did not start*"])
