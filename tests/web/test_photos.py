"""What the page makes of photos before they travel, and how it draws them; no server needed."""

import base64
import functools
import io
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from engine.photos.decode import decode
from tests.browsers import WAIT_MS
from tests.pictures.files import file_of, scene
from tests.pictures.odd_files import (
    BACK,
    DAMAGED,
    KINDS,
    SIZE,
    SURE,
    UNSURE,
    leaf,
    oriented,
)
from tests.pictures.profiles import RED_IS_GREEN, cyan_is_black

LONG_SIDE = 160
WEB = Path(__file__).parents[2] / "web"


class Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A blank page beside the modules."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=WEB)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"http://127.0.0.1:{server.server_port}/README.md")
        yield page
        page.close()
        server.shutdown()
        thread.join()


SHRINK = """async ([photo, longSide]) => {
  const { shrink } = await import("/playground/photos.js");
  const file = new File([Uint8Array.from(atob(photo), (byte) => byte.charCodeAt(0))], "photo");
  const sent = await shrink(file, longSide);
  if (sent === file) return null;
  const bytes = [...new Uint8Array(await sent.arrayBuffer())];
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""));
}"""


def sent(page: Page, data: bytes) -> bytes:
    """What the page sends of a file: `data` itself, or a JPEG of 160 pixels."""
    photo = page.evaluate(SHRINK, [base64.b64encode(data).decode(), LONG_SIDE])
    if photo is None:
        return data
    small = base64.b64decode(photo)
    with Image.open(io.BytesIO(small)) as picture:
        assert (picture.format, max(picture.size)) == ("JPEG", LONG_SIDE)
    return small


def seen(data: bytes, size: tuple[int, int] = (160, 107)) -> Any:
    """What the server sees, int (h, w, 3)."""
    photo = Image.fromarray(decode(data, min_side=2000).pixels)
    return np.asarray(photo.resize(size, Image.Resampling.LANCZOS), int)


def assert_alike(one: Any, other: Any) -> None:
    assert np.abs(one - other).mean() < 8
    assert np.abs(one.mean((0, 1)) - other.mean((0, 1))).max() < 2


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_of_every_format_arrives_upright(page: Page, kind: str, orientation: int) -> None:
    arrived = sent(page, oriented(kind, orientation))
    assert_alike(seen(arrived), np.asarray(leaf().resize((160, 107)), int))


@pytest.mark.parametrize("name", SURE)
def test_the_server_sees_of_a_small_photo_what_it_sees_of_the_file(page: Page, name: str) -> None:
    data = SURE[name]()
    assert_alike(seen(sent(page, data)), seen(data))


@pytest.mark.parametrize("name", ["cut-out PNG", "16-bit grey", "grey"])
def test_jpegs_and_pngs_that_are_too_large_are_made_smaller(page: Page, name: str) -> None:
    data = SURE[name]()
    assert len(sent(page, data)) < len(data) / 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_colours_are_those_of_the_profile(page: Page, kind: str) -> None:
    arrived = sent(page, file_of(scene(*SIZE), kind, icc_profile=RED_IS_GREEN))
    expected = np.asarray(scene(160, 107), int)[..., [1, 0, 2]]
    assert np.median(np.abs(seen(arrived) - expected), axis=(0, 1)).max() < 6


def test_a_profile_by_tables_is_left_to_the_server(page: Page) -> None:
    data = file_of(leaf(), "JPEG", icc_profile=RED_IS_GREEN.replace(b"gTRC", b"A2B0"))
    assert sent(page, data) == data


@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 0},
        {"subsampling": 1, "optimize": True},
        {"restart_marker_rows": 1},
        {"restart_marker_blocks": 7},
        {"quality": 60},
    ],
)
@pytest.mark.parametrize("size", [SIZE, (333, 217)])
def test_every_whole_baseline_jpeg_is_made_smaller(
    page: Page, options: dict[str, Any], size: tuple[int, int]
) -> None:
    data = file_of(leaf().crop((0, 0, *size)), "JPEG", **options)
    assert sent(page, data) != data
    assert sent(page, file_of(leaf().convert("L"), "JPEG", **options)) != data


def test_inks_are_left_to_the_server(page: Page) -> None:
    data = file_of(Image.new("CMYK", SIZE, "blue"), "JPEG", icc_profile=cyan_is_black())
    assert sent(page, data) == data


@pytest.mark.parametrize("name", [name for name in DAMAGED if name != "wrong sum"])
def test_what_looks_damaged_is_left_to_the_server(page: Page, name: str) -> None:
    data = DAMAGED[name]()  # browsers read past a wrong sum beside the pixels
    assert sent(page, data) == data


BROWSERS_KNOW = {"linear light", "wide gamut PNG", "16-bit PNG with a hidden grey"}


@pytest.mark.parametrize("name", sorted(UNSURE.keys() - BROWSERS_KNOW))
def test_what_browsers_do_not_read_alike_is_left_to_the_server(page: Page, name: str) -> None:
    data = UNSURE[name]()
    assert sent(page, data) == data


@pytest.mark.parametrize("name", sorted(BROWSERS_KNOW))
def test_what_browsers_read_as_the_server_does_is_made_smaller(page: Page, name: str) -> None:
    data = UNSURE[name]()
    small = sent(page, data)
    assert small != data
    assert_alike(seen(small), seen(data))


OVERLAY = """async ([width, height]) => {
  const { drawOverlay } = await import("/playground/heatmap.js");
  const photo = new OffscreenCanvas(width, height);
  const brush = photo.getContext("2d");
  brush.fillStyle = "blue";
  brush.fillRect(0, 0, width, height);
  const box = { left: 0, top: 0, right: 1, bottom: 1 };
  const map = { width: 2, height: 2, values: [0, 1, 1, 0], box };
  const table = Array.from({ length: 256 }, (_, level) => [level, 0, 0]);
  const canvas = document.createElement("canvas");
  drawOverlay(canvas, photo, map, table, { opacity: 0.5 });
  const middle = canvas.getContext("2d").getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1);
  return { size: [canvas.width, canvas.height], blue: middle.data[2] };
}"""


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1, 1), [1, 1]),
        ((1, 10_000), [1, 4096]),
        ((10_000, 1), [4096, 1]),
        ((65_000, 3), [4096, 1]),
        ((9000, 7000), [4096, 3186]),
    ],
)
def test_heat_is_drawn_on_a_photo_of_any_size(
    page: Page, size: tuple[int, int], shown: list[int]
) -> None:
    drawn = page.evaluate(OVERLAY, size)
    assert drawn["size"] == shown
    assert 120 < drawn["blue"] < 136
