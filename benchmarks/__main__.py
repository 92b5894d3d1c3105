"""``python -m benchmarks [name ...] [--json]``: all of them, unless some are named."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable

import msgspec

from . import backend, bound, day, decoding, imports, requests, stall, submitting, sweeping, waiting, watching
from .race import Field, Lost
from .report import WARNING, Report

SCRIPTS = ("ours", "by_hand", "official")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    flag = parser.add_argument
    flag("names", nargs="*", metavar="name", help=f"among {', '.join(BENCHMARKS)}; none means all")
    flag("--json", action="store_true", help="data instead of tables")
    flag("--quick", action="store_true", help="tiny: shows that it works, measures nothing")
    flag("--every", action="store_true", help="watching: every combination, which takes hours")
    flag("--jobs", type=int, metavar="N", help="jobs that wait side by side (200)")
    flag("--older", type=int, metavar="N", help="older jobs of the same user (500)")
    flag("--only", action="append", choices=SCRIPTS, default=[], help="contenders; may be repeated")
    flag(
        "--official",
        metavar="PYTHON",
        default=os.environ.get("QRT_OFFICIAL_PYTHON"),
        help="the interpreter that has qiskit-ibm-runtime (else the variable QRT_OFFICIAL_PYTHON)",
    )
    return parser


def waits(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    setting = waiting.QUICK if given.quick else waiting.Setting()
    wanted = {name: getattr(given, name) for name in ("jobs", "older") if getattr(given, name) is not None}
    return waiting.answer(field, msgspec.structs.replace(setting, **wanted))


def loads(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return imports.answer(field, runs=1) if given.quick else imports.answer(field)


def decodes(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return decoding.answer(field, size=20_000, runs=1) if given.quick else decoding.answer(field)


def asks(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return requests.answer(field, rounds=2, block=3) if given.quick else requests.answer(field)


def stalls(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return stall.answer(field, jobs=2, size=20_000, runs=1) if given.quick else stall.answer(field)


async def bounds(field: Field, given: argparse.Namespace) -> Report:
    """In a thread: it computes for half a minute."""
    return await asyncio.to_thread(bound.answer, waiting.Setting(), 1 if given.quick else 23)


async def watches(field: Field, given: argparse.Namespace) -> Report:
    """In a thread, because it runs loops of its own."""
    cases = watching.QUICK if given.quick else tuple(watching.every() if given.every else watching.few())
    return await asyncio.to_thread(watching.answer, cases)


async def lasts(field: Field, given: argparse.Namespace) -> Report:
    """In a thread, because it runs a loop of its own."""
    return await asyncio.to_thread(day.answer, 20 if given.quick else given.jobs or 10_000)


def submits(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return submitting.answer(field, count=20) if given.quick else submitting.answer(field)


def sweeps(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return sweeping.answer(points=20, side=10) if given.quick else sweeping.answer()


def serves(field: Field, given: argparse.Namespace) -> Awaitable[Report]:
    return backend.answer(field, 2, 2, 20_000, 5) if given.quick else backend.answer(field)


BENCHMARKS: dict[str, Callable[[Field, argparse.Namespace], Awaitable[Report]]] = {
    "waiting": waits,
    "imports": loads,
    "decoding": decodes,
    "requests": asks,
    "stall": stalls,
    "bound": bounds,
    "watching": watches,
    "day": lasts,
    "submitting": submits,
    "sweeping": sweeps,
    "backend": serves,
}


async def run(given: argparse.Namespace) -> None:
    """A table as soon as it is there; data all at once."""
    field = Field(official=given.official, only=tuple(given.only))
    reports = []
    for name in given.names or BENCHMARKS:
        report = await BENCHMARKS[name](field, given)
        reports.append(report)
        if not given.json:
            print(report.text(), end="\n\n", flush=True)
    if given.json:
        machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
        found = {report.name: report.data() for report in reports}
        print(json.dumps({"machine": machine, "benchmarks": found}, indent=1))
    else:
        print(WARNING)


def main() -> None:
    parser = arguments()
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    try:
        asyncio.run(run(given))
    except Lost as error:
        sys.exit(f"{parser.prog}: {error}")


if __name__ == "__main__":
    main()
