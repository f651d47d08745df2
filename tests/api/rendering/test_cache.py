"""Pictures that many ask for at once, and pictures of different sizes."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from api.rendering import cache
from api.rendering.renderer import Renderer
from pictures.drawn_leaves.leaves import draw_leaf
from tests.api.conftest import FakeWorker

LARGE = {"size": "original", "format": "png"}


@pytest.fixture
def done(client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker) -> str:
    """Path of a succeeded job."""
    client.post("/v1/jobs", content=leaf_jpeg)
    photo = io.BytesIO()
    draw_leaf("spots", seed=3).photo.save(photo, "JPEG")
    return f"/v1/jobs/{fake_worker.succeed(photo.getvalue())}"


class HeldUp:
    """A renderer whose overlays wait until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go_on, self.count = threading.Event(), threading.Event(), 0
        overlay = Renderer.overlay

        def held(*of: Any) -> bytes:
            self.count += 1
            self.begun.set()
            assert self.go_on.wait(60)
            return overlay(*of)

        monkeypatch.setattr(Renderer, "overlay", held)


def test_a_small_answer_never_waits_for_large_ones(
    client: TestClient, done: str, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_SMALL_PIXELS", 1000)
    held = HeldUp(monkeypatch)
    with ThreadPoolExecutor() as pool:
        large = [
            pool.submit(client.get, f"{done}/overlay", params=LARGE | {"alpha": part / 10})
            for part in range(4)
        ]
        assert held.begun.wait(60)
        assert client.get(f"{done}/heatmap").status_code == 200
        assert client.get(f"{done}/comparison").status_code == 200
        submitted = client.post("/v1/jobs?top_k=5", content=leaf_jpeg)
        assert submitted.status_code == 202
        held.go_on.set()
        assert [answer.result().status_code for answer in large] == [200] * 4


def test_a_picture_is_drawn_once_for_all_who_ask(
    client: TestClient, done: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldUp(monkeypatch)
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(client.get, f"{done}/overlay", params=LARGE) for _ in range(4)]
        assert held.begun.wait(60)
        held.go_on.set()
        assert len({answer.result().content for answer in answers}) == 1
    client.get(f"{done}/overlay", params=LARGE)
    assert held.count == 1


def test_a_picture_of_too_many_pixels_is_422_and_says_how_many_may_be(
    client: TestClient, fake_worker: FakeWorker, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (6000, 5000)).save(photo, "PNG")
    client.post("/v1/jobs", content=photo.getvalue())
    path = f"/v1/jobs/{fake_worker.succeed(leaf_jpeg)}/overlay"
    answer = client.get(path, params={"size": "original"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "size")
    assert "6,000 x 5,000" in answer.json()["detail"]
    assert "25,000,000" in answer.json()["detail"]
    assert client.get(path, params={"size": "3000"}).status_code == 200
