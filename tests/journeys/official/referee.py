"""Judges a recorded exchange: IBM's own models for params and results, the reference of the wire for the rest."""

from __future__ import annotations

import json
from collections import Counter
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

ECHOED = ("backend", "session_id", "private", "runtime", "calibration_id")


class Referee:
    """Judges exchanges in their order; what was submitted is remembered, for its result and its record."""

    def __init__(self) -> None:
        self.judged: Counter[str] = Counter()
        """How many bodies each of IBM's models has judged."""
        self._posted: dict[str, dict[str, Any]] = {}

    def objections(self, recorded: dict[str, Any]) -> list[str]:
        """What is wrong with an exchange, as the emulator recorded it."""
        exchange = msgspec.convert({**recorded, "reply_headers": dict(recorded["reply_headers"])}, Exchange)
        wrong = judge.objections(exchange)
        if exchange.mishap is not None or exchange.status != 200 or not exchange.path.startswith("/v1/jobs"):
            return wrong
        parts = exchange.path.split("/")[3:]
        if exchange.method == "POST" and not parts:
            return wrong + self._submission(exchange)
        posted = self._posted.get(parts[0]) if parts else None
        if posted is None:
            return wrong
        if parts[1:] == ["results"] and exchange.kind == "application/json":  # else the text of a failed job
            return wrong + self._by_model(program_of(posted), "result", exchange.reply_body)
        return wrong if parts[1:] else wrong + _echo(posted, json.loads(exchange.reply_body))

    def _submission(self, exchange: Exchange) -> list[str]:
        posted = json.loads(exchange.request_body)
        self._posted[json.loads(exchange.reply_body)["id"]] = posted
        if any(isinstance(pub[0], str) for pub in posted["params"].get("pubs", [])):
            return []  # by hand, and often wrong on purpose
        params = dict(posted["params"])
        program = program_of(posted)
        if program == "sampler":
            params["pubs"] = [_numbered(pub) for pub in params["pubs"]]
        if program == "estimator":
            params["pubs"] = [[pub[0], _flat(pub[1]), *pub[2:]] for pub in params["pubs"]]
        return self._by_model(program, "params", json.dumps(params))

    def _by_model(self, program: str, what: str, body: str) -> list[str]:
        module, params, results = MODELS[program]
        try:
            model = _model(module, params if what == "params" else results).model_validate_json(body)
        except ValueError as error:  # what pydantic raises
            return [f"{what} of {program}: {error}"]
        self.judged[f"{what} of {program}"] += 1
        if what == "params":  # the client's own words
            return []
        known = model.model_dump(mode="json", by_alias=True)
        unknown = _unknown(json.loads(body), known)
        return [f"{what} of {program} has {path}, which the model lacks" for path in unknown]


def program_of(posted: dict[str, Any]) -> str:
    """The program, and its schema's version where it has one."""
    version = posted["params"].get("schema_version")
    return str(posted["program_id"]) + (f" {version}" if version else "")


def _echo(posted: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """What a job's record says otherwise than its submission."""
    wanted = {name: posted.get(name) for name in ECHOED} | {"program": {"id": posted["program_id"]}}
    if "cost" in posted:
        wanted["cost"] = posted["cost"]
    if "params" in record:
        wanted["params"] = {} if posted.get("private") else posted["params"]
    return [
        f"{name} of {record['id']} is {record.get(name)!r:.200}, not {value!r:.200}"
        for name, value in wanted.items()
        if record.get(name) != value
    ]


def _flat(observables: Any) -> Any:
    """Observables in one list: those of two axes, which IBM's client sends too, are not in IBM's model."""
    if not isinstance(observables, list):
        return observables
    nested = [_flat(one) for one in observables]
    return [one for part in nested for one in (part if isinstance(part, list) else [part])]


def _numbered(pub: list[Any]) -> list[Any]:
    """A PUB that leaves its shots to the job has a null there, which IBM's client sends and IBM's model refuses."""
    return [*pub[:2], 1] if len(pub) == 3 and pub[2] is None else pub


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
