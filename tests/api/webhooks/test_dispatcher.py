"""When webhooks are delivered, and when they are tried again. Redis and receivers are real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.webhooks.dispatcher import DELAYS, JITTER, WebhookDispatcher, delay_after
from api.webhooks.sender import WebhookSender
from jobs.metrics import Counters
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.webhooks.outbox import Delivery, WebhookOutbox
from models.catalog import Catalog
from tests.api.webhooks.receivers import PLAIN, receiving, silent_receiver
from tests.jobs.conftest import JobHarness, a_job, harness

__all__ = ["harness"]


class Outbox:
    """A dispatcher on a real Redis, and jobs that have ended."""

    def __init__(self, harness: JobHarness, timeout: float = 400) -> None:
        self.harness, self.redis = harness, connect_async(harness.url)
        store = RedisJobStore(self.redis, harness.notifier, 1000, 2)
        self.webhooks = WebhookOutbox(self.redis, "any")
        sender = WebhookSender("any", tls=PLAIN, timeout=timeout)
        self.dispatcher = WebhookDispatcher(self.webhooks, store, Catalog(), sender, Counters())
        self.store = store

    async def add(self, owner: str, url: str, count: int = 1) -> list[str]:
        jobs = [a_job(owner, callback_url=url) for _ in range(count)]
        for job in jobs:
            await self.store.enqueue(job)
            await self.store.cancel(job.id)
        return [job.id for job in jobs]

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        running = asyncio.create_task(self.dispatcher.run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await running
            await self.redis.aclose()

    async def delivered(self, job_id: str) -> Delivery:
        while not (found := await self.webhooks.deliveries(job_id)):
            await asyncio.sleep(0.05)
        return found[0]


def test_a_receiver_that_never_answers_delays_its_own_owners_webhooks_alone(
    harness: JobHarness,
) -> None:
    async def run() -> None:
        async with silent_receiver() as silent, receiving() as receiver:
            outbox = Outbox(harness)
            for owner in ("silent", "phone"):
                await outbox.webhooks.add_secret(owner)
            await outbox.add("silent", silent, 100)
            (of_phone,) = await outbox.add("phone", f"http://127.0.0.1:{receiver.port}/")
            async with outbox.dispatching(), asyncio.timeout(300):
                assert (await outbox.delivered(of_phone)).status == 204

    asyncio.run(run())


def test_a_job_whose_secret_was_revoked_is_not_sent_unsigned(harness: JobHarness) -> None:
    async def run() -> None:
        async with receiving() as receiver:
            outbox = Outbox(harness)
            (job_id,) = await outbox.add("phone", f"http://127.0.0.1:{receiver.port}/")
            async with outbox.dispatching(), asyncio.timeout(300):
                told = await outbox.delivered(job_id)
            assert told.problem == "not sent: there is no secret to sign it with"
            assert told.next_at, "a new secret may be made"
            assert not receiver.requests

    asyncio.run(run())


def test_a_defect_in_sending_settles_the_delivery_and_is_logged(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def post(*_: object) -> int:
        raise RuntimeError("of nobody's expectation")

    async def run() -> None:
        outbox = Outbox(harness)
        await outbox.webhooks.add_secret("phone")
        monkeypatch.setattr(outbox.dispatcher._sender, "post", post)
        (job_id,) = await outbox.add("phone", "http://127.0.0.1:1/")
        async with outbox.dispatching(), asyncio.timeout(300):
            told = await outbox.delivered(job_id)
        assert told.problem == "RuntimeError in the server; its log tells more"
        assert told.next_at

    asyncio.run(run())
    assert "of nobody's expectation" in caplog.text


@pytest.mark.parametrize(("attempt", "least"), list(enumerate(DELAYS, start=1)))
def test_a_failure_is_tried_again_later_and_later(attempt: int, least: float) -> None:
    for failed in (Delivery(attempt, 1, 500), Delivery(attempt, 1, 301), Delivery(attempt, 1)):
        waits = [delay_after(failed) for _ in range(50)]
        assert all(wait and least <= wait <= least * (1 + JITTER) for wait in waits)
        assert len(set(waits)) > 1, "no jitter"


def test_after_the_sixth_attempt_a_receipt_or_a_410_there_is_no_other() -> None:
    assert DELAYS == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600)
    assert delay_after(Delivery(6, 1, 500)) is None
    assert delay_after(Delivery(1, 1, 410)) is None
    for received in (200, 202, 204):
        assert delay_after(Delivery(1, 1, received)) is None
