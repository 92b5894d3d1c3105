from __future__ import annotations

import inspect

from qrt_async.service import RuntimeService
from qrt_async.submit.session import How


def test_a_session_takes_every_argument_of_run_that_it_does_not_give_itself() -> None:
    arguments = {
        name: parameter.annotation
        for name, parameter in inspect.signature(RuntimeService.run).parameters.items()
        if name not in ("self", "program", "backend", "session_id")
    }
    assert {name: kind.__forward_arg__ for name, kind in How.__annotations__.items()} == arguments
