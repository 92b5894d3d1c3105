"""The surroundings of a contender's process."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def surroundings() -> dict[str, str]:
    """Ours, with this repository's packages in reach: not everybody measures an installed copy."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
