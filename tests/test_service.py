"""How a service lives: where it may be used, and what it leaves behind (design 1.1)."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NoAccount, ServiceClosed
from qrt_async.events import Event
from tests.ground import BACKEND, COUNTS, QASM, Sampled, cut_short, ground


async def counts(service: qrt.RuntimeService) -> dict[str, int]:
    job = await service.run(qrt.Sampler([QASM], shots=3), backend=BACKEND)
    result = await job
    found: dict[str, int] = result[0].data.bits("meas").get_counts()
    return found


@pytest.mark.virtual_clock
async def test_constructing_and_entering_make_no_request() -> None:
    async with ground() as here:
        async with qrt.RuntimeService(url=here.emulator.url) as service:
            assert repr(service).startswith("<RuntimeService")
        assert await here.requests() == {}


@pytest.mark.virtual_clock
async def test_it_works_without_async_with_and_closing_twice_is_fine() -> None:
    async with ground() as here:
        service = qrt.RuntimeService(url=here.emulator.url)
        assert await counts(service) == COUNTS
        await service.close()
        await service.close()
        with pytest.raises(ServiceClosed, match="make a new one"):
            await counts(service)


@pytest.mark.virtual_clock
async def test_it_may_be_entered_in_one_task_and_left_in_another() -> None:
    async with ground() as here:
        service = qrt.RuntimeService(url=here.emulator.url)
        await asyncio.create_task(service.__aenter__())
        assert await asyncio.create_task(counts(service)) == COUNTS
        await asyncio.create_task(service.__aexit__(None, None, None))
        with pytest.raises(ServiceClosed):
            await service.jobs.list()


@pytest.mark.virtual_clock
async def test_closing_that_is_cut_short_by_the_end_of_the_program_leaves_no_connection_open() -> None:
    async with ground() as here:
        service = qrt.RuntimeService(url=here.emulator.url, spool=False)
        await service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=300.0, when="after")
        submitting = asyncio.create_task(service.run(qrt.Sampler([QASM]), backend=BACKEND))
        await asyncio.sleep(1)
        ends = await cut_short(service.close(), submitting)
        assert ends == [asyncio.CancelledError, ServiceClosed]
        with pytest.raises(ServiceClosed):
            await service.backends.list()
        del service, submitting
        gc.collect()


async def test_one_that_was_never_used_has_nothing_to_close() -> None:
    service = qrt.RuntimeService(url="http://127.0.0.1:9")
    await service.close()
    with pytest.raises(ServiceClosed):
        await service.backends.list()


def test_a_second_event_loop_is_told_plainly() -> None:
    service = qrt.RuntimeService(url="http://127.0.0.1:9", retry=qrt.RetryPolicy(tries=1))

    async def enter_and_leave_open() -> None:
        await service.__aenter__()

    asyncio.run(enter_and_leave_open())
    with pytest.raises(ServiceClosed, match="another event loop"):
        asyncio.run(service.jobs.list())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
def test_after_a_fork_the_child_is_told_plainly(tmp_path: Path) -> None:
    program = """
        import asyncio, os, sys
        import qrt_async as qrt

        service = qrt.RuntimeService(url="http://127.0.0.1:9")

        async def main():
            await service.__aenter__()
            child = os.fork()
            if child == 0:
                try:
                    await service.jobs.list()
                except qrt.errors.ServiceClosed as error:
                    os._exit(0 if "fork" in str(error) else 1)
                finally:
                    os._exit(2)
            code = await asyncio.to_thread(lambda: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            await service.close()
            sys.exit(code)

        asyncio.run(main())
    """
    assert python(program, tmp_path).returncode == 0


@pytest.mark.long
def test_it_works_on_uvloop_with_real_circuits_and_leaves_nothing_behind(tmp_path: Path) -> None:
    pytest.importorskip("uvloop", reason="uvloop is not made for this platform")
    program = """
        import uvloop
        import qrt_async as qrt

        QASM = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'

        async def main():
            async with qrt.RuntimeService(channel="local") as service:
                job = await service.run(qrt.Sampler([QASM], shots=50), backend="emulator_ideal")
                print((await job)[0].data.c.get_counts())

        uvloop.run(main())
    """
    done = python(program, tmp_path)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("{'1': 50}", "", 0)


def test_two_runs_with_a_service_each_are_fine(tmp_path: Path) -> None:
    program = """
        import asyncio
        import qrt_async as qrt

        async def main(service):
            asyncio.get_running_loop().slow_callback_duration = 60.0  # how busy the machine is is not asked
            async with service:
                print(len(await service.backends.list()))

        asyncio.run(main(qrt.RuntimeService(channel="local")), debug=True)
        asyncio.run(main(qrt.RuntimeService(channel="local")), debug=True)
    """
    done = python(program, tmp_path)
    assert (done.stdout.split(), done.stderr, done.returncode) == (["3", "3"], "", 0)


def python(program: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A program of a user's own, with every warning an error."""
    found = os.pathsep.join(filter(None, [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")]))
    environ = {**os.environ, "HOME": str(home), "PYTHONPATH": found}
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=50, check=False)


def test_no_credentials_is_an_error_that_says_where_was_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("QISKIT_") or name == "IAM_URL"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NoAccount) as caught:
        qrt.RuntimeService()
    for word in ("QISKIT_IBM_TOKEN", "qiskit-ibm.json", 'channel="local"'):
        assert word in str(caught.value)


def test_without_the_extra_the_local_channel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qiskit_aer", None)
    with pytest.raises(InvalidInput, match=r"qrt-async\[local\]"):
        qrt.RuntimeService(channel="local")


@pytest.mark.virtual_clock
async def test_an_observer_that_fails_is_logged_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise LookupError("an observer's mistake")

    async with ground(observers=[broken]) as here:
        assert await counts(here.service) == COUNTS
    assert "an observer's mistake" in caplog.text


@pytest.mark.virtual_clock
async def test_no_event_and_no_log_line_holds_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    heard: list[Event] = []
    async with ground(observers=[heard.append], simulator=Sampled()) as here:
        url, instance = here.emulator.url, here.service.account.instance
        how: dict[str, Any] = {"token": "very-secret-key", "instance": instance, "observers": [heard.append]}
        async with qrt.RuntimeService(url=url, **how) as service:
            assert await counts(service) == COUNTS
            shown = f"{service!r}{service.account!r}{service.__dict__}{heard}{caplog.text}"
    assert heard
    assert "very-secret-key" not in shown
    assert "eyJ" not in shown, "so begins every bearer token"


@pytest.mark.virtual_clock
async def test_a_session_is_closed_on_leaving_also_after_an_error() -> None:
    async with ground() as here:
        session = here.service.session(backend=BACKEND, mode="batch")
        jobs = []

        async def fail_inside() -> None:
            async with session:
                jobs.append(await session.run(qrt.Sampler([QASM], shots=3)))
                assert (await session.details()).accepting_jobs is True
                raise LookupError("the user's own")

        with pytest.raises(LookupError):
            await fail_inside()
        (job,) = jobs
        assert job.session_id == session.id
        record = await here.service.sessions.get(session.id)
        assert record.accepting_jobs is False
        assert len(await job) == 1, "what was queued still runs"


@pytest.mark.virtual_clock
async def test_a_session_that_cannot_be_closed_is_told_and_never_renames_a_cancellation() -> None:
    async with ground() as here:
        inside = asyncio.Event()

        async def hold() -> None:
            async with here.service.session(backend=BACKEND):
                inside.set()
                await asyncio.sleep(3600)

        holding = asyncio.create_task(hold())
        await inside.wait()
        await here.fault(kind="status", status=400, method="PATCH")
        holding.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await holding
        assert "PATCH /sessions/{id}" in "".join(caught.value.__notes__)
        session = here.service.session(backend=BACKEND)
        await session.__aenter__()
        with pytest.raises(qrt.errors.Refused, match="PATCH"):
            await session.__aexit__(None, None, None)


@pytest.mark.virtual_clock
async def test_entering_a_session_that_is_cancelled_in_mid_flight_leaves_none_open() -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(kind="delay", method="POST", path="/v1/sessions", seconds=3.0, when="after")
        entering = asyncio.create_task(here.service.session(backend=BACKEND).__aenter__())
        await asyncio.sleep(1)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        requests = await here.requests()
        assert requests["PATCH /v1/sessions/{id}"] == 1


@pytest.mark.virtual_clock
async def test_a_session_takes_no_backend_of_its_own_and_must_be_entered() -> None:
    async with ground() as here:
        session = here.service.session(backend=BACKEND)
        with pytest.raises(InvalidInput, match="not open"):
            await session.run(qrt.Sampler([QASM]))
        async with session:
            with pytest.raises(InvalidInput, match="backend="):
                await session.run(qrt.Sampler([QASM]), backend="other")  # type: ignore[call-arg] # the mistake
