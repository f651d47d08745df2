"""The one place that knows OpenTelemetry. How it samples and where it sends to is said by the
`OTEL_…` variables, which its SDK reads."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from jobs.threads import run_within

KINDS = {kind.name.lower(): kind for kind in SpanKind}
_MAX_STATE_LENGTH = 512  # characters; W3C asks for no more to be passed on
_CLOSE_SECONDS = 5.0  # well below what a process has to end in
_W3C = TraceContextTextMapPropagator()
Attribute = str | int | float | bool


class Tracer:
    """Makes spans, and sends them in the background. For use from several threads.

    A span's `kind` is internal, server, client, producer or consumer. A `trace` is a W3C trace
    context by header, `traceparent` and maybe `tracestate`; empty, a span begins a trace. Times are
    nanoseconds since 1970.
    """

    def __init__(self, service: str) -> None:
        # It would log what is wrong with a client's header, and what is in it.
        logging.getLogger("opentelemetry.trace").setLevel(logging.ERROR)
        name = os.environ.get("OTEL_SERVICE_NAME") or service
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": name}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("cropshield")

    def begin(
        self,
        name: str,
        trace: Mapping[str, str],
        kind: str = "internal",
        *,
        at: int | None = None,
        links: Sequence[Span] = (),
        **attributes: Attribute,
    ) -> Span:
        """A span that its caller ends."""
        return self._tracer.start_span(
            name,
            _W3C.extract(trace, Context()),
            KINDS[kind],
            _named(attributes),
            [Link(span.get_span_context()) for span in links],
            at,
        )

    def record(self, name: str, of: Span, start: int, end: int, links: Sequence[Span] = ()) -> None:
        """A span that is over, a child of another one."""
        linked = [Link(span.get_span_context()) for span in links]
        context = set_span_in_context(of, Context())
        self._tracer.start_span(name, context, links=linked, start_time=start).end(end)

    @contextmanager
    def within(self, span: Span) -> Iterator[Span]:
        """Spans of this thread or task are children of `span` meanwhile."""
        with use_span(span, record_exception=False, set_status_on_exception=False):
            yield span

    @contextmanager
    def child(self, name: str) -> Iterator[Span]:
        """A span of the one that is under way; an exception that passes through is noted in it."""
        with self._tracer.start_as_current_span(name, record_exception=False) as span:
            yield span

    def is_under_way(self) -> bool:
        """Whether a span is under way in this thread or task."""
        return get_current_span().get_span_context().is_valid

    def trace(self) -> dict[str, str]:
        """The trace that is under way, as headers that carry it on."""
        headers: dict[str, str] = {}
        _W3C.inject(headers)
        return {name: value for name, value in headers.items() if len(value) <= _MAX_STATE_LENGTH}

    def fail(self, span: Span, why: str) -> None:
        """Mark a span as failed."""
        span.set_status(StatusCode.ERROR, why)

    def close(self) -> None:
        """Send what is left, for 5 s at most: the SDK would try for 30 s where nothing answers."""
        run_within(_CLOSE_SECONDS, self._provider.shutdown)


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Attributes under the name of the product: `job_id` is `cropshield.job_id`."""
    return {f"cropshield.{name}": value for name, value in attributes.items()}
