"""One trace from the client's request to its webhook, sent to a receiver by real processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.print_traces import ReceivedSpan, Receiver, tree
from tests.contract.test_webhooks import Receiver as WebhookReceiver
from tests.contract.test_webhooks import add_secret
from tests.docs.pages import ROOT, blocks
from tests.service.conftest import START_SECONDS, WAIT, Service, until
from tests.service.test_photo_to_overlay import jpeg

pytestmark = pytest.mark.service
TRACE, CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{CLIENT}-01", "tracestate": "vendor=1"}
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
Shape = dict[str, "Shape"]
SHAPE: Shape = {
    "POST /v1/jobs": {
        "store": {},
        "enqueue": {},
        "job": {
            "queued": {},
            "claim": {},
            "decode": {"fetch": {}},
            "inference": {},
            "explain": {},
            "describe": {},
            "draw": {},
            "store": {},
            "record": {},
        },
        "webhook": {},
    }
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def callback() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def traced(service: Service, receiver: Receiver) -> Service:
    """API and worker, which send their spans at once."""
    service.environment |= {
        ENDPOINT: receiver.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "CROPSHIELD_WEBHOOK_TARGETS": "any",
    }
    add_secret(service.redis_url)
    service.start_api()
    service.start_worker()
    return service


def test_one_trace_goes_from_the_clients_request_to_its_webhook(
    traced: Service, receiver: Receiver, callback: WebhookReceiver
) -> None:
    path = f"/v1/jobs?callback_url={callback.url}"
    answer = traced.http.post(path, content=jpeg(1), headers=TRACEPARENT | WAIT)
    assert answer.json()["state"] == "succeeded", answer.text
    spans = _trace(receiver, {"job", "webhook"})
    (root,) = (span for span in spans if span.name == "POST /v1/jobs")
    assert root.parent == CLIENT
    assert _below(spans, CLIENT) == SHAPE
    assert {span.service for span in spans} == {"cropshield-api", "cropshield-worker"}
    assert not any(span.failed for span in spans)
    _a_batch_is_linked_with_its_job(receiver, spans)
    _the_webhook_carries_the_trace(callback, spans)
    _a_span_tells_what_it_is_of_and_no_secret(root, spans, answer.json()["id"])
    _a_result_that_was_there_already_is_told_in_the_trace_of_its_own_request(traced, receiver, path)
    _a_photo_that_cannot_be_decoded_fails_its_spans(traced, receiver)
    _the_docs_show_such_a_tree(spans)


def _trace(receiver: Receiver, last: set[str], trace: str = TRACE) -> list[ReceivedSpan]:
    """The spans of a trace, once those have come that end last in each process."""

    def spans() -> list[ReceivedSpan]:
        return [span for span in receiver.spans() if span.trace == trace]

    def is_complete() -> bool:
        return last | {"POST /v1/jobs"} <= {span.name for span in spans()}

    until(is_complete, f"the trace has {last}")
    return spans()


def _below(spans: list[ReceivedSpan], parent: str) -> Shape:
    return {span.name: _below(spans, span.id) for span in spans if span.parent == parent}


def _a_batch_is_linked_with_its_job(receiver: Receiver, spans: list[ReceivedSpan]) -> None:
    (job,) = (span for span in spans if span.name == "job")
    until(lambda: any(span.name == "batch" for span in receiver.spans()), "its batch has come")
    (batch,) = (span for span in receiver.spans() if span.name == "batch")
    assert batch.links == (job.id,)
    assert batch.trace != TRACE
    assert batch.attributes["cropshield.photos"] == 1
    of_model = [span for span in spans if span.name in ("inference", "explain")]
    assert [span.links for span in of_model] == [(batch.id,)] * 2


def _the_webhook_carries_the_trace(callback: WebhookReceiver, spans: list[ReceivedSpan]) -> None:
    (span,) = (span for span in spans if span.name == "webhook")
    (headers, _), *_ = callback.got
    assert headers["traceparent"] == f"00-{TRACE}-{span.id}-01"
    assert headers["tracestate"] == "vendor=1"
    assert span.attributes["http.response.status_code"] == 204


def _a_span_tells_what_it_is_of_and_no_secret(
    root: ReceivedSpan, spans: list[ReceivedSpan], job_id: str
) -> None:
    assert root.attributes["http.response.status_code"] == 200
    assert root.attributes["http.route"] == "/v1/jobs"
    of_job = {span.attributes.get("cropshield.job_id") for span in spans}
    assert of_job == {None, job_id}
    assert not any("leaf" in str(value) for span in spans for value in span.attributes.values())


def _a_result_that_was_there_already_is_told_in_the_trace_of_its_own_request(
    service: Service, receiver: Receiver, path: str
) -> None:
    second = "2" * 32
    headers = {"traceparent": f"00-{second}-{CLIENT}-01"}
    assert service.http.post(path, content=jpeg(1), headers=headers).json()["cached"]
    names = {span.name for span in _trace(receiver, {"webhook"}, second)}
    assert names == {"POST /v1/jobs", "enqueue", "fetch", "store", "webhook"}


def _a_photo_that_cannot_be_decoded_fails_its_spans(service: Service, receiver: Receiver) -> None:
    other = TRACE[::-1]
    headers = {"traceparent": f"00-{other}-{CLIENT}-01"} | WAIT
    answer = service.http.post("/v1/jobs", content=jpeg(2)[:3000], headers=headers)
    assert answer.json()["state"] == "failed"
    failed = {span.name for span in _trace(receiver, {"job"}, other) if span.failed}
    assert failed == {"decode", "job"}


def _the_docs_show_such_a_tree(spans: list[ReceivedSpan]) -> None:
    """Times differ, and what of two threads begins first; the spans, and what is part of what, do
    not."""
    shown = blocks(ROOT / "docs/how-to/trace-a-photo.md", "text")[0].strip().splitlines()
    real = tree(spans).splitlines()
    assert sorted(map(_untimed, shown[1:])) == sorted(map(_untimed, real))


def _untimed(line: str) -> str:
    return " ".join(line.split()[:-2])


PLAIN = """
import sys
from api.app import create_app
from api.settings import ApiSettings
from workers.app import make_steps
from workers.settings import WorkerSettings

