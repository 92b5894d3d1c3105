from __future__ import annotations

import msgspec
import pytest

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.fleet import DOCUMENTS_KEPT, Fleet, Standing
from qrt_async.emulator.wire import Problem


def test_without_specs_the_default_devices_are_there() -> None:
    assert Fleet(()).names() == [devices.parse(spec).name for spec in devices.DEFAULT_BACKENDS]


def test_the_simulator_gets_the_spec_as_it_was_given() -> None:
    fleet = Fleet(("ibm_a:5",))
    assert (fleet.names(), fleet.spec("ibm_a")) == (["ibm_a"], "ibm_a:5")
    assert fleet.knows("ibm_a")
    assert not fleet.knows("ibm_b")


def test_properties_are_dated_to_the_hour() -> None:
    fleet = Fleet(("ibm_a:5",))
    first = fleet.properties("ibm_a", 7200.0)
    assert fleet.properties("ibm_a", 10_799.0) is first
    assert fleet.properties("ibm_a", 10_800.0) is not first
    assert msgspec.json.decode(first)["backend_name"] == "ibm_a"


def test_documents_of_many_hours_do_not_pile_up() -> None:
    fleet = Fleet(("ibm_a:2",))
    for hour in range(DOCUMENTS_KEPT * 2):
        fleet.properties("ibm_a", hour * 3600.0)
    assert len(fleet._documents) <= DOCUMENTS_KEPT


def test_a_backend_is_online_until_it_is_said_otherwise() -> None:
    fleet = Fleet(("ibm_a:5",))
    assert fleet.standing("ibm_a").name == "online"
    fleet.set_standing("ibm_a", Standing(name="offline", reason="repair"))
    assert fleet.standing("ibm_a") == Standing(name="offline", reason="repair")
    with pytest.raises(Problem):
        fleet.set_standing("ibm_b", Standing())


def test_two_backends_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="'a' is given twice"):
        Fleet(("a:5", "a:7"))
