"""A landscape of 50 x 50 points in one job: a Bell pair, its halves measured at two angles. No account needed.

Needs the extra `sweep`: pip install 'qrt-async[local,sweep]'. The picture goes where the first argument says.
"""

import asyncio
import math
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import qrt_async as qrt

POINTS = 50
SHOTS = 100
# In gates that IBM's Heron processors have themselves; the two rotations come last.
CIRCUIT = """
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
input float[64] phi;
bit[2] meas;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
sx $0; rz(theta + pi) $0; sx $0;
sx $1; rz(phi + pi) $1; sx $1;
meas[0] = measure $0;
meas[1] = measure $1;
"""


async def main(picture: Path) -> None:
    channel = None if any(name.startswith("QISKIT_IBM_") for name in os.environ) else "local"
    angles = np.linspace(0, 2 * math.pi, POINTS)
    sweep = qrt.Sweep(CIRCUIT, {"theta": angles, "phi": angles}, shots=SHOTS)
    async with qrt.RuntimeService(channel=channel) as service, qrt.Submitter(service) as submitter:
        backend = (await service.backends.least_busy(min_qubits=2)).name
        run = submitter.sweep(sweep, backend=backend, name="landscape")
        print(await run.plan())
        run.start()
        async for progress in run.updates():
            show(str(progress))
        await run
        # Reading may take a moment, and so it is done in a thread.
        frame = await asyncio.to_thread(run.to_pandas)
        print("\n", frame[["theta", "phi", "counts"]].head(), sep="")
        data = await asyncio.to_thread(run.to_xarray)
        equal = data.counts.sel(bitstring=["00", "11"]).sum("bitstring") / data.shots
        theory = np.cos((data.theta - data.phi) / 2) ** 2
        error = float(np.sqrt(((equal - theory) ** 2).mean()))
        chance = float(np.sqrt((theory * (1 - theory) / SHOTS).mean()))
        print(f"\nequal bits: off by {error:.3f} from theory, by chance {chance:.3f}")
        ax = await asyncio.to_thread(run.plot)
        ax.set_aspect("equal")
        assert isinstance(ax.figure, Figure)  # noqa: S101 - its own
        ax.figure.savefig(picture)
        print(f"picture: {picture}")


def show(line: str) -> None:
    """In a terminal over the line before."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)
    else:
        print(line, flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(main(Path(given[0]) if given else Path(tempfile.gettempdir()) / "landscape.png"))
