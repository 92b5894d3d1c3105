"""Users whose circuits share jobs, simulated for real, over real sockets: each has counts of their own circuit."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import numpy as np

import qrt_async as qrt
from qrt_async.emulator import Emulator, EmulatorConfig
from tests.journeys.chance import Trials

SHOTS = 2000
USERS = 40
BACKEND = "emulator_ideal"

TEXT = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[{bits}] out;
{turns}
{readings}
"""


def circuit(bits: int) -> str:
    """Users differ in their circuits, too: each bit is turned by a multiple of the angle."""
    turns = "\n".join(f"rx({n + 1} * theta) ${n};" for n in range(bits))
    readings = "\n".join(f"out[{n}] = measure ${n};" for n in range(bits))
    return TEXT.format(bits=bits, turns=turns, readings=readings)


def theory(bits: int, theta: float) -> dict[int, float]:
    chances = {}
    for outcome in range(2**bits):
        ones = [math.sin((n + 1) * theta / 2) ** 2 for n in range(bits)]
        chances[outcome] = math.prod(p if outcome >> n & 1 else 1 - p for n, p in enumerate(ones))
    return chances


async def visit(submitter: qrt.Submitter, user: int) -> list[tuple[int, float, dict[int, int]]]:
    bits, angles = 1 + user % 3, [0.1 + 0.07 * user, 2.9 - 0.05 * user]
    pubs: list[Any] = [
        (circuit(bits), {"theta": angles[0]}),
        (circuit(bits), {"theta": [[angle] for angle in angles]}),
    ]
    program = qrt.Sampler(pubs, shots=SHOTS)
    result = await submitter.tenant(f"user-{user}").submit(program, backend=BACKEND, share=True)
    first, second = (pub.data.bits("out") for pub in result)
    found = [(bits, angles[0], first.get_int_counts())]
    return found + [(bits, angle, second[n].get_int_counts()) for n, angle in enumerate(angles)]


async def test_each_users_counts_follow_their_own_circuit() -> None:
    asyncio.get_running_loop().set_debug(False)
    config = EmulatorConfig(queue_seconds=0.05, run_seconds=0.05, rate_limit=(5, 60.0), seed=11)
    async with (
        Emulator(config) as emulator,
        qrt.RuntimeService(url=emulator.url, spool=False) as service,
        qrt.Submitter(service, coalesce=qrt.Coalesce(max_wait=60.0, max_points=60)) as submitter,
    ):
        found = await asyncio.gather(*(visit(submitter, user) for user in range(USERS)))
        jobs = (await service.jobs.list()).jobs
    assert len(jobs) == 2
    trials = Trials()
    for user, each in enumerate(found):
        for bits, theta, counts in each:
            assert sum(counts.values()) == SHOTS
            trials.counted(counts, theory(bits, theta), f"user {user} at {theta:.2f}")
    trials.judge("shared jobs", least=USERS * 3 * 2)


async def test_expectation_values_are_ones_own_too() -> None:
    asyncio.get_running_loop().set_debug(False)
    config = EmulatorConfig(queue_seconds=0.05, run_seconds=0.05, rate_limit=None, seed=12)
    text = 'OPENQASM 3.0; include "stdgates.inc"; input float[64] theta; qubit[1] q; rx(theta) q[0];'
    thetas = [np.linspace(0.2 * user, 0.2 * user + 1, 3) for user in range(6)]
    async with (
        Emulator(config) as emulator,
        qrt.RuntimeService(url=emulator.url, spool=False) as service,
        qrt.Submitter(service, coalesce=qrt.Coalesce()) as submitter,
    ):
        submissions = [
            submitter.submit(
                qrt.Estimator([(text, "Z", {"theta": one})], precision=0.02), backend=BACKEND, share=True
            )
            for one in thetas
        ]
        results = await asyncio.gather(*submissions)
        assert len((await service.jobs.list()).jobs) == 1
    for one, result in zip(thetas, results, strict=True):
        assert np.abs(result[0].data.array("evs") - np.cos(one)).max() < 6 * 0.02
