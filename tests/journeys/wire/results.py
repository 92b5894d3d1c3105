"""Plain results as the reference of the wire describes them, strictly; typed ones have IBM's own models."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from tests.journeys.wire.jobs import Count, Strict

Word = Annotated[str, Meta(pattern="^0x(0|[1-9a-f][0-9a-f]*)$")]
Numbers = float | list[Any]


class Samples(Strict, frozen=True, forbid_unknown_fields=True):
    """One hexadecimal word a shot; bit 0 of the register is the least significant."""

    samples: list[Word]
    num_bits: Annotated[int, Meta(ge=1)]

    def __post_init__(self) -> None:
        if any(int(word, 16) >> self.num_bits for word in self.samples):
            raise ValueError(f"a word of more than {self.num_bits} bits")


class SampledMetadata(Strict, frozen=True, forbid_unknown_fields=True):
    circuit_metadata: dict[str, Any]


class SampledPub(Strict, frozen=True, forbid_unknown_fields=True):
    data: dict[str, Samples]
    metadata: SampledMetadata | UnsetType = UNSET


class SamplerResult(Strict, frozen=True, forbid_unknown_fields=True):
    results: list[SampledPub]
    metadata: dict[str, Any]


class Estimates(Strict, frozen=True, forbid_unknown_fields=True):
    evs: Numbers
    stds: Numbers
    ensemble_standard_error: Numbers | UnsetType = UNSET


class EstimatedMetadata(Strict, frozen=True, forbid_unknown_fields=True):
    shots: Count
    target_precision: float
    circuit_metadata: dict[str, Any]
    resilience: dict[str, Any]
    num_randomizations: Count | UnsetType = UNSET


class EstimatedPub(Strict, frozen=True, forbid_unknown_fields=True):
    data: Estimates
    metadata: EstimatedMetadata


class EstimatorResult(Strict, frozen=True, forbid_unknown_fields=True):
    results: list[EstimatedPub]
    metadata: dict[str, Any]
