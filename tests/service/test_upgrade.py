"""Processes that meet jobs, weights and state of another version."""

import json
from pathlib import Path

import pytest

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.records.job import ModelFacts, State
from jobs.redis.connections import connect
from jobs.redis.keyspace import SCHEMA, SCHEMA_KEY
from models.catalog import Catalog
from tests.jobs.conftest import JobHarness, a_job
from tests.service.conftest import START_SECONDS, Service, until
from tests.service.recorded_state import restore

pytestmark = pytest.mark.service
STATES = Path(__file__).parent / "states"
STORE = "the job store cannot be used: "


def test_a_job_that_waited_through_an_upgrade_says_what_it_was_run_with(
    service: Service, leaf_jpeg: bytes
) -> None:
    harness = JobHarness(service.redis_url)
    before = ModelFacts(id="cropshield_cnn", version="0", weights_sha256="00")
    job = a_job().model_copy(update={"model": before})
    DiskBlobs(service.home / "blobs").put(job.id, blob_names.ORIGINAL, leaf_jpeg)
    harness.ask(lambda store: store.enqueue(job))
    service.start_worker()
    until(lambda: harness.find(job.id).state.is_terminal, "the job has ended")
    ended = harness.find(job.id)
    assert ended.state is State.SUCCEEDED, ended.error
    assert ended.model == ModelFacts.of(Catalog()["cropshield_cnn"])
    assert "it was accepted for" in Path(service.log).read_text()
    harness.client.close()


@pytest.fixture(params=["0.1.0", "0.2.0"])
def old_state(service: Service, request: pytest.FixtureRequest) -> dict[str, str]:
    """Folder and Redis of a release, stopped at work; ids of jobs by how they stood."""
    with connect(service.redis_url) as client:
        restore(STATES / request.param, client, service.home)
    ids: dict[str, str] = json.loads((STATES / request.param / "ids.json").read_text())
    return ids


def test_the_state_of_a_release_is_served_and_its_jobs_are_run(
    service: Service, old_state: dict[str, str]
) -> None:
    service.start_api()
    http = service.http

    def state(name: str) -> str:
        return str(http.get(f"/v1/jobs/{old_state[name]}").json()["state"])

    assert [state(name) for name in ("succeeded", "failed", "queued", "canceled")] == [
        "succeeded",
        "failed",
        "queued",
        "canceled",
    ]
    done = f"/v1/jobs/{old_state['succeeded']}"
    for picture in ("overlay", "overlay?colormap=viridis", "heatmap", "photo", "comparison"):
        assert http.get(f"{done}/{picture}").status_code == 200, picture
    assert old_state["succeeded"] in http.get("/v1/feedback.csv").text
    assert http.get(f"/v1/batches/{old_state['batch']}").json()["progress"] == 1
    listed = http.get("/v1/jobs?client_ref=plot-7").json()["jobs"]
    assert [job["id"] for job in listed] == [old_state["succeeded"]]
    _a_resend_is_the_job_of_then(service, old_state)

    service.start_worker()
    until(lambda: state("queued") == state("running") == "succeeded", "its jobs are run")
    with connect(service.redis_url) as client:
        assert client.get(SCHEMA_KEY) == str(SCHEMA)
    assert (service.home / "blobs/.schema").read_text() == "1\n"


def _a_resend_is_the_job_of_then(service: Service, old_state: dict[str, str]) -> None:
    leaf = (STATES / "0.1.0/leaf.jpg").read_bytes()  # the same in each
    path = "/v1/jobs?top_k=1&client_ref=plot-7"
    resent = service.http.post(path, content=leaf, headers={"Idempotency-Key": "first leaf"})
    assert resent.status_code == 200
    assert resent.headers["idempotency-replayed"] == "true"
    assert resent.json()["id"] == old_state["succeeded"]


def test_a_process_that_meets_a_newer_state_says_so_and_stops(service: Service) -> None:
    processes = [service.start_api(), service.start_worker()]
    with connect(service.redis_url) as client:
        client.set(SCHEMA_KEY, SCHEMA + 1)
    for process in processes:
        process.wait(START_SECONDS)
    said = f"schema {SCHEMA + 1}, of a newer CropShield, and this one knows {SCHEMA}"
    assert service.log.read_text().count(f"this process stops: {STORE}its state has {said}") == 2
    for command in (("api", "--port", str(service.port)), ("worker",), ("serve",)):
        service.log.unlink()
        assert service.start(*command).wait(START_SECONDS) == 1
        assert said in service.log.read_text()


def test_a_photo_store_of_a_newer_version_is_not_touched(service: Service) -> None:
    blobs = service.home / "blobs"
    blobs.mkdir(parents=True)
    (blobs / ".schema").write_text("2\n")
    for command in ("api", "worker"):
        assert service.start(command).wait(START_SECONDS) == 1
        assert f"{blobs} has schema 2, of a newer CropShield" in service.log.read_text()
        service.log.unlink()
    assert [path.name for path in blobs.iterdir()] == [".schema"]
