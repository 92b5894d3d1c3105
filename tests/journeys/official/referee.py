"""Judges a recorded exchange: IBM's own models for params and results, the reference of the wire for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

import msgspec

from tests.journeys.wire import judge
from tests.journeys.wire.judge import Exchange

SCHEMAS = "ibm_quantum_schemas"
MODELS = {
    "sampler": ("sampler.version_0_1", "ParamsModel", "PrimitiveResultWrapperModel"),
    "estimator": ("estimator.version_0_1", "ParamsModel", "PrimitiveResultWrapperModel"),
    "noise-learner": ("noise_learner_v2.version_0_1.models", "ParamsModel", "ResultsModel"),
    "noise-learner v0.3": (
        "noise_learner_v3.version_0_3.models",
        "ParamsModel",
        "NoiseLearnerV3ResultsModel",
    ),
    "executor v2.0": ("executor.version_2_0.models", "ParamsModel", "QuantumProgramResultModel"),
    "calibrate v0.1": ("calibrator.version_0_1.models", "ParamsModel", "CalibratorResultModel"),
}
"""By the program, and its schema's version where it has one: a module, its params and its results."""

programs: dict[str, str] = {}
"""What each job runs, learnt from its submission."""
judged: dict[str, int] = {}
"""How many bodies each of IBM's models has judged."""


def objections(recorded: dict[str, Any]) -> list[str]:
    """What is wrong with an exchange, as the emulator recorded it."""
    exchange = msgspec.convert({**recorded, "reply_headers": dict(recorded["reply_headers"])}, Exchange)
    wrong = judge.objections(exchange)
    if exchange.mishap is not None or exchange.status != 200:
        return wrong
    if exchange.method == "POST" and exchange.path == "/v1/jobs":
        return wrong + _submission(exchange)
    if exchange.path.endswith("/results"):
        return wrong + _result(exchange)
    return wrong


def _submission(exchange: Exchange) -> list[str]:
    posted = json.loads(exchange.request_body)
    params = posted["params"]
    program = " ".join(
        [posted["program_id"], *([params["schema_version"]] if "schema_version" in params else [])]
    )
    programs[json.loads(exchange.reply_body)["id"]] = program
    if any(isinstance(pub[0], str) for pub in params.get("pubs", [])):  # by hand, and often wrong on purpose
        return []
    if program == "sampler":
        params["pubs"] = [_numbered(pub) for pub in params["pubs"]]
    if program == "estimator":
        params["pubs"] = [[pub[0], _flat(pub[1]), *pub[2:]] for pub in params["pubs"]]
    return _by_model(program, "params", json.dumps(params))


def _flat(observables: Any) -> Any:
    """Observables in one list: those of two axes, which IBM's client sends too, are not in IBM's model."""
    if not isinstance(observables, list):
        return observables
    nested = [_flat(one) for one in observables]
    return [one for part in nested for one in (part if isinstance(part, list) else [part])]


def _numbered(pub: list[Any]) -> list[Any]:
    """A PUB that leaves its shots to the job has a null there, which IBM's client sends and IBM's model refuses."""
    return [*pub[:2], 1] if len(pub) == 3 and pub[2] is None else pub


def _result(exchange: Exchange) -> list[str]:
    """Failed jobs answer with a text, which no model describes."""
    program = programs.get(exchange.path.split("/")[3])
    if program is None or exchange.kind != "application/json":
        return []
    return _by_model(program, "result", exchange.reply_body)


def _by_model(program: str, what: str, body: str) -> list[str]:
    module, params, results = MODELS[program]
    try:
        model = _model(module, params if what == "params" else results).model_validate_json(body)
    except ValueError as error:  # what pydantic raises
        return [f"{what} of {program}: {error}"]
    judged[f"{what} of {program}"] = judged.get(f"{what} of {program}", 0) + 1
    if what == "params":  # the client's own words
        return []
    known = model.model_dump(mode="json", by_alias=True)
    return [
        f"{what} of {program} has {path}, which the model lacks" for path in _unknown(json.loads(body), known)
    ]


def _unknown(sent: Any, known: Any, path: str = "$") -> Iterator[str]:
    """Fields that a model let pass because it does not know them."""
    if isinstance(sent, dict) and isinstance(known, dict):
        for name, value in sent.items():
            if name in known:
                yield from _unknown(value, known[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(sent, list) and isinstance(known, list):
        for place, (one, other) in enumerate(zip(sent, known, strict=True)):
            yield from _unknown(one, other, f"{path}[{place}]")


@lru_cache
def _model(module: str, name: str) -> Any:
    return getattr(import_module(f"{SCHEMAS}.{module}"), name)
