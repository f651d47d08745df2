"""POST /v1/jobs/{id}/feedback and GET /v1/feedback.csv."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.settings import ApiSettings
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from models.catalog import Catalog
from tests.api.conftest import RESULT, FakeWorker

SPOT, HEALTHY = "Tomato__bacterial_spot", "Tomato__healthy"
CLASSES = Catalog()["cropshield_cnn"].class_names
SPOTTED: dict[str, Any] = {"class_name": SPOT, "class_index": CLASSES.index(SPOT)}


def explain(fake_worker: FakeWorker, **best_class: Any) -> None:
    """End the next job as a spotted tomato leaf."""
    (claim,) = fake_worker.queue.claim(1)
    best = RESULT["predictions"][0] | {"confidence": 0.875, **SPOTTED, **best_class}
    result = RESULT | {"predictions": [best], "explanations": []}
    fake_worker.queue.finish(claim, Outcome(State.SUCCEEDED, result=result))


@pytest.fixture
def path(client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker) -> str:
    """Of a succeeded job."""
    found = client.post("/v1/jobs?client_ref=row-7", content=leaf_jpeg).headers["Location"]
    explain(fake_worker)
    return found


def give(client: TestClient, path: str, **opinion: Any) -> Any:
    return client.post(f"{path}/feedback", json=opinion)


def table(client: TestClient) -> list[dict[str, str]]:
    answer = client.get("/v1/feedback.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_who_agrees_confirms_the_prediction(client: TestClient, path: str) -> None:
    answer = give(client, path, agree=True)
    assert answer.status_code == 201
    assert answer.json()["class_name"] == SPOT
    (row,) = table(client)
    assert (row["predicted"], row["class_name"], row["agree"]) == (SPOT, SPOT, "True")
    assert (row["confidence"], row["client_ref"]) == ("0.875", "row-7")
    assert row["job_id"] in path
    assert row["photo"] == f"{path}/photo"
    assert row["photo_sha256"] == client.get(path).json()["image"]["sha256"]
    assert datetime.fromisoformat(row["given_at"]).tzinfo


def test_who_disagrees_may_name_the_right_class(client: TestClient, path: str) -> None:
    assert give(client, path, agree=False, class_name=HEALTHY).json()["class_name"] == HEALTHY
    names = client.get("/v1/models/cropshield_cnn").json()["classes"]
    assert give(client, path, agree=False, class_index=2).json()["class_name"] == names[2]
    assert give(client, path, agree=False).json()["class_name"] is None


def test_the_last_opinion_about_a_job_counts(client: TestClient, path: str) -> None:
    give(client, path, agree=True)
    give(client, path, agree=False, class_name=HEALTHY, note="looked again")
    (row,) = table(client)
    assert (row["class_name"], row["note"]) == (HEALTHY, "looked again")


@pytest.mark.parametrize(
    ("opinion", "problem"),
    [
        ({}, "invalid-request"),
        ({"agree": True, "class_name": HEALTHY}, "invalid-request"),
        ({"agree": False, "class_name": HEALTHY, "class_index": 1}, "invalid-request"),
        ({"agree": False, "note": "x" * 1001}, "invalid-request"),
        ({"agree": False, "class_index": False}, "invalid-request"),
        ({"agree": False, "class_index": True}, "invalid-request"),
        ({"agree": False, "class_index": "1"}, "invalid-request"),
        ({"agree": False, "class_index": -1}, "invalid-request"),
        ({"agree": 0}, "invalid-request"),
        ({"agree": "yes"}, "invalid-request"),
        ({"agree": False, "class_name": "Tomato__sunburn"}, "unknown-class"),
        ({"agree": False, "class_index": 99}, "unknown-class"),
    ],
)
def test_a_wrong_opinion_is_422_and_not_kept(
    client: TestClient, path: str, opinion: dict[str, Any], problem: str
) -> None:
    answer = give(client, path, **opinion)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}")
    assert table(client) == []


def run_by_another_model(fake_worker: FakeWorker, path: str, **facts: str) -> None:
    """As after an upgrade."""
    key = keyspace.JOB + path.rpartition("/")[2]
    model = json.loads(str(fake_worker.client.hget(key, "model"))) | facts
    fake_worker.client.hset(key, "model", json.dumps(model))


def test_a_class_index_is_that_of_the_model_that_the_job_was_run_with(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    run_by_another_model(fake_worker, path, version="9", weights_sha256="00")
    answer = give(client, path, agree=False, class_index=2)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-class")
    assert "class 2 is cannot be told: cropshield_cnn 9" in answer.json()["detail"]
    own = give(client, path, agree=False, class_index=SPOTTED["class_index"])
    assert own.json()["class_name"] == SPOT, "the result tells it"
    assert give(client, path, agree=False, class_name=HEALTHY).status_code == 201


def test_a_class_index_of_a_list_that_was_renumbered_is_refused(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    explain(fake_worker, class_index=0)
    assert give(client, path, agree=False, class_index=2).status_code == 422
    assert give(client, path, agree=False, class_index=0).json()["class_name"] == SPOT


def test_jobs_of_a_model_that_is_gone_can_be_judged(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    run_by_another_model(fake_worker, path, id="gone")
    assert give(client, path, agree=True).json()["class_name"] == SPOT
    assert give(client, path, agree=False).status_code == 201
    assert give(client, path, agree=False, class_name=SPOT).status_code == 201
    for right in ({"class_name": HEALTHY}, {"class_index": 2}):
        answer = give(client, path, agree=False, **right)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-class")
        assert "gone" in answer.json()["detail"]


def test_what_has_not_succeeded_cannot_be_judged(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    waiting = give(client, path, agree=True)
    assert (waiting.status_code, waiting.json()["type"]) == (409, "/problems/job-not-ready")
    fake_worker.fail()
    failed = give(client, path, agree=True)
    assert (failed.status_code, failed.json()["type"]) == (409, "/problems/nothing-to-judge")
    assert give(client, "/v1/jobs/nope", agree=True).status_code == 404


def test_a_spreadsheet_runs_nothing(client: TestClient, path: str) -> None:
    for note in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1"):
        give(client, path, agree=True, note=note)
        assert table(client)[0]["note"] == f"'{note}"
    give(client, path, agree=True, note="a;=1+1")
    assert table(client)[0]["note"] == "a;'=1+1"
    note = 'a, "b"\nc = d'
    give(client, path, agree=True, note=note)
    assert table(client)[0]["note"] == note


def test_excel_reads_the_letters_of_a_note(client: TestClient, path: str) -> None:
    give(client, path, agree=True, note="Frühfäule टमाटर")
    assert client.get("/v1/feedback.csv").content.startswith(b"\xef\xbb\xbfjob_id,")
    assert table(client)[0]["note"] == "Frühfäule टमाटर"


def test_feedback_outlives_its_job_without_a_link_to_the_photo(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    give(client, path, agree=True)
    fake_worker.client.delete(keyspace.JOB + path.rpartition("/")[2])
    (row,) = table(client)
    assert (row["class_name"], row["photo"]) == (SPOT, "")


def test_erasing_the_photo_takes_its_link_from_the_table(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    give(client, path, agree=True)
    fake_worker.client.hset(keyspace.JOB + path.rpartition("/")[2], "erased", 1)
    (row,) = table(client)
    assert (row["class_name"], row["photo"]) == (SPOT, "")


def test_more_feedback_than_a_page_comes_in_order(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.redis.feedback._PAGE", 2)
    paths = []
    for number in range(5):
        answer = client.post(f"/v1/jobs?client_ref={number}&top_k={number + 1}", content=leaf_jpeg)
        paths.append(answer.headers["Location"])
        explain(fake_worker)
    for path in reversed(paths):
        give(client, path, agree=True)
    assert [row["client_ref"] for row in table(client)] == ["4", "3", "2", "1", "0"]


class TestKept:
    @pytest.fixture
    def settings(self, settings: ApiSettings) -> ApiSettings:
        return settings.model_copy(update={"feedback_days": 1e-5})

    def test_feedback_is_forgotten_when_its_days_are_over(
        self, client: TestClient, path: str, fake_worker: FakeWorker
    ) -> None:
        give(client, path, agree=True)
        left = fake_worker.client.pttl(f"{keyspace.PREFIX}feedback:local")
        assert isinstance(left, int)
        assert left <= 864
