"""Delivers webhooks that are due; one that fails is tried again for hours."""

import asyncio
import logging
import random
import time
from asyncio import FIRST_COMPLETED
from collections import Counter
from datetime import UTC, datetime

from api.schemas.jobs import job_view
from api.webhooks.sender import AT_ONCE, Undeliverable, WebhookSender
from api.webhooks.signature import sign
from jobs.errors import JobGone, JobNotFound, StoreDown
from jobs.metrics import Counters
from jobs.ports import JobStore
from jobs.records.job import Job
from jobs.webhooks.outbox import Delivery, DueDelivery, WebhookOutbox
from models.catalog import Catalog

log = logging.getLogger(__name__)
DELAYS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0)  # seconds before attempt 2, 3, …
JITTER = 0.2  # at most this share of a delay is added
_GONE = 410
_TICK_SECONDS, _LAST_SECONDS = 1.0, 2.0
_SHARE = 8  # of them at most for one owner


class WebhookDispatcher:
    """Delivers what is due. Every API process has one; leases keep them apart.

    Owners take turns, and none has more than a share in delivery: a receiver that never answers
    delays its own deliveries alone.
    """

    def __init__(
        self,
        webhooks: WebhookOutbox,
        jobs: JobStore,
        catalog: Catalog,
        sender: WebhookSender,
        counters: Counters,
    ) -> None:
        self._webhooks, self._jobs, self._sender = webhooks, jobs, sender
        self._catalog, self._counters = catalog, counters
        self._under_way: dict[asyncio.Task[None], str] = {}  # task to owner

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until `stopping`. A delivery that this interrupts is repeated after its lease."""
        stopped = asyncio.create_task(stopping.wait())
        while not stopping.is_set():
            try:
                await self.dispatch_due()
            except StoreDown as error:
                log.warning("cannot fetch due webhooks: %s", error)
            await asyncio.wait(
                {stopped, *self._under_way}, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED
            )
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=_LAST_SECONDS)
            for task in late:
                task.cancel()
        await self._sender.close()

    async def dispatch_due(self) -> None:
        """Start as many deliveries as are due and there is room for."""
        free = AT_ONCE - len(self._under_way)
        owners = Counter(self._under_way.values())
        for due in await self._webhooks.claim(free, _SHARE, owners) if free else []:
            task = asyncio.create_task(self._deliver(due))
            self._under_way[task] = due.owner
            task.add_done_callback(self._under_way.pop)

    async def _deliver(self, due: DueDelivery) -> None:
        try:
            job = await self._jobs.find(due.job_id)
            delivery = await self._attempt(job, due.attempt)
            delay = delay_after(delivery)
            if await self._webhooks.settle(due, delivery, delay):
                self._report(due, delivery, delay)
        except (JobGone, JobNotFound):
            pass  # the next claim drops the delivery
        except StoreDown as error:
            log.warning("a webhook is delivered again: %s", error, extra={"job_id": due.job_id})

    async def _attempt(self, job: Job, attempt: int) -> Delivery:
        status, problem, start = None, None, time.perf_counter()
        try:
            status = await self._send(job)
        except Undeliverable as error:
            problem = str(error)
        except StoreDown:
            raise
        except Exception as error:
            log.exception("a webhook could not be sent", extra={"job_id": job.id})
            problem = f"{type(error).__name__} in the server; its log tells more"
        milliseconds = round((time.perf_counter() - start) * 1000, 1)
        return Delivery(attempt, milliseconds, status, problem)

    async def _send(self, job: Job) -> int:
        """The status of the answer. Raises Undeliverable, StoreDown."""
        secrets = await self._webhooks.secrets(job.owner)
        if not secrets:
            raise Undeliverable("not sent: there is no secret to sign it with")
        body = job_view(job, self._catalog).model_dump_json()
        headers = sign(body, job.id, secrets, datetime.now(UTC))
        return await self._sender.post(job.options.callback_url or "", body.encode(), headers)

    def _report(self, due: DueDelivery, delivery: Delivery, delay: float | None) -> None:
        outcome = "failed" if delay is not None else "given_up"
        outcome = "received" if delivery.is_received else outcome
        self._counters.count("webhooks_total", outcome)
        fields = {"job_id": due.job_id, "attempt": due.attempt}
        log.info("webhook %s: %s", outcome, delivery.status or delivery.problem, extra=fields)


def delay_after(delivery: Delivery) -> float | None:
    """Seconds to the next attempt; None when there is to be none."""
    if delivery.is_received or delivery.status == _GONE or delivery.attempt > len(DELAYS):
        return None
    return DELAYS[delivery.attempt - 1] * (1 + random.random() * JITTER)
