"""How soon can anybody learn of the jobs of ``waiting`` for so few requests? Computed, no client takes part.

The one who asks here knows what no client knows: how the lengths of the jobs and the lags of the listing are
distributed, that all jobs were created at one moment, and when the listings are best read. Only the end of each job
and the lag of its row have to be found out. Two things may be asked:

- whether the result of one job is there: free where it is, as it has to be read anyway, a request in vain where not;
- a listing, which costs one request and shows the ends of all jobs whose lag has passed.

A job's end becomes known with the first listing that shows it, or the first question after it; nothing else that is
seen says anything of this one job, so that the best policy asks for it at moments which are fixed beforehand. For a
latency ``x`` the most jobs that can be told within it, for so many questions in vain, are found by dynamic programming
over these moments (λ is the price of a question in vain; different moments for different jobs are weighed by it).

The first row gives listings away for nothing, at any moment: no policy whatever is better. The second pays for them and
takes the best of those that are read at even distances: what a policy that knew all this would reach.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from .report import Column, Report, Row
from .waiting import Setting

Floats = NDArray[np.float64]

STEP = 0.01
"""Seconds between two moments that are looked at."""
_DEAREST, _HALVINGS = 64.0, 16
"""The highest price of a question in vain, and how often it is halved."""
REQUESTS = 425
"""The goal for all of them; two bring a token and the dates, two a job are its submission and its result."""
COLUMNS = (
    Column("spare", "requests to spare"),
    Column("p50", "p50 s", decimals=2),
    Column("p95", "p95 s", decimals=2),
    Column("vain50", "in vain for p50 0.28 s", decimals=0),
    Column("vain95", "in vain for p95 0.48 s", decimals=0),
)
GOALS = ((0.28, 0.50), (0.48, 0.95))


class Ends(msgspec.Struct, frozen=True):
    """When jobs end: moments after their creation, and the part of the jobs that end around each."""

    moments: Floats
    parts: Floats
    lag: tuple[float, float]

    @property
    def left(self) -> Floats:
        """The part that has not ended by each moment."""
        return 1.0 - np.cumsum(self.parts)


def ends(setting: Setting) -> Ends:
    queue = _evenly(setting.queue_seconds, setting.jitter)
    run = _evenly(setting.run_seconds, setting.jitter)
    parts = np.convolve(queue, run)
    first = (setting.queue_seconds + setting.run_seconds) * (1 - setting.jitter)
    parts = np.concatenate([parts, np.zeros(round(2.0 / STEP))])
    moments = first + STEP * np.arange(len(parts), dtype=np.float64)
    return Ends(moments, parts / parts.sum(), setting.lag)


def _evenly(mean: float, jitter: float) -> Floats:
    return np.ones(max(1, round(2 * jitter * mean / STEP)))


def shown(ends: Ends, within: float, listings: Floats | None) -> Floats:
    """The chance that a job which ends at each moment is in a listing in time. ``None``: read at any moment."""
    low, high = ends.lag
    if listings is None:
        last = ends.moments + within
    else:
        place = np.searchsorted(listings, ends.moments + within, side="right")
        last = np.concatenate([[-np.inf], listings])[place]
    return np.clip((last - ends.moments - low) / max(high - low, 1e-9), 0.0, 1.0)


def told(ends: Ends, within: float, missed: Floats, price: float) -> tuple[float, float]:
    """The most jobs (as a part of all) that only questions tell in time, and the questions in vain a job. A question
    reaches back over ``within`` and the moment it falls in: a step too much rather than one too little."""
    size, reach = len(ends.moments), round(within / STEP)
    so_far = np.concatenate([[0.0], np.cumsum(ends.parts * missed)])
    cost, asked = ends.left, np.arange(size)
    value, gain, vain = np.zeros(size + 1), np.zeros(size + 1), np.zeros(size + 1)
    for place in range(size - 1, -1, -1):  # all that ends before ``place`` is told or lost
        later = asked[place:]
        found = so_far[later + 1] - so_far[np.maximum(place, later - reach)]
        each = found - price * cost[later] + value[later + 1]
        best = int(np.argmax(each))
        if each[best] > 0.0:
            at = place + best
            value[place] = each[best]
            gain[place] = found[best] + gain[at + 1]
            vain[place] = cost[at] + vain[at + 1]
    return float(gain[0]), float(vain[0])


def least_vain(ends: Ends, within: float, part: float, listings: Floats | None) -> float:
    """The fewest questions in vain a job with which this part of the jobs is told in time; ``inf`` where none do."""
    seen = shown(ends, within, listings)
    needed = part - float((ends.parts * seen).sum())
    if needed <= 0.0:
        return 0.0
    low, high = 0.0, _DEAREST
    cheap, dear = told(ends, within, 1.0 - seen, high), told(ends, within, 1.0 - seen, low)
    if dear[0] < needed - 1e-9:
        return np.inf
    if cheap[0] >= needed:
        return cheap[1]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        now = told(ends, within, 1.0 - seen, middle)
        if now[0] >= needed:
            low, dear = middle, now
        else:
            high, cheap = middle, now
    weight = (needed - cheap[0]) / max(dear[0] - cheap[0], 1e-12)
    return cheap[1] + weight * (dear[1] - cheap[1])


def soonest(
    ends: Ends, part: float, spare: int, jobs: int, listings: Floats | None, known: float = 2.0
) -> float:
    """The least latency within which this part can be told, for so many requests besides those that must be; not
    above ``known``, which is that of another way."""

    def enough(within: float) -> bool:
        return paid + jobs * least_vain(ends, within, part, listings) <= spare

    paid = 0 if listings is None else len(listings)
    low, high = 0.0, known
    if not enough(high - STEP / 2):
        return known
    while high - low > STEP / 2:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def even(ends: Ends, most: int) -> Iterator[Floats]:
    """Listings at even distances, over the moments at which they can show an end."""
    first, last = ends.moments[0], ends.moments[ends.left > STEP][-1] + ends.lag[1]
    for count in range(1, most + 1, 2):
        for start in np.linspace(first, last, 5)[:-1]:
            yield np.linspace(start + (last - start) / count, last, count)


def best_read(ends: Ends, part: float, spare: int, jobs: int, most: int) -> float:
    """The least latency with listings that are paid for, at most so many."""
    best = 2.0
    for times in even(ends, most):
        best = soonest(ends, part, spare, jobs, times, best)
    return best


def answer(setting: Setting, most: int = 23) -> Report:
    spare, found, jobs = REQUESTS - 2 - 2 * setting.jobs, ends(setting), setting.jobs
    free: dict[str, float | None] = {"spare": spare}
    paid: dict[str, float | None] = {"spare": spare}
    for within, part in GOALS:
        name = f"{part * 100:.0f}"
        free[f"p{name}"] = soonest(found, part, spare, jobs, None)
        free[f"vain{name}"] = jobs * least_vain(found, within, part, None)
        paid[f"p{name}"] = best_read(found, part, spare, jobs, min(most, spare))
    return Report(
        name="bound",
        question="how soon can anybody learn of many short jobs for so few requests? (computed)",
        setting=msgspec.to_builtins(setting),
        columns=COLUMNS,
        rows=[
            Row(contender="listings read at any moment, free", measures=free),
            Row(contender="listings best read, paid for", measures=paid),
        ],
        skipped={},
        notes=(
            "Both know how lengths and lags are distributed; a client that has seen no such job does not.",
        ),
    )
