"""While a release rolls, an API works with workers of another version: out of two checkouts."""

import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import ROOT, WAIT, Service
from tests.service.test_photo_to_overlay import jpeg

pytestmark = pytest.mark.service
RELEASE = Path(__file__).parent / "states/0.2.0/code.tar.xz"
"""The code of the last release: `git archive` without models, fonts and `web/vendor`."""
NEWER_KEYS = re.compile(r"^temperature_(rise|spread) = .*\n", re.MULTILINE)
"""What cards hold since then, which that release refuses."""
PICTURES = ("overlay", "heatmap", "photo", "comparison")
_CODE = shutil.ignore_patterns("*.py", "__pycache__")
OPTIONS = (
    "top_k=2&class_index=7&colormap=viridis&overlay_format=png",
    "method=layercam&client_ref=plot-7&priority=bulk&ttl=600",
    "model=efficientnet_b0",
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last release, kept as a file since a clone may have no history; with the
    models of this one, which are too large to be kept twice."""
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(RELEASE) as archive:
        archive.extractall(folder, filter="data")
    for part in ("models", "pictures/fonts", "web/vendor"):
        shutil.copytree(ROOT / part, folder / part, ignore=_CODE, dirs_exist_ok=True)
    for card in (folder / "models/cards").glob("*.toml"):
        card.write_text(re.sub(NEWER_KEYS, "", card.read_text()))
    return folder


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
    assert sent.is_success, sent.text
    return service.end_of(f"/v1/jobs/{sent.json()['id']}")


def _its_pictures_are_there(service: Service, job: dict[str, Any]) -> None:
    for name in PICTURES:
        assert service.http.get(job["links"][name]).status_code == 200, name
    drawn = service.http.get(f"{job['links']['overlay']}?colormap=inferno&alpha=0.7")
    assert drawn.status_code == 200
