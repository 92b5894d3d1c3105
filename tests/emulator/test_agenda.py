from __future__ import annotations

import math
from random import Random

from qrt_async.emulator.agenda import Agenda


def test_what_is_due_comes_in_order_of_time_and_of_notice() -> None:
    agenda = Agenda()
    moments = [float(Random(1).randrange(5)) for _ in range(50)]
    for index, at in enumerate(moments):
        agenda.add(at, "x", str(index))
    popped = []
    while (due := agenda.pop(10.0)) is not None:
        popped.append((due.at, int(due.key)))
    assert popped == sorted((at, index) for index, at in enumerate(moments))


def test_nothing_is_due_before_its_time_and_never_is_never() -> None:
    agenda = Agenda()
    agenda.add(2.0, "x", "a")
    agenda.add(math.inf, "x", "b")
    assert agenda.pop(1.9) is None
    assert agenda.pop(2.0) is not None
    assert agenda.pop(1e18) is None
