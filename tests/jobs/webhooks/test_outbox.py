"""The outbox of webhooks, their log and their secrets, in a real Redis."""

import asyncio
import base64
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from jobs.errors import BadCallback, NoSuchSecret, TooManySecrets
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis.connections import connect_async
from jobs.webhooks.outbox import DELIVERY_LEASE_SECONDS, Delivery, DueDelivery, WebhookOutbox
from tests.jobs.conftest import JobHarness

T = TypeVar("T")
OUTBOX, URL = "cropshield:1:outbox:local", "https://hooks.example/leaf"
OLD_OUTBOX, OUTBOXES = "cropshield:1:webhooks", "cropshield:1:outboxes"


def ask(harness: JobHarness, call: Callable[[WebhookOutbox], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        redis = connect_async(harness.url)
        try:
            return await call(WebhookOutbox(redis))
        finally:
            await redis.aclose()

    return asyncio.run(run())


def claim(harness: JobHarness) -> list[DueDelivery]:
    return ask(harness, lambda webhooks: webhooks.claim(10))


def settle(harness: JobHarness, due: DueDelivery, delivery: Delivery, delay: float | None) -> bool:
    return ask(harness, lambda webhooks: webhooks.settle(due, delivery, delay))


def make_due(harness: JobHarness) -> None:
    """As time does."""
    waiting: Any = harness.client.zrange(OUTBOX, 0, -1)
    for job_id in waiting:
        harness.client.zadd(OUTBOX, {job_id: 0}, xx=True)
        harness.client.zadd(OUTBOXES, {"local": 0})


def milliseconds_left(harness: JobHarness, job_id: str) -> float:
    """Until it is due again."""
    due: Any = harness.client.zscore(OUTBOX, job_id)
    seconds, _ = harness.client.time()
    return float(due) - seconds * 1000


def ended(harness: JobHarness, state: State = State.SUCCEEDED, url: str | None = URL) -> str:
    job = harness.enqueue(callback_url=url)
    if state is State.CANCELED:
        harness.ask(lambda store: store.cancel(job.id))
        return job.id
    (held,) = harness.queue.claim(1)
    harness.queue.finish(held, Outcome(state, result={"explanations": []}))
    return job.id


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELED])
def test_a_job_that_ends_is_due_at_that_moment(harness: JobHarness, state: State) -> None:
    waiting = harness.enqueue(callback_url=URL).id
    assert claim(harness) == []
    harness.ask(lambda store: store.cancel(waiting))
    assert claim(harness) == [DueDelivery(waiting, 1, "local")]
    job_id = ended(harness, state)
    assert claim(harness) == [DueDelivery(job_id, 1, "local")]


def test_a_job_that_expires_in_the_queue_is_due(harness: JobHarness) -> None:
    job = harness.enqueue(callback_url=URL, deadline=0.001)
    harness.client.hset(f"cropshield:1:job:{job.id}", "start_by", 1)
    assert harness.queue.claim(1) == []
    assert claim(harness) == [DueDelivery(job.id, 1, "local")]


def test_a_job_whose_workers_are_lost_is_due(harness: JobHarness) -> None:
    job = harness.enqueue(callback_url=URL)
    harness.queue.claim(1)
    harness.client.hset(f"cropshield:1:job:{job.id}", "attempts", 3)
    harness.client.zadd("cropshield:1:leases", {job.id: 0})
    harness.queue.reap()
    assert harness.find(job.id).state is State.FAILED
    assert claim(harness) == [DueDelivery(job.id, 1, "local")]


def test_a_job_without_a_callback_is_never_due(harness: JobHarness) -> None:
    ended(harness, url=None)
    assert claim(harness) == []


def test_only_one_process_has_a_delivery_until_its_lease_is_over(harness: JobHarness) -> None:
    """The process dies between the answer of the receiver and the log."""
    job_id = ended(harness)
    (first,) = claim(harness)
    assert claim(harness) == []
    left = milliseconds_left(harness, job_id)
    assert (DELIVERY_LEASE_SECONDS - 2) * 1000 < left <= (DELIVERY_LEASE_SECONDS + 1) * 1000
    make_due(harness)
    (second,) = claim(harness)
    assert second == DueDelivery(job_id, 2, "local")
    assert settle(harness, first, Delivery(1, 5.0, 200), None) is False
    assert settle(harness, second, Delivery(2, 5.0, 200), None) is True
    make_due(harness)
    assert claim(harness) == []


def test_a_failure_is_due_again_after_its_delay(harness: JobHarness) -> None:
    job_id = ended(harness)
    (due,) = claim(harness)
    settle(harness, due, Delivery(1, 5.0, 500), 300.0)
    assert claim(harness) == []
    left = milliseconds_left(harness, job_id)
    assert 298_000 < left <= 301_000


def test_attempts_are_listed_oldest_first_with_their_times(harness: JobHarness) -> None:
    job_id = ended(harness)
    for attempt, delay in ((1, 5.0), (2, None)):
        (due,) = claim(harness)
        settle(harness, due, Delivery(attempt, 5.5, None, "no connection"), delay)
        make_due(harness)
    first, second = ask(harness, lambda webhooks: webhooks.deliveries(job_id))
    assert (first.attempt, first.milliseconds, first.problem) == (1, 5.5, "no connection")
    assert first.at
    assert first.next_at
    assert (first.next_at - first.at).total_seconds() == 5
    assert second.next_at is None
    assert 0 < harness.client.pttl(f"cropshield:1:deliveries:{job_id}") <= 3 * 86_400_000


