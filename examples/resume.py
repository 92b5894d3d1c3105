"""A program that is killed half-way, and finishes when it is run again.

Its journal is one SQLite file. What the first run had submitted is found again, what it had not is sent, and nothing
is sent twice. `python examples/resume.py` plays both runs, each in a process of its own; without an account, on an
emulator that outlives them, as the service does. With one, `python examples/resume.py run` is the program itself.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import qrt_async as qrt

PROGRAMS = 4
JOURNAL = Path("resume.db")
BELL = """
OPENQASM 3.0;
include "stdgates.inc";
bit[2] meas;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
meas[0] = measure $0;
meas[1] = measure $1;
"""


async def begin(service: qrt.RuntimeService, submitter: qrt.Submitter) -> None:
    """All are in the journal; the first result is the end of this process, as by `kill -9`."""
    backend = (await service.backends.least_busy(min_qubits=2)).name
    programs = (qrt.Sampler([BELL], shots=100 + n) for n in range(PROGRAMS))
    async for submission in submitter.map(programs, backend=backend):
        await submission
        print(f"{submission.id}  done", flush=True)
        os.kill(os.getpid(), signal.SIGKILL if os.name != "nt" else signal.SIGTERM)


async def finish(submitter: qrt.Submitter) -> None:
    """Each is there, whatever had become of it."""
    recovery = await submitter.recover()
    for submission in recovery.submissions:
        before = submission.state
        counts = (await submission)[0].data.bits("meas").get_counts()
        print(f"{submission.id}  was {before:8}  {counts}", flush=True)
    print(f"{len(recovery.submissions)} submissions, {len(recovery.doubles)} of them sent twice")


async def run(begun: bool) -> None:
    async with (
        qrt.RuntimeService() as service,
        qrt.Submitter(service, journal=JOURNAL, max_in_flight=2, settle=10) as submitter,
    ):
        await (finish(submitter) if begun else begin(service, submitter))


def play(environment: dict[str, str]) -> None:
    JOURNAL.unlink(missing_ok=True)
    for name in ("first", "second"):
        print(f"--- the {name} run", flush=True)
        again = [sys.executable, __file__, "run"]
        ended = subprocess.run(again, env=environment, check=False)  # noqa: S603 - itself
        print(f"--- ended with {ended.returncode}", flush=True)
    JOURNAL.unlink()


def main() -> None:
    if sys.argv[1:] == ["run"]:
        asyncio.run(run(begun=JOURNAL.exists()))
    elif {"QISKIT_IBM_TOKEN", "QISKIT_IBM_URL"} & set(os.environ):
        play(dict(os.environ))
    else:
        command = [sys.executable, "-m", "qrt_async.emulator", "--rate-limit", "none"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:  # noqa: S603 - ours
            assert emulator.stdout is not None  # noqa: S101 - a pipe was asked for
            url = json.loads(emulator.stdout.readline())["url"]
            others = {name: value for name, value in os.environ.items() if name != "QISKIT_IBM_CHANNEL"}
            play(others | {"QISKIT_IBM_URL": url})
            emulator.terminate()


if __name__ == "__main__":
    main()
