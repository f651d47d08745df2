"""`/metrics`, as Prometheus reads it."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.app import create_app
from api.metrics import exposition
from api.settings import ApiSettings
from jobs.metrics import METRICS
from jobs.redis.backlog import Backlog, QueueDepth
from tests.api.conftest import FakeWorker

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Values:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(client: TestClient) -> Values:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return parsed(answer.text)


def test_everything_is_shown_before_anything_happened(client: TestClient) -> None:
    families = {
        family.name for family in text_string_to_metric_families(client.get("/metrics").text)
    }
    assert families == {metric.full_name.removesuffix("_total") for metric in METRICS.values()}


def test_a_job_is_seen_waiting_then_ended(
    client: TestClient, fake_worker: FakeWorker, leaf_jpeg: bytes
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg, params={"priority": "bulk"})
    before = scraped(client)
    assert before["cropshield_queue_jobs", (("queue", "bulk"),)] == 1
    assert before["cropshield_jobs_ended_total", (("state", "succeeded"),)] == 0
    fake_worker.succeed()
    after = scraped(client)
    assert after["cropshield_queue_jobs", (("queue", "bulk"),)] == 0
    assert after["cropshield_jobs_ended_total", (("state", "succeeded"),)] == 1


def test_requests_are_counted_by_declared_route(client: TestClient, leaf_jpeg: bytes) -> None:
    posted = client.post("/v1/jobs", content=leaf_jpeg, params={"client_ref": "secret"})
    for _ in range(2):
        client.get(posted.headers["location"])
    client.get("/secret.jpg")
    client.request("SECRET", "/livez")
    text = client.get("/metrics").text
    assert "secret" not in text.lower()
    values = parsed(text)

    def requests(method: str, route: str, status: str) -> float:
        labels = (("method", method), ("route", route), ("status", status))
        return values["cropshield_http_requests_total", labels]

    assert requests("POST", "/v1/jobs", "202") == 1
    assert requests("GET", "/v1/jobs/{job_id}", "200") == 2
    assert requests("GET", "unmatched", "404") == 1
    assert requests("other", "/livez", "405") == 1


def test_time_and_bytes_of_requests_are_counted_by_route(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    posted = client.post("/v1/jobs", content=leaf_jpeg)
    values, submit = scraped(client), ("route", "/v1/jobs")
    assert values["cropshield_http_received_bytes_total", (submit,)] == len(leaf_jpeg)
    assert values["cropshield_http_sent_bytes_total", (submit,)] == len(posted.content)
    assert values["cropshield_http_request_seconds_count", (submit,)] == 1
    assert values["cropshield_http_request_seconds_bucket", (("le", "300"), submit)] == 1
    assert values["cropshield_http_request_seconds_sum", (submit,)] > 0


def test_all_api_processes_show_the_same(settings: ApiSettings, client: TestClient) -> None:
    client.get("/livez")
    labels = (("method", "GET"), ("route", "/livez"), ("status", "200"))
    scraped(client)
    with TestClient(create_app(settings)) as other:
        assert scraped(other)["cropshield_http_requests_total", labels] == 1


def test_without_redis_the_answer_says_so_and_nothing_else(home: Path) -> None:
    settings = ApiSettings(redis_url=f"unix://{home}/none.sock", home=home)
    with TestClient(create_app(settings)) as client:
        assert scraped(client) == {("cropshield_redis_up", ()): 0}


def test_buckets_of_a_histogram_accumulate() -> None:
    saved = {"batch_photos|0": "2", "batch_photos|3": "1", "batch_photos|9": "1"}
    queue = QueueDepth(0, 0)
    now = Backlog(0, 0, {"retry": queue, "interactive": queue, "bulk": queue})
    values = parsed(exposition(saved | {"batch_photos|sum": "310"}, now).decode())
    at = {le: values["cropshield_batch_photos_bucket", (("le", le),)] for le in ("1", "8", "+Inf")}
    assert at == {"1": 2, "8": 3, "+Inf": 4}
    assert values["cropshield_batch_photos_count", ()] == 4
    assert values["cropshield_batch_photos_sum", ()] == 310


def test_metrics_are_not_in_the_openapi_document(client: TestClient) -> None:
    assert "/metrics" not in client.get("/openapi.json").json()["paths"]
