"""The ground energy of H2 by a variational loop: each step of SciPy's optimizer is one job. No account needed.

A step asks for an energy and its gradient, which are seven points of one circuit and so one PUB of one job. SciPy waits
for each and blocks, so that it runs in a thread, and the jobs on the loop; in a session, which is closed at the end
whatever happens. Sessions need a paid plan at IBM. SciPy comes with the extra `local`.
"""

import asyncio
import math
import os

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import qrt_async as qrt

# H2 at 0.735 angstrom on two qubits (parity mapping), without the repulsion of the nuclei; in hartree.
HAMILTONIAN = {
    "II": -1.052373245772859,
    "IZ": 0.39793742484318045,
    "ZI": -0.39793742484318045,
    "ZZ": -0.01128010425623538,
    "XX": 0.18093119978423156,
}
GROUND = -1.857275
# Rotations about Y by three angles, two of them before a CNOT; in gates of IBM's Heron processors.
ANSATZ = """
OPENQASM 3.0;
include "stdgates.inc";
input float[64] a;
input float[64] b;
input float[64] c;
sx $0; rz(a + pi) $0; sx $0; rz(pi) $0;
sx $1; rz(b + pi) $1; sx $1; rz(pi) $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
sx $0; rz(c + pi) $0; sx $0; rz(pi) $0;
"""
START = [2.0, 2.0, 0.5]
STEPS = 12
PRECISION = 1 / math.sqrt(4096)
FINAL_PRECISION = 1 / math.sqrt(65536)
JOBS_A_MINUTE = 5

Numbers = NDArray[np.float64]


def measured_at(points: Numbers, precision: float) -> qrt.Estimator:
    """One PUB: the energy at each of these rows of angles."""
    values = {name: points[:, [at]] for at, name in enumerate("abc")}
    return qrt.Estimator([(ANSATZ, HAMILTONIAN, values)], precision=precision)


def shifted(angles: Numbers) -> Numbers:
    """The angles, and each of them a quarter turn on and back: half their difference is the exact gradient."""
    turns = np.pi / 2 * np.eye(len(angles))
    return np.concatenate([[angles], angles + turns, angles - turns])


async def main() -> None:
    channel = None if any(name.startswith("QISKIT_IBM_") for name in os.environ) else "local"
    jobs = 0
    async with qrt.RuntimeService(channel=channel) as service:
        backend = (await service.backends.least_busy(min_qubits=2)).name
        async with service.session(backend=backend, mode="dedicated") as session:
            loop = asyncio.get_running_loop()

            async def energies(points: Numbers, precision: float) -> tuple[Numbers, int]:
                """And with how many shots a basis."""
                nonlocal jobs
                jobs += 1
                result = await (await session.run(measured_at(points, precision)))
                return result[0].data.array("evs"), result[0].metadata["shots"]

            def step(angles: Numbers) -> tuple[float, Numbers]:
                """In SciPy's thread."""
                asked = asyncio.run_coroutine_threadsafe(energies(shifted(angles), PRECISION), loop)
                (energy, *around), _ = asked.result()
                forth, back = np.split(np.array(around), 2)
                print(f"job {jobs:2}  energy {energy:9.5f}", flush=True)
                return float(energy), (forth - back) / 2

            # Less gain than the noise of a step is the end; a longer search along a line would chase that noise.
            limits = {"maxiter": STEPS, "maxfun": 2 * STEPS, "maxls": 4, "ftol": PRECISION / 8}
            found = await asyncio.to_thread(
                minimize, step, np.array(START), method="L-BFGS-B", jac=True, options=limits
            )
            (energy,), shots = await energies(np.array([found.x]), FINAL_PRECISION)
    print(
        f"final   energy {energy:9.5f}, off by {1000 * (energy - GROUND):+.2f} mHa ({shots:,} shots a basis)"
    )
    minutes = math.ceil(jobs / JOBS_A_MINUTE) - 1
    print(f"{jobs} jobs; under {JOBS_A_MINUTE} a minute sending them alone takes {minutes} min")


asyncio.run(main())
