"""The service on a laptop: real jobs, real limits, real trouble on demand.

    from qrt_async.emulator import Emulator, EmulatorConfig

    async with Emulator(EmulatorConfig(queue_seconds=0.1)) as emulator:
        print(emulator.url)

The API lives under ``{url}/api/v1``, IAM under ``{url}/identity/token``, and what only an emulator has
under ``{url}/_emulator/``; ``control.py`` lists that. ``python -m qrt_async.emulator`` is the same in a process of its
own.
"""

from .app import Emulator
from .config import EmulatorConfig, Key
from .memory import MemoryEmulator

__all__ = ["Emulator", "EmulatorConfig", "Key", "MemoryEmulator"]
