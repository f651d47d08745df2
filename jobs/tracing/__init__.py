"""Traces by OpenTelemetry: one for each photo, from the client's `traceparent` to its webhook.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set: nothing here imports OpenTelemetry then, and
stores, queue and steps are as they are, since it wraps them from outside.
`api/tracing.py` and `workers/tracing.py` say around what.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.tracing.tracer import Tracer

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOL, _ONLY = "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"


class TracingUnavailable(Exception):
    """Traces are asked for, and cannot be sent; the message says what to do."""


def open_tracer(service: str) -> "Tracer | None":
    """What makes and sends the spans of this process, `service`; None where none are asked for.

    Raises TracingUnavailable for an endpoint that is no address, another protocol, or without the
    packages of the extra `otel`.
    """
    given = {name: os.environ.get(name, "") for name in _ENDPOINTS}
    name = next(filter(given.get, _ENDPOINTS), None)
    if name is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    _check(name, given[name])
    try:
        from jobs.tracing.tracer import Tracer
    except ImportError as error:
        raise TracingUnavailable(
            f"{name} is set, and what sends traces is not installed ({error}): "
            "pip install 'cropshield[otel]'"
        ) from error
    return Tracer(service)


def _check(name: str, endpoint: str) -> None:
    if not endpoint.startswith(("http://", "https://")):
        raise TracingUnavailable(
            f"{name}={endpoint}: it begins with neither http:// nor https://, as in "
            "http://127.0.0.1:4318"
        )
    protocol = os.environ.get(_PROTOCOL) or _ONLY
    if protocol != _ONLY:
        raise TracingUnavailable(f"{_PROTOCOL}={protocol}: traces are sent by {_ONLY} alone")
