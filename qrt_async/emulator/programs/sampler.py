"""The sampler: shots of each register at each point."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.devices.documents import MAX_SHOTS
from qrt_async.emulator.failure import LIMIT, ProgramFailed
from qrt_async.emulator.simulation.circuits import Register
from qrt_async.emulator.simulation.compact import active_qubits, compacted
from qrt_async.emulator.simulation.isa import check_angles, check_noisy_width
from qrt_async.emulator.simulation.noise import noise_model, relaxed
from qrt_async.emulator.simulation.shots import Samples, digest, sample
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds, utc_now

from .encode import BitData, PubData, ResultData, Span
from .iq import Level, points
from .options import SamplerParams, sampler_level, sampler_shots, seed_of
from .pubs import SamplerPub, read_sampler_pub
from .twirling import Twirls, of_sampler


class Setting(msgspec.Struct, frozen=True):
    """What holds for a whole job."""

    device: Device
    seed: int
    level: Level
    twirls: Twirls


def read_sampler(params: SamplerParams, device: Device) -> list[SamplerPub]:
    """The PUBs of a job; raises ``ProgramFailed`` for anything that the service would fail the job for."""
    shots = sampler_shots(params)
    pubs = [read_sampler_pub(pub, device, shots) for pub in params.pubs]
    total = sum(pub.shots * int(np.prod(pub.shape, dtype=np.int64)) for pub in pubs)
    if total > MAX_SHOTS:
        raise ProgramFailed(
            LIMIT, f"The number of circuit shots {total} exceeds the system limit {MAX_SHOTS}"
        )
    return pubs


def run_sampler(params: SamplerParams, device: Device, seed: int) -> tuple[ResultData, float, list[Any]]:
    """The result, the seconds charged, and the circuits that ran."""
    pubs = read_sampler(params, device)
    chosen = seed_of(params)
    setting = Setting(device, seed if chosen is None else chosen, sampler_level(params), of_sampler(params))
    spans, data = [], []
    for pub in pubs:
        start = utc_now()
        data.append(_run_pub(pub, setting))
        spread = setting.twirls.spread(pub.shots) if setting.twirls.any else None
        spans.append(Span(start, utc_now(), (*pub.shape, pub.shots), spread))
    charged = charged_seconds(
        [
            (
                pub.shots * int(np.prod(pub.shape, dtype=np.int64)),
                circuit_seconds(pub.circuit.circuit, device),
            )
            for pub in pubs
        ],
        device,
    )
    return ResultData(data, {"version": 2}, spans), charged, [pub.circuit.circuit for pub in pubs]


def _run_pub(pub: SamplerPub, setting: Setting) -> PubData:
    device, level = setting.device, setting.level
    qubits = tuple(sorted(active_qubits(pub.circuit.circuit)))
    check_noisy_width(qubits, device)
    small = compacted(pub.circuit.circuit, qubits)
    noise = noise_model(device, qubits, twirled=setting.twirls.readings)
    registers = pub.circuit.registers
    arrays = {register.name: _blank(pub, register, level) for register in registers}
    for point in np.ndindex(pub.shape):
        bound = _bound(pub, small, point)
        check_angles(bound, qubits, device)
        ready = relaxed(bound, device, qubits)
        own = digest(setting.seed, bound, pub.shots)
        samples = sample(ready, pub.shots, own, noise)
        for register in registers:
            arrays[register.name][point] = _told(samples, register, own, level)
    fields: dict[str, Any] = {**arrays}
    if level == "classified":
        fields = {it.name: BitData(arrays[it.name], len(it.bits)) for it in registers}
    metadata = {"circuit_metadata": pub.circuit.circuit.metadata or {}} | setting.twirls.told_of_pub(
        pub.shots
    )
    return PubData("SamplerPubResult", pub.shape, fields, metadata)


def _blank(pub: SamplerPub, register: Register, level: Level) -> np.ndarray[Any, Any]:
    """Room for what a register is told as at all points."""
    width = len(register.bits)
    if level == "classified":
        return np.zeros((*pub.shape, pub.shots, (width + 7) // 8), np.uint8)
    shots = (pub.shots,) if level == "kerneled" else ()
    return np.zeros((*pub.shape, *shots, width), np.complex128)


def _told(samples: Samples, register: Register, seed: int, level: Level) -> np.ndarray[Any, Any]:
    """The shots of one point: bits that are packed, points, or the mean of points."""
    if level == "classified":
        return samples.packed(register.bits)
    found = points(samples.outcomes[:, list(register.bits)][samples.picks], seed)
    return found if level == "kerneled" else found.mean(axis=0)


def _bound(pub: SamplerPub, small: Any, point: tuple[int, ...]) -> Any:
    values = dict(zip(pub.circuit.parameters, pub.values[point].tolist(), strict=True))
    return small.assign_parameters(values, strict=False)
