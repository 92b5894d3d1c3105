"""How long one exchange may take."""

from __future__ import annotations

import msgspec

from qrt_async.errors import InvalidInput


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: to connect, without a byte arriving, for a whole exchange, and for a whole submission.

    The result of a job may take longer than ``total``, as long as its bytes arrive.
    """

    connect: float = 10.0
    read: float = 60.0
    total: float = 300.0
    submit: float = 900.0

    def __post_init__(self) -> None:
        if not all(seconds > 0 for seconds in (self.connect, self.read, self.total, self.submit)):
            raise InvalidInput(f"{self!r}: every timeout must be a positive number of seconds.")
