"""What makes and sends spans: whatever a client or a receiver does."""

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jobs.tracing import open_tracer
from jobs.tracing.tracer import Tracer

TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"


class SilentReceiver:
    """It takes spans and never answers."""

    def __init__(self) -> None:
        self.asked, self.released = threading.Event(), threading.Event()
        silent = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                silent.asked.set()
                silent.released.wait()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[SilentReceiver]:
    receiver = SilentReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def tracer(receiver: SilentReceiver, monkeypatch: pytest.MonkeyPatch) -> Tracer:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
    tracer = open_tracer("test")
    assert tracer is not None
    return tracer


def test_a_receiver_that_does_not_answer_keeps_no_process_from_ending(
    tracer: Tracer, receiver: SilentReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.tracing.tracer._CLOSE_SECONDS", 1)
    ended, shutdown = threading.Event(), tracer._provider.shutdown

    def noted() -> None:
        shutdown()
        ended.set()

    monkeypatch.setattr(tracer._provider, "shutdown", noted)
    for _ in range(2000):  # several exports
        tracer.begin("span", {}).end()
    assert receiver.asked.wait(300)
    tracer.close()
    assert not ended.is_set(), "it waited as long as the SDK does: for 30 s"


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": "secret"},
        {"traceparent": TRACEPARENT + "x" * 1000},
        {"traceparent": TRACEPARENT, "tracestate": "secret=\xfc"},
        {"traceparent": TRACEPARENT, "tracestate": "a=1,a=1,no member,secret"},
        {"traceparent": TRACEPARENT, "tracestate": "a=" + "1" * 250 + ",b=" + "2" * 10_000},
    ],
)
def test_a_wrong_header_is_neither_logged_nor_carried_on(
    tracer: Tracer, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    with caplog.at_level(logging.DEBUG), tracer.within(tracer.begin("request", headers)):
        assert set(tracer.trace()) <= {"traceparent"}
    assert caplog.records == []


def test_a_long_trace_state_is_not_carried_on(tracer: Tracer) -> None:
    long = ",".join(f"v{number}={'1' * 30}" for number in range(30))
    headers = {"traceparent": TRACEPARENT, "tracestate": long}
    with tracer.within(tracer.begin("request", headers)):
        assert tracer.trace()["traceparent"].split("-")[1] == "a" * 32
        assert set(tracer.trace()) == {"traceparent"}
