"""An owner's jobs, newest first."""

from datetime import timedelta
from typing import Any

import pytest

from jobs.errors import JobGone, JobNotFound
from jobs.ports import Outcome
from jobs.records.job import LOCAL, Job, State
from jobs.records.listing import JobQuery, Page
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness, a_job

DONE = Outcome(State.SUCCEEDED, result={})


def page(harness: JobHarness, owner: str = LOCAL, **query: Any) -> Page:
    return harness.ask(lambda store: store.list_jobs(owner, JobQuery(**query)))


def ids(jobs: tuple[Job, ...] | list[Job]) -> list[str]:
    return [job.id for job in jobs]


def test_jobs_are_listed_newest_first_for_their_owner_alone(harness: JobHarness) -> None:
    mine = [harness.enqueue() for _ in range(3)]
    harness.enqueue(owner="another")
    found = page(harness)
    assert ids(found.jobs) == ids(mine[::-1])
    assert found.cursor is None


def test_pages_follow_one_another_while_jobs_come_in(harness: JobHarness) -> None:
    jobs = [harness.enqueue() for _ in range(4)]
    first = page(harness, limit=2)
    harness.enqueue()
    second = page(harness, limit=2, cursor=first.cursor)
    assert ids(first.jobs) + ids(second.jobs) == ids(jobs[::-1])
    assert second.cursor is None


def test_jobs_accepted_in_the_same_millisecond_are_on_one_page_each(harness: JobHarness) -> None:
    future = 4_000_000_000_000.0
    harness.client.zadd(f"{keyspace.PREFIX}owner:{LOCAL}", {harness.enqueue().id: future})
    jobs = [harness.enqueue() for _ in range(3)]
    found: list[str] = []
    cursor = None
    for _ in range(4):
        one = page(harness, limit=1, cursor=cursor)
        found, cursor = found + ids(one.jobs), one.cursor
    assert found[:3] == ids(jobs[::-1])
    assert cursor is None


def test_state_reference_and_time_choose(harness: JobHarness) -> None:
    old = harness.enqueue(client_ref="plot 1")
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    new = harness.enqueue(client_ref="plot 2")
    assert ids(page(harness, state=State.SUCCEEDED).jobs) == [old.id]
    assert ids(page(harness, client_ref="plot 2").jobs) == [new.id]
    assert page(harness, state=State.SUCCEEDED, client_ref="plot 2").jobs == ()
    assert ids(page(harness, since=old.created_at).jobs) == [new.id, old.id]
    assert page(harness, since=new.created_at + timedelta(seconds=1)).jobs == ()


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call looks at two jobs."""
    monkeypatch.setattr("jobs.redis.store._LOOKED_AT", 2)


@pytest.mark.usefixtures("short_looks")
def test_a_page_looks_at_so_many_jobs_and_says_where_to_go_on(harness: JobHarness) -> None:
    wanted = harness.enqueue()
    harness.ask(lambda store: store.cancel(wanted.id))
    for _ in range(3):
        harness.enqueue()
    first = page(harness, state=State.CANCELED)
    assert first.jobs == ()
    assert first.cursor is not None
    second = page(harness, state=State.CANCELED, cursor=first.cursor)
    assert ids(second.jobs) == [wanted.id]


@pytest.mark.usefixtures("short_looks")
def test_a_reference_leads_to_its_jobs_without_a_look_at_the_others(harness: JobHarness) -> None:
    wanted = harness.enqueue(client_ref="the one")
    for _ in range(3):
        harness.enqueue(client_ref="another")
    found = page(harness, client_ref="the one")
    assert ids(found.jobs) == [wanted.id]
    assert found.cursor is None


def all_pages(harness: JobHarness, **query: Any) -> list[str]:
    one = page(harness, **query)
    found = ids(one.jobs)
    for _ in range(10):
        if one.cursor is None:
            return found
        one = page(harness, cursor=one.cursor, **query)
        found += ids(one.jobs)
    raise AssertionError("the pages never end")


def forget_references(harness: JobHarness) -> None:
    """As a version left them that had no such index."""
    for key in harness.client.scan_iter(f"{keyspace.PREFIX}ref*"):
        harness.client.delete(key)


@pytest.mark.usefixtures("short_looks")
@pytest.mark.parametrize("limit", [1, 20])
def test_jobs_from_before_references_were_indexed_are_found(
    harness: JobHarness, limit: int
) -> None:
    first = harness.enqueue(client_ref="the one")
    for reference in ("another", "the one", None):
        last = harness.enqueue(client_ref=reference)
        if reference == "the one":
            second = last
    forget_references(harness)
    third = harness.enqueue(client_ref="the one")
    expected = ids([third, second, first])
    assert all_pages(harness, client_ref="the one", limit=limit) == expected
    assert all_pages(harness, client_ref="the one", limit=limit) == expected
    assert ids(page(harness, client_ref="the one", since=second.created_at).jobs) == expected[:2]


def test_a_job_completed_from_the_cache_is_found_by_its_reference(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    cached, again = harness.find(claim.job.id), a_job(client_ref="again")
    harness.ask(lambda store: store.complete_from_cache(again, cached))
    assert ids(page(harness, client_ref="again").jobs) == [again.id]


def test_expired_jobs_leave_the_list_as_others_come(harness: JobHarness) -> None:
    for _ in range(30):
        job = harness.enqueue()
        harness.ask(lambda store, job=job: store.cancel(job.id))  # type: ignore[misc]
        harness.client.delete(keyspace.JOB + job.id)  # as time does
    assert harness.client.zcard(f"{keyspace.PREFIX}owner:{LOCAL}") < 15
    assert page(harness).jobs == ()


def test_a_list_that_nobody_adds_to_expires(harness: JobHarness) -> None:
    job = harness.enqueue()
    harness.ask(lambda store: store.cancel(job.id))
    assert harness.client.ttl(f"{keyspace.PREFIX}owner:{LOCAL}") > 30 * 86_400


def test_another_owners_job_is_not_found_before_and_after_its_end(harness: JobHarness) -> None:
    job = harness.enqueue(owner="a")
    for call in ("find", "cancel"):
        with pytest.raises(JobNotFound):
            harness.ask(lambda store, call=call: getattr(store, call)(job.id, "b"))  # type: ignore[misc]
    assert harness.ask(lambda store: store.cancel(job.id, "a")).state is State.CANCELED
    harness.client.delete(keyspace.JOB + job.id)
    with pytest.raises(JobNotFound):
        harness.ask(lambda store: store.find(job.id, "b"))
    with pytest.raises(JobGone):
        harness.ask(lambda store: store.find(job.id, "a"))
