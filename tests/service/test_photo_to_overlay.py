"""From a photo to its overlay, through real processes."""

import io
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import draw_leaf
from pictures.scenes import draw_scene
from tests.service.conftest import START_SECONDS, WAIT, Service, until

pytestmark = pytest.mark.service


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_leaf("blight", seed=seed).photo.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def test_photos_are_explained_and_none_is_lost_when_the_worker_goes(service: Service) -> None:
    service.environment["CROPSHIELD_LEASE_SECONDS"] = "5"
    service.start_api()
    worker = service.start_worker()
    _a_photo_comes_back_explained(service)
    _the_same_photo_again_is_answered_at_once(service)
    _a_document_and_noise_are_not_taken_for_leaves(service)
    _a_bad_photo_fails_alone(service)
    _many_at_once_all_succeed(service)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    assert service.workers() == 0
    _a_job_waits_for_the_next_worker(service)
    _a_killed_workers_jobs_are_done_by_the_next(service)


def _a_photo_comes_back_explained(service: Service) -> None:
    answer = service.http.post("/v1/jobs?top_k=2&class_index=7", content=jpeg(1), headers=WAIT)
    job = answer.json()
    assert answer.status_code == 200, job
    assert job["state"] == "succeeded"
    names = Catalog()["cropshield_cnn"].class_names
    best = job["result"]["predictions"][0]
    assert best["class_name"] == names[best["class_index"]]
    assert best["crop"] == best["class_name"].split("__")[0]
    assert 0 < best["confidence"] <= 1
    explained = [found["class_index"] for found in job["result"]["explanations"]]
    assert explained[0] == best["class_index"]
    assert 7 in explained
    assert {"queued", "decode", "inference", "explain", "render", "total"} <= set(job["timings_ms"])
    _pictures_fit(service, job["links"])
    assert not list(service.home.rglob("*.original"))


def _a_document_and_noise_are_not_taken_for_leaves(service: Service) -> None:
    for kind in ("document", "noise"):
        draw_scene(kind, 1, (640, 480)).save(picture := io.BytesIO(), "JPEG", quality=85)
        job = service.http.post("/v1/jobs", content=picture.getvalue(), headers=WAIT).json()
        assert job["result"]["verdict"] in ("unknown", "not_a_leaf"), kind
        assert job["result"]["score"] < Catalog()["cropshield_cnn"].doubt.unknown  # type: ignore[union-attr]
        assert job["model"]["calibration"]


def _pictures_fit(service: Service, links: dict[str, str]) -> None:
    heat = np.asarray(Image.open(io.BytesIO(service.http.get(links["heatmap"]).content)))
    assert heat.shape == (16, 16)
    assert heat.max() == 255
    photo = Image.open(io.BytesIO(service.http.get(links["photo"]).content))
    overlay = Image.open(io.BytesIO(service.http.get(links["overlay"]).content))
    assert photo.size == overlay.size == (640, 480)
    moved = np.abs(np.asarray(photo, np.int16) - np.asarray(overlay, np.int16))
    assert moved.mean() > 10


def _a_bad_photo_fails_alone(service: Service) -> None:
    half = jpeg(2)
    paths = [
        service.http.post("/v1/jobs", content=data).headers["Location"]
        for data in (jpeg(3), half[: len(half) // 2], jpeg(4))
    ]
    ended = [service.end_of(path) for path in paths]
    assert [job["state"] for job in ended] == ["succeeded", "failed", "succeeded"]
    assert ended[1]["error"]["type"] == "/problems/undecodable-photo"


def _the_same_photo_again_is_answered_at_once(service: Service) -> None:
    again = service.http.post("/v1/jobs?top_k=2&class_index=7", content=jpeg(1))
    assert again.status_code == 200
    assert again.json()["cached"] is True
    _pictures_fit(service, again.json()["links"])


def _many_at_once_all_succeed(service: Service) -> None:
    data = jpeg(5)
    paths = [submit(service, data) for _ in range(40)]
    assert {service.end_of(path)["state"] for path in paths} == {"succeeded"}


def _a_job_waits_for_the_next_worker(service: Service) -> None:
    path = service.http.post("/v1/jobs", content=jpeg(6)).headers["Location"]
    assert service.http.get(path, headers={"Prefer": "wait=1"}).json()["state"] == "queued"
    service.start_worker()
    assert service.end_of(path)["state"] == "succeeded"


def _a_killed_workers_jobs_are_done_by_the_next(service: Service) -> None:
    data, victim = jpeg(7), service.worker
    victim.send_signal(signal.SIGSTOP)
    paths = [submit(service, data) for _ in range(60)]
    hold_up(service, paths[0])
    victim.send_signal(signal.SIGCONT)
    until(lambda: state(service, paths[0]) == "running", "a job is taken")
    victim.kill()
    victim.wait()
    photos(service).put(id_of(paths[0]), blob_names.ORIGINAL, data)
    service.start_worker()
    ended = [service.end_of(path) for path in paths]
    assert {job["state"] for job in ended} == {"succeeded"}
    assert max(job["attempts"] for job in ended) == 2


def submit(service: Service, photo: bytes) -> str:
    """Path of a new job that is really run, also when the photo was explained before."""
    headers = {"Cache-Control": "no-cache"}
    return service.http.post("/v1/jobs", content=photo, headers=headers).headers["Location"]


def state(service: Service, path: str) -> str:
    return str(service.http.get(path).json()["state"])


def photos(service: Service) -> DiskBlobs:
    return DiskBlobs(service.home / "blobs")


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


def hold_up(service: Service, path: str) -> Path:
    """Replace the photo of a queued job by a pipe: who claims the job has it in hand until somebody
    writes a photo to the pipe, which is returned."""
    pipe = photos(service)._path(id_of(path), blob_names.ORIGINAL)
    pipe.unlink()
    os.mkfifo(pipe)
    return pipe
