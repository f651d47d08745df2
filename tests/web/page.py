"""What the tests of the playground do with a page."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.service.conftest import Service
from tests.web.conftest import NewPage

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def explain(page: Page, *photos: Path) -> None:
    page.set_input_files("#choose", list(photos))
    shown = "#result" if len(photos) == 1 else "#sheet"
    expect(page.locator(shown)).to_be_visible()
    until_at_rest(page)


def until_at_rest(page: Page) -> None:
    """No photo is on its way any more: nothing that the page does for one comes later."""
    page.wait_for_function(NOTHING_IS_ON_ITS_WAY)


NOTHING_IS_ON_ITS_WAY = """async () => {
  const { allEntries } = await import("/playground/outbox.js");
  return (await allEntries()).length === 0;
}"""


def wait_until(page: Page, happened: Callable[[], Any]) -> None:
    """While the browser goes on; the time that a test may take is the limit."""
    while not happened():
        page.wait_for_timeout(50)


def job_of(page: Page, stack: Service) -> Any:
    """The job that the page's address names."""
    job_id = page.url.partition("#job=")[2]
    return stack.http.get(f"/v1/jobs/{job_id}").json()


def pixels(page: Page, canvas: str = "#picture", place: int = 0) -> Any:
    """What a canvas shows, int16 (h, w, 3)."""
    url = page.locator(canvas).nth(place).evaluate("one => one.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.asarray(picture.convert("RGB"), np.int16)


def picture(stack: Service, path: str) -> Any:
    content = stack.http.get(path).content
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.int16)


def violations(page: Page) -> list[str]:
    """What shuts people out, by axe."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def difference(one: Any, other: Any) -> float:
    assert one.shape == other.shape
    return float(np.abs(one - other).mean())


def forgive(new_page: NewPage, status: str) -> None:
    """A browser logs every answer that is no success; this one was meant."""
    complaints: list[str] = new_page.complaints  # type: ignore[attr-defined]
    (meant,) = complaints
    assert status in meant
    complaints.clear()
