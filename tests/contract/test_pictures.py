"""Overlay, heatmap, comparison, photo: every variant, and how they are sent."""

import hashlib
import io
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from starlette.testclient import TestClient

from api.schemas.jobs import RawMap
from jobs.redis import keyspace
from pictures.maps import WHOLE, Box
from pictures.rendering.blend import colourise, upsample
from tests.api.conftest import BOX, MAPS, PEAKS, FakeWorker

PICTURES = ("overlay", "overlay?alpha=0.2", "heatmap", "comparison", "photo")


def pixels(content: bytes) -> npt.NDArray[np.int_]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def test_the_default_overlay_is_the_stored_one(client: TestClient, done: str) -> None:
    assert client.get(f"{done}/overlay").content == b"overlay 0"
    assert client.get(f"{done}/overlay?rank=1").content == b"overlay 1"
    assert client.get(f"{done}/overlay?class_index=3").content == b"overlay 1"
    as_asked_for = client.get(f"{done}/overlay?colormap=jet&alpha=0.5&format=jpeg")
    assert as_asked_for.content == b"overlay 0"


@pytest.mark.parametrize("query", ["rank=2", "class_index=7", "rank=2&alpha=0.1"])
def test_an_overlay_of_a_class_that_was_not_explained_is_404(
    client: TestClient, done: str, query: str
) -> None:
    answer = client.get(f"{done}/overlay?{query}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/no-picture"


def test_an_overlay_can_have_another_alpha(client: TestClient, done: str, leaf_jpeg: bytes) -> None:
    clear = pixels(client.get(f"{done}/overlay?alpha=0").content)
    full = pixels(client.get(f"{done}/overlay?alpha=1&colormap=bone").content)
    assert np.abs(clear - pixels(leaf_jpeg)).mean() < 3
    assert np.abs(np.diff(full.mean(axis=(1, 2)))).max() < 5
    assert full[0].mean() < 20
    assert full[-1].mean() > 235


def test_an_overlay_is_drawn_where_the_cells_of_the_map_are(
    client: TestClient, done: str, fake_worker: FakeWorker
) -> None:
    def off(alpha: float, box: Box) -> float:
        """How far the overlay is from the map drawn in `box`."""
        query = f"overlay?alpha={alpha}&colormap=bone&format=png&size=300"
        drawn = pixels(client.get(f"{done}/{query}").content)
        expected = colourise(upsample(MAPS[0], drawn.shape[1], drawn.shape[0], box), "bone")
        return float(np.abs(drawn - expected).mean())

    assert off(1.0, Box(**BOX)) < off(1.0, WHOLE) / 2
    key = keyspace.JOB + done.rpartition("/")[2]
    record = str(fake_worker.client.hget(key, "result"))
    fake_worker.client.hset(key, "result", re.sub(r', "box": {[^}]+}', "", record))
    assert client.get(done).json()["result"]["explanations"][0]["heatmap"]["box"] is None
    assert off(0.999, WHOLE) < off(0.999, Box(**BOX)) / 2  # an older record is drawn as it was


def test_an_overlay_can_have_another_colormap(client: TestClient, done: str) -> None:
    hot, summer = (client.get(f"{done}/overlay?colormap={name}") for name in ("hot", "summer"))
    assert np.abs(pixels(hot.content) - pixels(summer.content)).mean() > 10


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_an_overlay_can_have_another_format(client: TestClient, done: str, kind: str) -> None:
    answer = client.get(f"{done}/overlay?format={kind}&size=200")
    assert answer.headers["Content-Type"] == f"image/{kind}"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.format == kind.upper()
        assert not picture.getexif()


@pytest.mark.parametrize(
    ("size", "expected"),
    [("model", (256, 256)), ("original", (640, 480)), ("320", (320, 240)), ("5000", (640, 480))],
)
def test_an_overlay_can_have_another_size(
    client: TestClient, done: str, size: str, expected: tuple[int, int]
) -> None:
    answer = client.get(f"{done}/overlay?size={size}")
    assert Image.open(io.BytesIO(answer.content)).size == expected


def test_an_original_size_is_that_of_the_photo_as_sent_turned_upright(
    client: TestClient, fake_worker: FakeWorker, leaf_jpeg: bytes
) -> None:
    sideways, upright = io.BytesIO(), io.BytesIO()
    photo = Image.open(io.BytesIO(leaf_jpeg))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(sideways, "JPEG", exif=exif)
    photo.resize((320, 240)).transpose(Image.Transpose.ROTATE_270).save(upright, "JPEG")
    client.post("/v1/jobs", content=sideways.getvalue())
    job_id = fake_worker.succeed(upright.getvalue())
    answer = client.get(f"/v1/jobs/{job_id}/overlay?size=original")
    assert Image.open(io.BytesIO(answer.content)).size == (480, 640)


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("alpha=1.5", "alpha", "1.5"),
        ("colormap=sepia", "colormap", "known are jet"),
        ("format=gif", "format", "'jpeg'"),
        ("size=7", "size", "16 to 99999"),
        ("size=huge", "size", "original"),
        ("rank=-1", "rank", "-1"),
        ("rank=first", "rank", "first"),
        ("colour=jet", "colour", "not permitted"),
    ],
)
def test_a_wrong_picture_parameter_is_422(
    client: TestClient, done: str, query: str, field: str, said: str
) -> None:
    answer = client.get(f"{done}/overlay?{query}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]


def test_a_picture_longer_than_its_format_can_be_is_422(
    client: TestClient, fake_worker: FakeWorker
) -> None:
    wide = io.BytesIO()
    Image.new("RGB", (17_000, 20)).save(wide, "JPEG")
    client.post("/v1/jobs", content=wide.getvalue())
    path = f"/v1/jobs/{fake_worker.succeed(wide.getvalue())}/overlay"
    answer = client.get(f"{path}?size=original&format=webp")
    assert answer.status_code == 422
    assert "17,000" in answer.json()["detail"]
    assert "16,383" in answer.json()["detail"]
    assert client.get(f"{path}?size=original").status_code == 200


def test_variants_are_drawn_without_a_worker(
    client: TestClient, done: str, fake_worker: FakeWorker
) -> None:
    before = fake_worker.client.hget(keyspace.JOB + done.rpartition("/")[2], "attempts")
    assert client.get(f"{done}/overlay?colormap=magma&size=100").status_code == 200
    assert fake_worker.client.hget(keyspace.JOB + done.rpartition("/")[2], "attempts") == before
    assert client.get("/readyz").json()["workers"] == 0


def test_the_heatmap_png_is_small_and_grey_at_map_resolution(client: TestClient, done: str) -> None:
    answer = client.get(f"{done}/heatmap")
    assert answer.headers["Content-Type"] == "image/png"
    grey = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert np.abs(grey / 255 - MAPS[0]).max() < 0.5 / 255 + 1e-6
    assert len(answer.content) < 400


def test_the_heatmap_npy_is_the_map_itself(client: TestClient, done: str) -> None:
    raw = np.load(io.BytesIO(client.get(f"{done}/heatmap?format=npy&rank=1").content))
    assert raw.dtype == np.float32
    assert np.array_equal(raw, MAPS[1])


def test_the_heatmap_json_has_the_numbers(client: TestClient, done: str) -> None:
    numbers = client.get(f"{done}/heatmap?format=json&class_index=3").json()
    assert (numbers["width"], numbers["height"]) == (14, 14)
    assert np.allclose(numbers["rows"], MAPS[1], atol=1e-5)
    assert set(numbers) == {*RawMap.model_fields}
    assert numbers["box"] == BOX


def test_the_comparison_shows_the_original_first_and_one_scale(
    client: TestClient, done: str, leaf_jpeg: bytes
) -> None:
    answer = client.get(f"{done}/comparison?colormap=bone&alpha=1&format=png")
    sheet = pixels(answer.content)
    step = (sheet.shape[1] - 8) // 3
    cells = [sheet[80:340, 8 + step * i : step * (i + 1)] for i in range(3)]
    photo, first, second = (cell.mean() for cell in cells)
    assert abs(photo - pixels(leaf_jpeg).mean()) < 40
    # The second map speaks a quarter as loudly as the first, though each alone reaches 1.
    assert cells[1].max() > 230
    assert second < first / 2
    assert PEAKS[1] / PEAKS[0] == 0.25


def test_a_comparison_of_an_older_record_leaves_each_map_its_own_scale(
    client: TestClient, done: str, fake_worker: FakeWorker
) -> None:
    key = keyspace.JOB + done.rpartition("/")[2]
    record = str(fake_worker.client.hget(key, "result"))
    bare = re.sub(r', "peak": [\d.]+', "", record)
    fake_worker.client.hset(
        key, "result", re.sub(r'"class_name": "Apple__scab", "method"', '"method"', bare)
    )
    answer = client.get(f"{done}/comparison?colormap=bone&alpha=1&format=png")
    sheet = pixels(answer.content)
    step = (sheet.shape[1] - 8) // 3
    first, second = (sheet[80:340, 8 + step * i : step * (i + 1)].mean() for i in (1, 2))
    assert abs(first - second) < 2
    assert client.get(done).json()["result"]["explanations"][1]["heatmap"]["peak"] is None


def test_the_photo_is_the_stored_one(client: TestClient, done: str, leaf_jpeg: bytes) -> None:
    answer = client.get(f"{done}/photo")
    assert answer.content == leaf_jpeg
    assert answer.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_have_a_strong_etag_and_may_be_kept_until_they_expire(
    client: TestClient, done: str, picture: str
) -> None:
    answer = client.get(f"{done}/{picture}")
    tag = answer.headers["ETag"]
    assert tag == f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    private, immutable, age = answer.headers["Cache-Control"].split(", ")
    assert (private, immutable) == ("private", "immutable")
    assert 259_100 < int(age.removeprefix("max-age=")) <= 259_200
    assert answer.headers["Content-Length"] == str(len(answer.content))
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(f"{done}/{picture}", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    assert client.get(f"{done}/{picture}", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("picture", PICTURES)
def test_head_has_the_headers_and_no_body(client: TestClient, done: str, picture: str) -> None:
    head, whole = client.head(f"{done}/{picture}"), client.get(f"{done}/{picture}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]


RANGES: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("bytes=0-3", lambda whole: whole[:4]),
    ("bytes=5-", lambda whole: whole[5:]),
    ("bytes=-7", lambda whole: whole[-7:]),
    ("bytes=2-99999999", lambda whole: whole[2:]),
    ("bytes=-99999999", lambda whole: whole),
]


@pytest.mark.parametrize(("asked", "part"), RANGES)
def test_a_part_of_a_picture_is_206(
    client: TestClient, done: str, asked: str, part: Callable[[bytes], bytes]
) -> None:
    whole = client.get(f"{done}/heatmap").content
    answer = client.get(f"{done}/heatmap", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == part(whole)
    start = whole.index(answer.content)
    stop = start + len(answer.content) - 1
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize("asked", ["bytes=4-2", "bytes=-", "lines=0-3", "bytes=0-1,3-4", "x"])
def test_what_is_no_single_range_is_answered_with_the_whole(
    client: TestClient, done: str, asked: str
) -> None:
    assert client.get(f"{done}/heatmap", headers={"Range": asked}).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=100000-", "bytes=-0"])
def test_a_range_behind_the_end_is_416(client: TestClient, done: str, asked: str) -> None:
    size = len(client.get(f"{done}/heatmap").content)
    answer = client.get(f"{done}/heatmap", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    assert answer.json()["type"] == "/problems/range-not-satisfiable"


def test_if_range_gives_the_part_of_the_same_content_only(client: TestClient, done: str) -> None:
    tag = client.get(f"{done}/photo").headers["ETag"]
    for known, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200)):
        headers = {"Range": "bytes=0-9", "If-Range": known}
        assert client.get(f"{done}/photo", headers=headers).status_code == status


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_of_a_job_that_is_not_done_is_409(
    client: TestClient, leaf_jpeg: bytes, picture: str
) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    answer = client.get(f"{path}/{picture}")
    assert answer.status_code == 409
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["type"] == "/problems/job-not-ready"
    assert answer.json()["retryable"] is True


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_of_an_unknown_job_is_404(client: TestClient, picture: str) -> None:
    answer = client.get(f"/v1/jobs/nope/{picture}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/job-not-found"


def test_a_failed_job_has_no_pictures(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg)
    answer = client.get(f"/v1/jobs/{fake_worker.fail()}/overlay")
    assert answer.status_code == 404
    assert "failed" in answer.json()["detail"]
