"""The application on a real Redis, without a worker; tests take a worker's part themselves."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.errors import ExplainFailed
from jobs.ports import Claim, Outcome
from jobs.problems import job_problem_of
from jobs.records.job import State
from jobs.redis.connections import connect
from jobs.redis.queue import RedisWorkQueue
from jobs.redis.watch import JobWatch
from tests.jobs.conftest import CountingNotifier

MAPS = np.stack([np.linspace(0, 1, 196, dtype=np.float32).reshape(14, 14)] * 2)
PEAKS = (4.0, 1.0)
BOX = {"left": -0.03348, "top": -0.03348, "right": 0.96652, "bottom": 0.96652}
FAILURE = job_problem_of(ExplainFailed("")).document("the model chokes")


def _explanation(class_index: int, class_name: str, peak: float) -> dict[str, Any]:
    return {
        "class_index": class_index,
        "class_name": class_name,
        "method": "gradcam",
        "target_layer": "block4",
        "heatmap": {"width": 14, "height": 14, "peak": peak, "box": BOX},
        "is_zero": False,
        "diagnostics": {
            "focus": 0.4,
            "border_share": 0.1,
            "leaf_share": None,
            "flatness": 0.2,
            "warnings": [],
            "sentence": "The heat lies together.",
        },
    }


def _prediction(class_index: int, class_name: str, confidence: float) -> dict[str, Any]:
    crop, _, disease = class_name.partition("__")
    return {
        "class_index": class_index,
        "class_name": class_name,
        "crop": crop,
        "disease": disease,
        "confidence": confidence,
    }


RESULT: dict[str, Any] = {
    "predictions": [_prediction(25, "Tomato__blight", 0.9), _prediction(3, "Apple__scab", 0.1)],
    "explanations": [
        _explanation(25, "Tomato__blight", PEAKS[0]),
        _explanation(3, "Apple__scab", PEAKS[1]),
    ],
}


@pytest.fixture
def settings(redis_url: str, home: Path) -> ApiSettings:
    return ApiSettings(redis_url=redis_url, home=home, max_bytes=200_000, queue_bound=3)


@pytest.fixture
def client(settings: ApiSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


class FakeWorker:
    """Ends jobs as a worker would."""

    def __init__(self, settings: ApiSettings) -> None:
        self.client = connect(settings.redis_url)
        self.queue = RedisWorkQueue(self.client, CountingNotifier(), 15, 2)
        self.blobs = DiskBlobs(settings.blob_folder)

    def succeed(self, photo: bytes = b"photo") -> str:
        (claim,) = self.queue.claim(1)
        job_id, buffer = claim.job.id, io.BytesIO()
        np.save(buffer, MAPS)
        self.blobs.put(job_id, blob_names.maps_name(1), buffer.getvalue())
        for rank in range(2):
            self.blobs.put(job_id, blob_names.overlay_name(1, rank, "jpeg"), b"overlay %d" % rank)
        self.blobs.put(job_id, blob_names.PHOTO, photo)
        self.end(claim)
        return job_id

    def end(self, claim: Claim) -> None:
        self.queue.finish(claim, Outcome(State.SUCCEEDED, result=RESULT))

    def fail(self) -> str:
        (claim,) = self.queue.claim(1)
        self.queue.finish(claim, Outcome(State.FAILED, error=FAILURE))
        return claim.job.id


HaveDone = Callable[[Callable[[], object]], None]


@pytest.fixture
def once_awaited(monkeypatch: pytest.MonkeyPatch) -> Iterator[HaveDone]:
    """Has something done in another thread once a request waits for a job to change: it has read
    the job before, and a stream has told its state."""
    awaited, threads = threading.Event(), list[threading.Thread]()
    wait = JobWatch._wait_for_change

    async def noted(self: JobWatch, changed: asyncio.Event, most: float) -> None:
        awaited.set()
        await wait(self, changed, most)

    monkeypatch.setattr(JobWatch, "_wait_for_change", noted)

    def have_done(then: Callable[[], object]) -> None:
        threads.append(threading.Thread(target=lambda: awaited.wait() and then()))
        threads[-1].start()

    yield have_done
    awaited.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def fake_worker(settings: ApiSettings) -> Iterator[FakeWorker]:
    fake_worker = FakeWorker(settings)
    yield fake_worker
    fake_worker.client.close()
