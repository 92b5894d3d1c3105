"""Why a program failed, in the words and codes of the service (api errors 15xx, 16xx, 9999)."""

from __future__ import annotations

from .work import Outcome

OVERHEAD_SECONDS = 2.0
"""What the service charges for any job that reached it, also for one that failed at once."""

INTERNAL = 1500
OBSERVABLE_WIDTH = 1501
BAD_INPUT = 1515
NOT_ISA = 1517
LIMIT = 1520
OPTIONS = 1521
DYNAMIC_ESTIMATOR = 1522
DYNAMIC = 1524
UNREADABLE = 1603
CRASHED = 9999

SOLUTIONS = {
    INTERNAL: "Check the program's input; if it is right, report the circuit.",
    OBSERVABLE_WIDTH: "Give each observable one letter for each qubit of the circuit as it is submitted.",
    BAD_INPUT: "Correct the input and submit the job again.",
    NOT_ISA: "Transpile the circuit for this backend before submitting it.",
    LIMIT: "Submit less at once: fewer shots, fewer points, or a smaller circuit.",
    OPTIONS: "Correct the options and submit the job again.",
    DYNAMIC_ESTIMATOR: "Take the control flow out of the circuit, or use the sampler.",
    DYNAMIC: "Use only the dynamic features in the backend's supported instructions.",
    UNREADABLE: "Check that the circuit is OpenQASM 3 text, or typed and compressed QPY, that Qiskit loads.",
    CRASHED: "Submit the job again; if it fails again, simplify the circuit.",
}


class ProgramFailed(Exception):
    """The program cannot run; ``code`` is the service's reason code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def failed(code: int, reason: str) -> Outcome:
    """The outcome of a program that could not run. It is charged the overhead."""
    text = f"Traceback (most recent call last):\n  the program stopped with code {code}\nProgramFailed: {reason}\n"
    return Outcome(
        kind="failed",
        body=text.encode(),
        quantum_seconds=OVERHEAD_SECONDS,
        reason=reason,
        reason_code=code,
        reason_solution=SOLUTIONS[code],
    )
