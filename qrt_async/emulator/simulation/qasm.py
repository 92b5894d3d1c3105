"""OpenQASM 3 text to circuits.

Two things are done around the importer. Gates that hardware speaks but ``stdgates.inc`` lacks (``ecr``,
``rzz`` …) may be used without a definition. And angles of ``gate`` definitions, which the importer sorts by
name, keep the order they were declared in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import openqasm3
from openqasm3 import ast
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit_qasm3_import import ConversionError, convert

from qrt_async.emulator.failure import UNREADABLE, ProgramFailed

from .circuits import Circuit, Register
from .gates import standardized

BEYOND_STDGATES = """
gate sxdg q { s q; h q; s q; }
gate ecr a, b { s a; sx b; cx a, b; x a; }
gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }
gate rxx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h b; h a; }
gate ryy(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }
gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; }
gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }
gate csx a, b { h b; cp(pi/2) a, b; h b; }
"""


def read(text: str) -> Circuit:
    """The circuit of a program; raises ``ProgramFailed`` with what the importer did not understand."""
    try:
        program = openqasm3.parse(text)
        _complete(program)
        for statement in program.statements:
            if isinstance(statement, ast.QuantumGateDefinition):
                _keep_order(statement)
        circuit = convert(program)
    except (ConversionError, QiskitError) as error:
        raise _unreadable(error.message.strip("\"'")) from error
    except RecursionError as error:
        raise _unreadable("it is nested too deeply") from error
    except Exception as error:  # the parser raises all sorts of things on nonsense, most without a word
        raise _unreadable("it is not OpenQASM 3") from error
    return Circuit(
        circuit=standardized(circuit),
        registers=_declared(program, circuit),
        parameters=tuple(sorted(circuit.parameters, key=lambda parameter: parameter.name)),
        physical=circuit.layout is not None,
    )


def _unreadable(why: str) -> ProgramFailed:
    return ProgramFailed(UNREADABLE, f"The OpenQASM 3 circuit could not be loaded: {why}")


def _complete(program: ast.Program) -> None:
    """Define what is used, is known, and was not defined."""
    statements = list(program.statements)
    included = [number for number, it in enumerate(statements) if isinstance(it, ast.Include)]
    if not included:
        return
    defined = {it.name.name for it in statements if isinstance(it, ast.QuantumGateDefinition)}
    used = {gate.name.name for gate in _walk(statements) if isinstance(gate, ast.QuantumGate)}
    known = [
        it for it in openqasm3.parse(BEYOND_STDGATES).statements if isinstance(it, ast.QuantumGateDefinition)
    ]
    missing = [it for it in known if it.name.name in used - defined]
    place = included[-1] + 1
    program.statements = [*statements[:place], *missing, *statements[place:]]


def _keep_order(gate: ast.QuantumGateDefinition) -> None:
    """Rename the angles so that the order of their names is the order they stand in."""
    new = {angle.name: f"angle{place:04}_{angle.name}" for place, angle in enumerate(gate.arguments)}
    for node in _walk([*gate.arguments, *gate.body]):
        if isinstance(node, ast.Identifier) and node.name in new:
            node.name = new[node.name]
    used = {node.name for node in _walk(gate.body) if isinstance(node, ast.Identifier)}
    for angle in gate.arguments:
        if angle.name not in used:  # the importer counts only angles that appear in the body
            zero = ast.BinaryExpression(
                op=ast.BinaryOperator["*"], lhs=ast.FloatLiteral(0.0), rhs=ast.Identifier(angle.name)
            )
            gate.body.append(ast.QuantumPhase(modifiers=[], argument=zero, qubits=[]))


def _walk(nodes: list[Any]) -> Iterator[Any]:
    """Every node below these, without recursion: programs may be deep."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif dataclasses.is_dataclass(node):
            yield node
            waiting += [
                getattr(node, field.name) for field in dataclasses.fields(node) if field.name != "span"
            ]


def _declared(program: ast.Program, circuit: QuantumCircuit) -> tuple[Register, ...]:
    """The classical registers under the names in the text; a single ``bit`` is a register of one."""
    registers: list[Register] = []
    at = 0
    for statement in program.statements:
        if isinstance(statement, ast.ClassicalDeclaration):
            sized = getattr(statement.type, "size", None) is not None
            owners = circuit.find_bit(circuit.clbits[at]).registers if sized else []
            width = owners[0][0].size if owners else 1
            registers.append(Register(statement.identifier.name, tuple(range(at, at + width))))
            at += width
    return tuple(registers)