app = create_app(ApiSettings())
jobs = app.state.services.jobs
print(type(jobs.store).__name__, type(jobs.blobs).__name__)
print(*[middleware.cls.__name__ for middleware in app.user_middleware])
queue, steps = make_steps(None, jobs, jobs.blobs, None, None, WorkerSettings())
print(queue is jobs, type(steps).__name__)
traces = "opentelemetry.sdk.trace", "opentelemetry.exporter", "jobs.tracing.tracer"
print(*[name for name in sys.modules if name.startswith(traces)])
"""


def test_where_no_traces_are_asked_for_nothing_is_wrapped_and_no_sdk_is_loaded(
    redis_url: str, home: Path
) -> None:
    """FastAPI and redis-py load parts of OpenTelemetry by themselves, where they are installed."""
    environment = {name: value for name, value in os.environ.items() if name != ENDPOINT}
    environment |= {"CROPSHIELD_HOME": str(home), "CROPSHIELD_REDIS_URL": redis_url}
    run = [sys.executable, "-c", PLAIN]
    said = subprocess.run(run, capture_output=True, text=True, check=True, env=environment)
    stores, middleware, worker, loaded = said.stdout.split("\n")[:4]
    assert stores == "RedisJobStore DiskBlobs"
    assert "RequestIdMiddleware" in middleware
    assert "TracingMiddleware" not in middleware
    assert worker == "True JobSteps"
    assert loaded == ""


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_process_that_cannot_send_the_traces_asked_for_says_what_to_do(
    service: Service, command: str
) -> None:
    service.environment[ENDPOINT] = "localhost:4317"
    assert service.start(command).wait(START_SECONDS) == 1
    assert f"{ENDPOINT}=localhost:4317: it begins with neither" in service.log.read_text()
    service.environment[ENDPOINT] = "http://localhost:4318"
    service.environment["PYTHONPATH"] = f"{_without_sdk(service.home)}:{ROOT}"
    assert service.start(command).wait(START_SECONDS) == 1
    said = service.log.read_text()
    assert f"{ENDPOINT} is set, and what sends traces is not installed" in said
    assert "pip install 'cropshield[otel]'" in said


def _without_sdk(home: Path) -> Path:
    """A folder whose modules hide the SDK from a process, as if it were not installed."""
    folder = home.with_suffix(".hidden")
    folder.mkdir()
    program = "import sys; sys.modules['opentelemetry.sdk'] = None\n"
    (folder / "sitecustomize.py").write_text(program)
    return folder
