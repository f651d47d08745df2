"""Spans of an API process: requests, what is stored and queued for them, webhooks."""

from typing import TYPE_CHECKING, Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import context_of
from api.headers import find_header
from api.middleware.access_log import QUIET, method_of, route_of
from api.webhooks.dispatcher import WebhookDispatcher
from jobs.ports import BlobStore, JobStore
from jobs.records.job import Job
from jobs.records.submissions import Submitted
from jobs.tracing.spanned import Spanned, spanned_blobs
from jobs.webhooks.outbox import Delivery

if TYPE_CHECKING:
    from jobs.tracing.tracer import Tracer

_HEADERS = ("traceparent", "tracestate")


def traced_stores(
    tracer: "Tracer", store: JobStore, blobs: BlobStore, replicas: int
) -> tuple[JobStore, BlobStore]:
    """Both, with spans while a request is answered; the wait for replicas is one of them."""
    names = {"confirm": "replicate"} if replicas else {}
    traced = TracedJobStore(store, tracer, **names)
    return cast(JobStore, traced), spanned_blobs(blobs, tracer)


class TracingMiddleware:
    """ASGI middleware: a span for each request, in the trace of its `traceparent`.

    FastAPI can make such spans too; they have the query in them, where callback addresses and
    clients' references are.
    """

    def __init__(self, app: ASGIApp, tracer: "Tracer") -> None:
        self._app, self._tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        found = {name: find_header(scope, name.encode()) for name in _HEADERS}
        trace = {name: value for name, value in found.items() if value}
        span = self._tracer.begin("request", trace, "server")

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    self._tracer.fail(span, f"status {message['status']}")
            await send(message)

        try:
            with self._tracer.within(span):
                await self._app(scope, receive, send_and_note)
        finally:
            method, route = method_of(scope), route_of(scope)
            span.update_name(f"{method} {route}")
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route)
            span.set_attribute("cropshield.request_id", context_of(scope).request_id or "")
            span.end()


class TracedJobStore(Spanned):
    """A JobStore whose new jobs carry the trace of their request in their records."""

    async def enqueue(self, job: Job, *args: Any, **options: Any) -> Submitted:
        return await self._record("enqueue", job, *args, **options)

    async def complete_from_cache(self, job: Job, *args: Any, **options: Any) -> Submitted:
        return await self._record("complete_from_cache", job, *args, **options)

    async def _record(self, method: str, job: Job, *args: Any, **options: Any) -> Submitted:
        traced = job.model_copy(update={"trace": self._tracer.trace()})
        with self._tracer.child("enqueue"):
            made: Submitted = await getattr(self._target, method)(traced, *args, **options)
        return made


class TracedDispatcher(WebhookDispatcher):
    """Each attempt to deliver is a span in the trace of its job, which the request carries on."""

    def __init__(self, tracer: "Tracer", *parts: Any) -> None:
        super().__init__(*parts)
        self._tracer, self._sender = tracer, TracedSender(self._sender, tracer)  # type: ignore[assignment]

    async def _attempt(self, job: Job, attempt: int) -> Delivery:
        span = self._tracer.begin("webhook", job.trace, "client", job_id=job.id, attempt=attempt)
        try:
            with self._tracer.within(span):
                delivery = await super()._attempt(job, attempt)
            if delivery.status is not None:
                span.set_attribute("http.response.status_code", delivery.status)
            if not delivery.is_received:
                self._tracer.fail(span, delivery.problem or f"status {delivery.status}")
        finally:
            span.end()
        return delivery


class TracedSender(Spanned):
    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        status: int = await self._target.post(url, body, headers | self._tracer.trace())
        return status
