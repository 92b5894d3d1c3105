"""What tests of submitting submit, and by which clock."""

from __future__ import annotations

import asyncio

import qrt_async as qrt
from tests.ground import QASM

SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


def now() -> float:
    """By the loop's clock."""
    return asyncio.get_running_loop().time()
