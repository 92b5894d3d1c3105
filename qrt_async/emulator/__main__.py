"""``python -m qrt_async.emulator``: prints one JSON line when it listens, and stops on a signal."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
from types import FrameType

from .app import Emulator
from .config import EmulatorConfig

HIGHEST_PORT = 65535


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m qrt_async.emulator", description="The Qiskit Runtime REST API on this machine."
    )
    flag = parser.add_argument
    flag("--host", default="127.0.0.1")
    flag("--port", type=port, default=0, help="0 takes a free one")
    flag("--token", help="the only API key that is accepted; without it, any is")
    flag("--instance", metavar="CRN", help="the only CRN that is accepted; without it, any is")
    flag("--queue-seconds", type=seconds, default=1.0, metavar="S")
    flag("--run-seconds", type=seconds, default=1.0, metavar="S")
    flag("--jitter", type=fraction, default=0.1, metavar="F", help="queue and run times vary by this part")
    flag("--rate-limit", type=rate, default=(5, 60.0), metavar="N/S|none", help="submissions in seconds")
    flag("--rate-window", choices=["sliding", "fixed", "bucket"], default="sliding")
    flag("--retry-after", action=argparse.BooleanOptionalAction, default=True)
    flag("--pending-cap", type=int, metavar="N", help="queued and running jobs of one user")
    flag("--usage-limit", type=seconds, metavar="S", help="quantum seconds of an instance in 28 days")
    flag("--seed", type=int, metavar="N", help="everything that is drawn follows from it")
    flag("--backend", action="append", default=[], metavar="NAME[:QUBITS]", help="may be repeated")
    flag("--record", metavar="FILE", help="append each exchange as a JSON line, without secrets")
    return parser


def rate(text: str) -> tuple[int, float] | None:
    """``5/60`` is five in sixty seconds, ``none`` is no limit."""
    if text == "none":
        return None
    count, _, period = text.partition("/")
    if not count.isdecimal() or int(count) < 1 or seconds(period or "60") <= 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is neither N/SECONDS nor none")
    return int(count), seconds(period or "60")


def port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to {HIGHEST_PORT}")
    return int(text)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def fraction(text: str) -> float:
    value = seconds(text)
    if value > 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def config(given: argparse.Namespace) -> EmulatorConfig:
    return EmulatorConfig(
        token=given.token,
        instance=given.instance,
        queue_seconds=given.queue_seconds,
        run_seconds=given.run_seconds,
        jitter=given.jitter,
        rate_limit=given.rate_limit,
        rate_window=given.rate_window,
        retry_after=given.retry_after,
        pending_cap=given.pending_cap,
        usage_limit=given.usage_limit,
        seed=given.seed,
        backends=tuple(given.backend),
        record=given.record,
    )


def on_signal(stop: asyncio.Event) -> None:
    """Handlers that work on every platform: the loop's own ones do not exist on Windows."""
    loop = asyncio.get_running_loop()

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


async def serve(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    on_signal(stop)
    emulator = Emulator(config(given))
    try:
        url = await emulator.start(given.host, given.port)
        print(json.dumps({"ready": True, "url": url, "pid": os.getpid()}), flush=True)
        await stop.wait()
    finally:
        await emulator.close()


def main() -> None:
    parser = arguments()
    given = parser.parse_args()
    try:
        asyncio.run(serve(given))
    except (OSError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