def test_a_job_whose_time_is_over_is_dropped(harness: JobHarness) -> None:
    job_id = ended(harness)
    harness.client.delete(f"cropshield:1:job:{job_id}")
    assert claim(harness) == []
    assert harness.client.zcard(OUTBOX) == harness.client.zcard(OUTBOXES) == 0


def many_ended(harness: JobHarness, owner: str, count: int) -> set[str]:
    def one() -> str:
        job = harness.enqueue(owner, callback_url=URL)
        return harness.ask(lambda store: store.cancel(job.id)).id

    return {one() for _ in range(count)}


def test_an_owner_with_many_deliveries_delays_no_other_ones(harness: JobHarness) -> None:
    many_ended(harness, "bulk sender", 12)
    (only,) = many_ended(harness, "phone", 1)
    first = ask(harness, lambda webhooks: webhooks.claim(4, 3))
    assert [due.owner for due in first].count("bulk sender") == 3
    assert only in {due.job_id for due in first}
    again = ask(harness, lambda webhooks: webhooks.claim(4, 3, {"bulk sender": 3}))
    assert again == []
    freed = ask(harness, lambda webhooks: webhooks.claim(4, 3, {"bulk sender": 2}))
    assert [due.owner for due in freed] == ["bulk sender"]


def test_thousands_that_are_due_are_taken_in_turns_and_forgotten_once_their_jobs_are(
    harness: JobHarness,
) -> None:
    gone = {f"expired-{number}": number for number in range(3000)}
    harness.client.zadd("cropshield:1:outbox:bulk sender", gone)
    harness.client.zadd("cropshield:1:outboxes", {"bulk sender": 0})
    harness.client.zadd("cropshield:1:outboxes", {f"owner {number}": 1 for number in range(2000)})
    (only,) = many_ended(harness, "phone", 1)
    taken = [due for _ in range(8) for due in ask(harness, lambda webhooks: webhooks.claim(64, 8))]
    assert [due.job_id for due in taken] == [only]
    assert harness.client.zcard("cropshield:1:outbox:bulk sender") == 0
    assert harness.client.zrange("cropshield:1:outboxes", 0, -1) == ["phone"]


def test_who_has_fewest_under_way_is_next(harness: JobHarness) -> None:
    for owner in ("a", "b", "c"):
        many_ended(harness, owner, 2)
    (due,) = ask(harness, lambda webhooks: webhooks.claim(1, 8, {"a": 2, "b": 1}))
    assert due.owner == "c"


def test_what_an_older_version_left_in_the_outbox_is_delivered(harness: JobHarness) -> None:
    job_id = ended(harness)
    harness.client.delete(OUTBOX, OUTBOXES)
    harness.client.zadd(OLD_OUTBOX, {job_id: 1, "of a job that has expired": 1})
    assert claim(harness) == [DueDelivery(job_id, 1, "local")]
    assert not harness.client.exists(OLD_OUTBOX)


def test_a_second_secret_signs_beside_the_first_until_that_is_revoked(harness: JobHarness) -> None:
    async def check(webhooks: WebhookOutbox) -> None:
        old = await webhooks.add_secret("local")
        new = await webhooks.add_secret("local")
        assert await webhooks.secrets("local") == [old, new]
        with pytest.raises(TooManySecrets, match="2 secrets"):
            await webhooks.add_secret("local")
        await webhooks.revoke_secret("local", old[:12])
        assert await webhooks.secrets("local") == [new]
        assert await webhooks.secrets("cs_1a2b3c4d") == []
        assert len(base64.b64decode(new.removeprefix("whsec_"))) == 32
        with pytest.raises(NoSuchSecret, match="0 secrets begin with"):
            await webhooks.revoke_secret("local", old[:12])

    ask(harness, check)


def test_a_beginning_that_several_have_revokes_none(harness: JobHarness) -> None:
    async def check(webhooks: WebhookOutbox) -> None:
        for _ in range(2):
            await webhooks.add_secret("local")
        with pytest.raises(NoSuchSecret, match="2 secrets begin with 'whsec_'"):
            await webhooks.revoke_secret("local", "whsec_")
        assert len(await webhooks.secrets("local")) == 2

    ask(harness, check)


@pytest.mark.parametrize("host", [".", "a..example", "a" * 64 + ".example", "a." * 127 + "example"])
def test_a_host_that_no_resolver_takes_is_refused(harness: JobHarness, host: str) -> None:
    with pytest.raises(BadCallback, match="is no host name"):
        ask(harness, lambda webhooks: webhooks.check(f"https://{host}/", "local"))


def test_without_a_secret_a_callback_is_refused(harness: JobHarness) -> None:
    async def check(webhooks: WebhookOutbox) -> None:
        await webhooks.check(None, "local")
        with pytest.raises(BadCallback, match="cropshield webhooks add"):
            await webhooks.check(URL, "local")
        await webhooks.add_secret("local")
        await webhooks.check(URL, "local")

    ask(harness, check)
