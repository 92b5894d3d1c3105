"""With a journal, results are on disk and not in memory, however slow their reader is."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import pytest

from tests.ground import ground
from tests.sweep.ground import Reads

log = logging.getLogger(__name__)
POINTS = 100_000 if os.environ.get("QRT_SWEEPS") == "all" else 20_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads its memory as Linux tells it")
@pytest.mark.timeout(300)
async def test_a_large_sweep_needs_no_more_memory_than_a_job_of_it(tmp_path: Path) -> None:
    """Of 100,000 points with ``QRT_SWEEPS=all``."""
    asyncio.get_running_loop().set_debug(False)
    config = {"queue_seconds": 0.1, "run_seconds": 0.1}
    async with ground(simulator=Reads(), config=config) as here:  # type: ignore[arg-type] # as Sampled
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.journeys.sweep_memory"),
            *(here.emulator.url, str(tmp_path / "runs.db"), str(POINTS)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    phases = json.loads(said)
    log.info("%s points, MiB by phase: %s", POINTS, {name: round(size) for name, size in phases.items()})
    assert max(phases.values()) - phases["planned"] < 50, phases
