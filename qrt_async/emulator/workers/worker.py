"""``python -m qrt_async.emulator.workers.worker CPU_SECONDS``: runs programs, one after the other.

Messages are a length of eight bytes, big-endian, and MessagePack. The first one out is a text: empty when
ready, else why not. Then each ``Work`` on stdin is answered by an ``Outcome`` on stdout; its params, which may
be large, follow it as they are in a message of their own. The end of stdin is the end. Where the system can, a
program that exceeds its CPU seconds ends the process with SIGXCPU.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from qrt_async.emulator.work import Outcome, Work

HEAD = 8
MISSING = "Simulating needs Qiskit and Qiskit Aer, which come with the extra `local`: pip install 'qrt-async[local]'"
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "QISKIT_PARALLEL": "FALSE",
}
"""One thread: read when the libraries are loaded, so given by whoever starts the process."""
PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of ``prctl``."""
NICENESS = 5
"""Whoever serves requests comes first."""


def frame(message: bytes) -> bytes:
    """A message with its length before it."""
    return length(message) + message


def length(message: bytes) -> bytes:
    """What goes before a message."""
    return len(message).to_bytes(HEAD, "big")


def asked(work: Work) -> tuple[bytes, bytes]:
    """The two messages that a program is sent as."""
    return msgspec.msgpack.encode(msgspec.structs.replace(work, params=b"")), work.params


def serve(source: BinaryIO, sink: BinaryIO, execute: Callable[[Work], Outcome], cpu_seconds: float) -> None:
    """Answer until the source ends."""
    while (head := _message(source)) is not None and (params := _message(source)) is not None:
        work = msgspec.structs.replace(msgspec.msgpack.decode(head, type=Work), params=params)
        limit_cpu(cpu_seconds)
        sink.write(frame(msgspec.msgpack.encode(execute(work))))
        sink.flush()


def _message(source: BinaryIO) -> bytes | None:
    """The next message, or ``None`` at the end."""
    head = source.read(HEAD)
    return source.read(int.from_bytes(head, "big")) if len(head) == HEAD else None


def limit_cpu(seconds: float) -> None:
    """From now on, this process may use that much more CPU time."""
    try:
        import resource
    except ImportError:  # Windows: the parent's own deadline has to do
        return
    _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = max(1, math.ceil(time.process_time() + seconds))
    if ceiling == resource.RLIM_INFINITY or allowed < ceiling:
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, ceiling))


def follow_parent() -> None:
    """Die with whoever started this process, however they die: on Linux, where that can be asked for.

    Elsewhere the end of stdin is noticed when the program that runs is over.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


def main() -> None:
    follow_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes us
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the messages
    try:
        from qrt_async.emulator.programs.execute import execute
    except ImportError as error:
        sink.write(frame(msgspec.msgpack.encode(f"{MISSING} ({error})")))
        sink.flush()
        return
    with contextlib.suppress(BrokenPipeError):
        sink.write(frame(msgspec.msgpack.encode("")))
        sink.flush()
        serve(sys.stdin.buffer, sink, execute, float(sys.argv[1]))
    os._exit(0)  # nothing to tidy up, and the libraries take their time about it


if __name__ == "__main__":
    main()
