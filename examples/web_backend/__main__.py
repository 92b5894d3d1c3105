"""``python -m examples.web_backend``: prints its address, and serves until it is interrupted."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import tempfile
from contextlib import ExitStack
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess

from .settings import PREFIX, local


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.web_backend", description=__doc__)
    flag = parser.add_argument
    flag("--host", default="127.0.0.1")
    flag("--port", type=int, default=0, help="0 takes a free one")
    flag("--workers", type=int, default=1, help="processes; they share the journal, the limit and the secret")
    flag(
        "--grace", type=int, default=30, help="seconds that a stop waits for forms; a second signal does not"
    )
    flag(
        "--data",
        metavar="FOLDER",
        help="for the journal; of a local emulator, which ends with us, a passing one",
    )
    return parser


def main() -> None:
    parser = arguments()
    given = parser.parse_args()
    if given.workers > 1 and local(os.environ):
        parser.error(
            "several workers need one service: start `python -m qrt_async.emulator`, and set QISKIT_IBM_URL to the URL"
            " that it prints, or name an account"
        )
    with ExitStack() as until_the_end:
        if given.data is not None:
            os.environ[PREFIX + "DATA"] = given.data
        elif local(os.environ):
            os.environ[PREFIX + "DATA"] = until_the_end.enter_context(tempfile.TemporaryDirectory())
        os.environ.setdefault(PREFIX + "SECRET", secrets.token_hex())
        serve(given.host, given.port, given.workers, given.grace)


class Server(uvicorn.Server):
    """The first signal lets what is under way come to its end, the second one does not."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)


class Workers(Multiprocess):
    """The same for several processes. A terminal signals to all of them, so only this one counts."""

    def join_all(self) -> None:
        for worker in self.processes:
            while worker.process.is_alive():
                worker.process.join(0.1)
                if {signal.SIGINT, signal.SIGTERM} & set(self.signal_queue):
                    worker.process.kill()


def serve(host: str, port: int, workers: int, grace: int) -> None:
    config = uvicorn.Config(
        f"{__package__}.app:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        timeout_graceful_shutdown=grace,
    )
    with config.bind_socket() as listening:
        # asyncio does so for sockets of its own; without it a page may wait 40 ms for its last bytes.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.listen()  # whoever comes from now on is served, once the application has started
        name, taken = listening.getsockname()[:2]
        print(f"http://{name}:{taken}", flush=True)
        if workers > 1:
            Workers(config, sockets=[listening]).run()
        else:
            Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
