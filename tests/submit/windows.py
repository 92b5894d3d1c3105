"""How servers count: each tells whether it would have refused one of these arrivals. Written apart from the client."""

from __future__ import annotations


def sliding(arrivals: list[float], count: int, period: float) -> bool:
    """Does a log of the last period ever hold too many?"""
    return any(later - first < period for first, later in zip(arrivals, arrivals[count:], strict=False))


def fixed(arrivals: list[float], count: int, period: float) -> bool:
    """Wherever the windows begin: they begin with each arrival in turn."""
    return any(
        sum(begin <= at < begin + period for at in arrivals) > count for begin in dict.fromkeys(arrivals)
    )


def dripping(arrivals: list[float], count: int, period: float) -> bool:
    """A bucket that starts full and gains ``count`` tokens a period."""
    level, before = float(count), arrivals[0]
    for at in arrivals:
        level, before = min(count, level + (at - before) * count / period), at
        if level < 1 - 1e-9:
            return True
        level -= 1
    return False


REFUSES = {"sliding": sliding, "fixed": fixed, "bucket": dripping}
