"""A Sampler's PUBs as params of the program ``executor``, schema v2.0 (api.md 5.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qrt_async.api import pieces
from qrt_async.errors import InvalidInput
from qrt_async.programs.circuits import Circuit, Qasm
from qrt_async.programs.pubs import SamplerPub

SCHEMA = "v2.0"


def check_options(options: Mapping[str, Any]) -> None:
    """``InvalidInput`` for what the executor leaves to its clients, and this one to the program ``sampler``."""
    asked = [f"{part}.{name}" for part, name in _SWITCHES if options.get(part, {}).get(name)]
    asked += ["simulator"] if options.get("simulator") else []
    if asked:
        raise InvalidInput(
            f"via='executor' runs circuits as they are, and does not know {', '.join(asked)}; "
            "leave these out, or send the job via='sampler'."
        )


_SWITCHES = [
    ("dynamical_decoupling", "enable"),
    ("twirling", "enable_gates"),
    ("twirling", "enable_measure"),
]


def check_circuits(pubs: Sequence[SamplerPub]) -> None:
    """``InvalidInput`` for a mixture: one program holds its circuits in one encoding."""
    if len({isinstance(pub.circuit, Qasm) for pub in pubs}) > 1:
        raise InvalidInput(
            "Got OpenQASM texts and QuantumCircuits together; via='executor' a job takes one kind. "
            "qiskit.qasm3.dumps makes texts of circuits."
        )


def sampler_params(pubs: Sequence[SamplerPub], options: Mapping[str, Any], shots: int) -> dict[str, Any]:
    """What runs each PUB as one item, and makes whoever reads the result read it as a Sampler's."""
    execution = dict(options.get("execution", {}))
    meas_type = execution.pop("meas_type", "classified")
    recipe = {
        "version": "v0.1",
        "twirling": False,
        "meas_type": meas_type,
        "shots": shots,
        "circuits_metadata": [pub.circuit.metadata for pub in pubs],
        "options": options,
    }
    program = {
        "shots": shots,
        "circuits": _circuits([pub.circuit for pub in pubs]),
        "items": [_item(pub) for pub in pubs],
        "semantic_role": "sampler_v2",
        "meas_level": meas_type,
        "passthrough_data": {"post_processor": recipe},
    }
    experimental = {"experimental": options["experimental"]} if options.get("experimental") else {}
    return {"schema_version": SCHEMA, "quantum_program": program, "options": {**execution, **experimental}}


def _circuits(circuits: Sequence[Circuit]) -> dict[str, Any]:
    if isinstance(circuits[0], Qasm):
        return {"data": [circuit.encode() for circuit in circuits]}
    from qrt_async.programs import qiskit  # imports Qiskit

    return qiskit.qpy_of_all(circuits)


def _item(pub: SamplerPub) -> dict[str, Any]:
    """Values have one axis over the parameters as the service orders them: a text's it sorts by name."""
    names = sorted(pub.parameters.boxes) if isinstance(pub.circuit, Qasm) else pub.circuit.names or ()
    table = pub.parameters.table(names).astype("<f8", copy=False)
    data = pieces.base64(pieces.deflated([table.reshape(-1).view("u1").data]))
    arguments = {"data": data, "shape": list(table.shape), "dtype": "f64"}
    return {
        "item_type": "circuit",
        "circuit_arguments": arguments,
        "shape": list(pub.shape),
        "chunk_size": "auto",
    }
