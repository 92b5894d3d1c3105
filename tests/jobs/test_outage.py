"""What failures hold up, and for how long."""

from __future__ import annotations

from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.outage import Outage
from qrt_async.jobs.tracks import Track


def outage() -> Outage:
    return Outage(PollPolicy(floor=0.5), lambda: 0.0)


def test_the_more_failures_in_a_row_the_longer_everything_waits_up_to_a_minute() -> None:
    trouble = outage()
    waits = [trouble.failed([], 0.0, None, listing=True) for _ in range(9)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert trouble.until == 60.0
    trouble.succeeded(listing=True)
    assert trouble.failed([], 100.0, None, listing=True) == 1.0


def test_a_wish_of_the_service_is_kept_and_a_shorter_wait_after_it_takes_nothing_back() -> None:
    trouble = outage()
    assert trouble.failed([], 0.0, 90.0, listing=False) == 90.0
    trouble.failed([], 1.0, None, listing=False)
    assert trouble.until == 90.0


def test_a_job_whose_own_request_keeps_failing_waits_longer_than_the_others() -> None:
    trouble, track = outage(), Track(born=0.0, due=0.0)
    for now in (10.0, 20.0, 30.0):
        trouble.failed([track], now, None, listing=False)
        trouble.succeeded(listing=True)
    assert trouble.until == 31.0
    assert track.due == 34.0


def after_three_listings(trouble: Outage) -> Outage:
    for _ in range(3):
        trouble.failed([], 0.0, None, listing=True)
    return trouble


def test_one_job_is_read_by_itself_where_listings_fail_and_each_only_where_that_works() -> None:
    trouble = outage()
    assert trouble.way() == "together"
    after_three_listings(trouble)
    assert trouble.way() == "probe"
    trouble.succeeded(listing=False)
    assert trouble.way() == "together", "the outage may be over"
    trouble.failed([], 0.0, None, listing=True)
    assert trouble.way() == "apart", "listings are broken, and nothing else"
    trouble.succeeded(listing=False)
    assert trouble.way() == "together", "a listing is tried between two reads of each"
    trouble.failed([], 0.0, None, listing=True)
    assert trouble.way() == "apart"


def test_a_listing_that_works_ends_it() -> None:
    trouble = after_three_listings(outage())
    trouble.succeeded(listing=False)
    trouble.succeeded(listing=True)
    trouble.failed([], 0.0, None, listing=True)
    assert trouble.way() == "together"


def test_where_single_reads_fail_too_one_at_a_time_is_tried() -> None:
    trouble = after_three_listings(outage())
    for _ in range(3):
        trouble.failed([], 0.0, None, listing=False)
        assert trouble.way() == "probe"
    trouble.succeeded(listing=False)
    trouble.failed([], 0.0, None, listing=True)
    trouble.failed([], 0.0, None, listing=False)
    assert trouble.way() == "probe", "everything is broken after all"
