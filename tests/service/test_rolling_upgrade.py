"""While a release rolls, an API works with workers of another version: out of two checkouts."""

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import ROOT, Service
from tests.service.test_photo_to_overlay import WAIT, jpeg

pytestmark = pytest.mark.service
RELEASE = "c4b096a275f0"  # 0.2.0
CODE = ("api", "cli", "engine", "jobs", "models", "pictures", "web", "workers", "pyproject.toml")
PICTURES = ("overlay", "heatmap", "photo", "comparison")
OPTIONS = (
    "top_k=2&class_index=7&colormap=viridis&overlay_format=png",
    "method=layercam&client_ref=plot-7&priority=bulk&ttl=600",
    "model=efficientnet_b0",
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last release. A shallow clone has no history, nor has an archive: they skip
    this, as `make check` skips the subjects of commits; the recorded states are tried there too."""
    if _git("cat-file", "-e", RELEASE).returncode:
        assert _git("rev-parse", "--is-shallow-repository").stdout.strip() != b"false"
        pytest.skip(f"the history here does not reach back to {RELEASE}")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(_git("archive", RELEASE, *CODE).stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)


@pytest.mark.parametrize("older", ["api", "worker"])
def test_photos_are_explained_between_two_releases(
    service: Service, release: Path, older: str
) -> None:
    service.start_api(release if older == "api" else ROOT)
    service.start_worker(code=release if older == "worker" else ROOT)
    for seed, options in enumerate(OPTIONS):
        job = _post(service, jpeg(seed), options)
        assert job["state"] == "succeeded", job
        assert job["result"]["verdict"]
        _its_pictures_are_there(service, job)
    failed = _post(service, jpeg(9)[:3000])
    assert (failed["state"], failed["error"]["type"]) == ("failed", "/problems/undecodable-photo")
    listed = service.http.get("/v1/jobs").json()["jobs"]
    assert [job["state"] for job in listed] == ["failed", *["succeeded"] * len(OPTIONS)]
    assert len(service.http.get("/v1/jobs?client_ref=plot-7").json()["jobs"]) == 1
    assert service.http.delete(f"/v1/jobs/{listed[0]['id']}").status_code == 200


def _post(service: Service, photo: bytes, options: str = "") -> dict[str, Any]:
    """The job, as it is told after its end."""
    sent = service.http.post(f"/v1/jobs?{options}", content=photo, headers=WAIT)
    assert sent.status_code == 200, sent.text
    job: dict[str, Any] = service.http.get(f"/v1/jobs/{sent.json()['id']}").json()
    return job


def _its_pictures_are_there(service: Service, job: dict[str, Any]) -> None:
    for name in PICTURES:
        assert service.http.get(job["links"][name]).status_code == 200, name
    drawn = service.http.get(f"{job['links']['overlay']}?colormap=inferno&alpha=0.7")
    assert drawn.status_code == 200
