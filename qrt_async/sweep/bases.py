"""What must be measured: the bases of observables, and the layers whose noise is learnt."""

from __future__ import annotations

from collections.abc import Iterable

from qrt_async.programs.isa import Fitting, Qubits, Unreadable

_X, _Z = str.maketrans("IXYZ", "0110"), str.maketrans("IXYZ", "0011")
UNREAD_LAYERS = 4
"""Of a text that cannot be followed: as many as the service learns unless asked for more."""


def commuting_bases(labels: Iterable[str]) -> int:
    """How many bases measure all these Paulis: those share one that agree on each qubit where both have a letter."""
    masks = {(int(label.translate(_X), 2), int(label.translate(_Z), 2)) for label in labels}
    bases: list[tuple[int, int]] = []
    for x, z in sorted(masks, key=lambda mask: (-(mask[0] | mask[1]).bit_count(), mask)):
        for at, (base_x, base_z) in enumerate(bases):
            if not (x | z) & (base_x | base_z) & ((x ^ base_x) | (z ^ base_z)):
                bases[at] = (base_x | x, base_z | z)
                break
        else:
            bases.append((x, z))
    return max(1, len(bases))


def unique_layers(circuit: Fitting) -> int:
    """How many different layers of two-qubit gates a circuit has, each gate in the first one that it can be in."""
    depth: dict[int, int] = {}
    layers: dict[int, set[tuple[str, Qubits]]] = {}
    try:
        for step in circuit.steps():
            if step.qubits is None or len(step.qubits) != 2 or step.name == "barrier":
                continue
            at = max(depth.get(qubit, 0) for qubit in step.qubits)
            layers.setdefault(at, set()).add((step.name, step.qubits))
            depth.update(dict.fromkeys(step.qubits, at + 1))
    except Unreadable:
        return UNREAD_LAYERS
    return len({frozenset(gates) for gates in layers.values()})
