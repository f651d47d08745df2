"""A worker process that serves other weights than a job was accepted for."""

from pathlib import Path

import pytest

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.records.job import ModelFacts, State
from models.catalog import Catalog
from tests.jobs.conftest import JobHarness, a_job
from tests.service.conftest import Service, until

pytestmark = pytest.mark.service


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
