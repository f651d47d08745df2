"""The playground, as somebody with a browser meets it."""

import base64
import csv
import io
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from pictures.leaves import draw_leaf
from tests.service.conftest import Service
from tests.web.conftest import NewPage

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def explain(page: Page, *photos: Path) -> None:
    page.set_input_files("#choose", list(photos))
    shown = "#result" if len(photos) == 1 else "#sheet"
    expect(page.locator(shown)).to_be_visible()


def job_of(page: Page, stack: Service) -> Any:
    """The job that the page's address names."""
    job_id = page.url.partition("#job=")[2]
    return stack.http.get(f"/v1/jobs/{job_id}").json()


def pixels(page: Page) -> Any:
    """What the canvas shows, int16 (h, w, 3)."""
    url = page.evaluate("document.getElementById('picture').toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.asarray(picture.convert("RGB"), np.int16)


def picture(stack: Service, path: str) -> Any:
    content = stack.http.get(path).content
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.int16)


def difference(one: Any, other: Any) -> float:
    assert one.shape == other.shape
    return float(np.abs(one - other).mean())


def test_a_photo_comes_back_with_a_name_and_the_heat_as_the_server_draws_it(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    best = job["result"]["predictions"][0]
    expect(page.locator("#result-title")).to_contain_text(best["crop"])
    expect(page.locator("#verdict")).to_contain_text("sure")
    expect(page.locator("#predictions li")).to_have_count(len(job["result"]["predictions"]))
    expect(page.locator("#strip button")).to_have_count(3)
    sentence = job["result"]["explanations"][0]["diagnostics"]["sentence"]
    expect(page.locator("#sentence")).to_have_text(sentence)
    overlay = picture(stack, job["links"]["overlay"] + "?colormap=viridis&alpha=0.5&format=png")
    assert difference(pixels(page), overlay) < 3
    assert max(job["image"]["width"], job["image"]["height"]) == 1024


def test_colours_and_opacity_change_at_once_without_the_server(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    path = job_of(page, stack)["links"]["overlay"]
    page.context.on("request", lambda request: pytest.fail(f"asked for {request.url}"))
    page.select_option("#colormap", "jet")
    page.locator("#opacity").fill("80")
    shown = pixels(page)
    assert difference(shown, picture(stack, f"{path}?colormap=jet&alpha=0.8&format=png")) < 3
    page.locator("#strip button").nth(1).click()
    assert difference(shown, pixels(page)) > 3


def test_the_photo_is_seen_while_a_button_or_the_picture_is_held(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[1])
    photo, heated = picture(stack, job_of(page, stack)["links"]["photo"]), pixels(page)
    page.locator("#hold").focus()
    page.keyboard.down("Space")
    assert difference(pixels(page), photo) < 1
    page.keyboard.up("Space")
    assert difference(pixels(page), heated) == 0
    page.locator("#picture").hover()
    page.mouse.down()
    assert difference(pixels(page), photo) < 1
    page.mouse.up()
    assert difference(pixels(page), heated) == 0


def test_several_photos_are_a_gallery_that_can_be_sorted(
    new_page: NewPage, leaves: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page = new_page()
    explain(page, *leaves, text)
    expect(page.locator("#status")).to_have_text("4 of 4 photos done.")
    expect(page.locator("#cards .tile")).to_contain_text("no photo that can be read")
    page.select_option("#sort", "confidence")
    words = page.locator("#cards button span").all_inner_texts()
    sure = [int(re.findall(r"(\d+)\s%", text)[0]) for text in words]
    assert len(sure) == 3
    assert sure == sorted(sure)
    page.locator("#cards button").first.click()
    expect(page.locator("#result")).to_be_focused()
    assert "#job=" in page.url


def test_a_doubtful_answer_is_told_as_a_question(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    job["result"]["verdict"] = "not_a_leaf"
    other = new_page(service_workers="block")
    other.route(f"**/v1/jobs/{job['id']}", lambda route: route.fulfill(json=job))
    other.goto(f"/#job={job['id']}")
    expect(other.locator("#result-title")).to_have_text(re.compile(r"\?$"))
    expect(other.locator("#verdict")).to_contain_text("does not look like a leaf")


def test_what_is_no_photo_is_told_in_words(new_page: NewPage, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page = new_page()
    page.set_input_files("#choose", text)
    expect(page.locator("#trouble")).to_contain_text("no photo that can be read")
    expect(page.locator("#trouble button")).to_be_hidden()
    forgive(new_page, "415")


def forgive(new_page: NewPage, status: str) -> None:
    """A browser logs every answer that is no success; this one was meant."""
    complaints: list[str] = new_page.complaints  # type: ignore[attr-defined]
    (meant,) = complaints
    assert status in meant
    complaints.clear()


def test_photos_can_be_dropped_and_pasted(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    for number, (kind, member) in enumerate((("drop", "dataTransfer"), ("paste", "clipboardData"))):
        page.evaluate(GIVE, [kind, member, base64.b64encode(leaves[number].read_bytes()).decode()])
        expect(page.locator("#past li")).to_have_count(number + 1)


GIVE = """([kind, member, photo]) => {
  const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "leaf.jpg", { type: "image/jpeg" }));
  const event = new Event(kind, { bubbles: true, cancelable: true });
  Object.defineProperty(event, member, { value: files });
  document.getElementById("drop").dispatchEvent(event);
}"""


def test_a_place_in_the_queue_is_told_while_a_photo_waits(
    new_page: NewPage, stack: Service, tmp_path: Path
) -> None:
    page, leaf = new_page(), tmp_path / "leaf.jpg"
    draw_leaf("rust", seed=11).photo.save(leaf)
    worker = stack.newest()
    worker.send_signal(signal.SIGSTOP)
    try:
        page.set_input_files("#choose", leaf)
        expect(page.locator("#status")).to_contain_text("Next in line")
    finally:
        worker.send_signal(signal.SIGCONT)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#status")).to_be_hidden()


def test_a_server_with_keys_asks_for_one(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    guarded = Service(stack.home, stack.redis_url)
    guarded.environment["CROPSHIELD_KEYS"] = "on"
    try:
        guarded.start_api()
        add = [sys.executable, "-m", "cli", "keys", "add", "Ada"]
        told = subprocess.run(add, env=guarded.environment, capture_output=True, text=True)
        key = re.search(r"cs_[0-9a-f]{8}_[0-9a-f]{40}", told.stdout)
        assert key, told
        page = new_page(server=guarded)
        expect(page.locator("#trouble")).to_contain_text("wants an API key")
        page.fill("#key", key[0])
        page.keyboard.press("Tab")
        expect(page.locator("#trouble")).to_be_hidden()
        explain(page, leaves[2])
        complaints: list[str] = new_page.complaints  # type: ignore[attr-defined]
        assert all("401" in complaint for complaint in complaints)
        complaints.clear()
    finally:
        guarded.close()


def test_an_opinion_is_in_the_feedback(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[2])
    page.click("#disagree")
    page.select_option("#right-class", label="Tomato, healthy")
    page.fill("#note", "looks fine to me")
    page.click("#correction button")
    expect(page.locator("#thanks")).to_have_text("Thank you, noted.")
    rows = list(csv.DictReader(io.StringIO(stack.http.get("/v1/feedback.csv").text)))
    (row,) = [row for row in rows if row["job_id"] == job_of(page, stack)["id"]]
    assert (row["agree"], row["class_name"]) == ("False", "Tomato__healthy")
    assert row["note"] == "looks fine to me"


def test_a_link_shows_the_result_to_somebody_else(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    explain(page, leaves[0])
    title = page.inner_text("#result-title")
    other = new_page(page.url)
    expect(other.locator("#result-title")).to_have_text(title)


def test_results_are_on_the_device_also_offline(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # so that the worker has seen every file
    explain(page, leaves[0])
    shown = pixels(page)
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#result")).to_be_visible()
    assert difference(pixels(page), shown) == 0
    page.context.set_offline(False)
    page.click("#forget")
    expect(page.locator("#history")).to_be_hidden()


def test_without_events_the_page_asks_again(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    page.evaluate("delete window.EventSource")
    page.locator("#settings summary").click()
    page.select_option("#top-k", "2")
    explain(page, leaves[1])
    expect(page.locator("#strip button")).to_have_count(2)


def test_a_photo_travels_at_full_size_on_request(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    page.locator("#settings summary").click()
    page.check("#original")
    explain(page, leaves[1])
    assert job_of(page, stack)["image"]["width"] == 1600


@pytest.mark.parametrize("what", ["overlay", "heatmap", "json"])
def test_results_can_be_taken_along(new_page: NewPage, leaves: list[Path], what: str) -> None:
    page = new_page()
    explain(page, leaves[0])
    with page.expect_download() as saved:
        page.click(f"#save-{what}")
    content = Path(saved.value.path()).read_bytes()
    assert content.startswith(b"{" if what == "json" else b"\x89PNG")


@pytest.mark.parametrize(
    "look", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_everybody_can_use_it(new_page: NewPage, leaves: list[Path], look: dict[str, Any]) -> None:
    page = new_page(**look)
    page.locator("#settings summary").click()
    assert violations(page) == []
    explain(page, *leaves)
    page.locator("#cards button").first.click()
    expect(page.locator("#result")).to_be_focused()
    page.click("#disagree")
    assert violations(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def test_the_keyboard_reaches_everything(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    explain(page, leaves[0])
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    wanted = {"choose", "camera", "opacity", "colormap", "hold", "agree", "disagree"}
    assert wanted | {"save-overlay", "share", "forget"} <= reached
