"""What telemetry does not tell, and that there is nothing of it for those who do not ask for it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.events import (
    Announcer,
    Detail,
    Event,
    wanted,
)
from qrt_async.integrations.telemetry import Telemetry
from tests.ground import BACKEND, COUNTS, QASM, ground
from tests.integrations.laboratory import Lab, counts

virtual = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


@virtual
async def test_no_secret_and_nothing_of_the_circuit_is_in_spans_or_metrics(lab: Lab) -> None:
    async with ground() as here:
        how: dict[str, Any] = {"token": "very-secret-key", "instance": here.service.account.instance}
        service = qrt.RuntimeService(url=here.emulator.url, spool=False, observers=[lab.telemetry], **how)
        async with service:
            job = await service.run(SAMPLER, backend=BACKEND, tags=["tag-of-a-user"])
            await job
            bad = await service.run(SAMPLER, backend=BACKEND, tags=["emulate:fail"])
            with pytest.raises(qrt.JobFailed):
                await bad
    data = lab.reader.get_metrics_data()
    assert data is not None
    shown = data.to_json()
    shown += "".join(span.to_json() for span in lab.exporter.get_finished_spans())
    assert job.id in shown
    for hidden in (
        "very-secret-key",
        "eyJ",
        "OPENQASM",
        "stdgates",
        "measure",
        "tag-of-a-user",
        "qrt:",
        "crn:",
    ):
        assert hidden not in shown, hidden


@virtual
async def test_without_it_nothing_is_made_and_nothing_is_asked() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        assert await counts(await here.run()) == COUNTS
        plain = await here.requests()
    assert heard
    assert [event for event in heard if isinstance(event, Detail)] == []
    lab = Lab()
    async with ground(observers=[lab.telemetry, heard.append]) as here:
        assert await counts(await here.run()) == COUNTS
        told = await here.requests()
    assert [event for event in heard if isinstance(event, Detail)] == [], "told to those alone that want it"
    metrics = "GET /v1/jobs/{id}/metrics"
    assert told[metrics] == plain.get(metrics, 0) + 1
    looks = "GET /v1/jobs/{id}"  # these are drawn
    assert told | {metrics: 0, looks: 0} == plain | {metrics: 0, looks: 0}


def test_an_observer_without_wishes_makes_no_detail_wanted() -> None:
    kinds = list(Detail.__subclasses__())
    assert len(kinds) == 8
    assert not any(wanted(Announcer([print]), kind) for kind in kinds)
    assert not any(wanted(print, kind) for kind in kinds)
    assert all(wanted(Announcer([print, Telemetry()]), kind) for kind in kinds)


def test_importing_and_running_without_it_imports_no_opentelemetry(tmp_path: Path) -> None:
    program = """
        import asyncio, sys
        import qrt_async as qrt

        async def main():
            async with qrt.RuntimeService(url="http://127.0.0.1:9", retry=qrt.RetryPolicy(tries=1)) as service:
                try:
                    await service.jobs.list()
                except qrt.QrtError:
                    pass

        asyncio.run(main())
        print([name for name in sys.modules if "opentelemetry" in name or "integrations" in name])
    """
    script = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    root = str(Path(qrt.__file__).parent.parent)
    home = {"PYTHONPATH": root, "HOME": str(tmp_path)}
    done = subprocess.run(script, capture_output=True, text=True, check=False, env=home)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_without_the_extra_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['opentelemetry'] = None; import qrt_async.integrations.telemetry"
    root = str(Path(qrt.__file__).parent.parent)
    script = [sys.executable, "-c", program]
    done = subprocess.run(script, capture_output=True, text=True, check=False, env={"PYTHONPATH": root})
    assert "ImportError: Telemetry needs OpenTelemetry's API: pip install 'qrt-async[otel]'" in done.stderr
