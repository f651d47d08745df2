"""The process as it is put together."""

import subprocess
import sys

from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from jobs.blobs import blob_names
from jobs.records.job import new_id
from jobs.redis import keyspace
from tests.api.conftest import FakeWorker


def test_the_api_process_never_loads_torch() -> None:
    script = (
        "import sys, api.app, api.settings\n"
        "api.app.create_app(api.settings.ApiSettings())\n"
        "print(sorted({'torch', 'torchvision', 'cv2', 'engine', 'workers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_what_is_over_is_erased_while_the_api_runs(
    settings: ApiSettings, fake_worker: FakeWorker
) -> None:
    ended, expired = new_id(), new_id()
    for job_id in (ended, expired):
        fake_worker.blobs.put_all(job_id, {blob_names.ORIGINAL: b"1", blob_names.PHOTO: b"2"})
    fake_worker.client.sadd(keyspace.ENDED, ended)
    fake_worker.client.set(keyspace.GONE + expired, 1)
    with TestClient(create_app(settings)) as client:
        left = {(expired, blob_names.PHOTO), (ended, blob_names.ORIGINAL)}
        while any(fake_worker.blobs.has(*each) for each in left):  # as long as a test may take
            assert client.get("/livez").status_code == 200
    assert fake_worker.blobs.has(ended, blob_names.PHOTO)
