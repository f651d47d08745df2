"""The playground, as somebody with a browser meets it: photos in, results kept and taken along."""

import base64
import csv
import io
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from tests.service.conftest import Service
from tests.web.conftest import NewPage
from tests.web.page import PHONE, difference, explain, forgive, job_of, pixels, wait_until

pytestmark = pytest.mark.service


def test_what_is_no_photo_is_told_in_words(new_page: NewPage, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page = new_page()
    page.set_input_files("#choose", text)
    expect(page.locator("#trouble")).to_contain_text("not a photo that the server can read")
    expect(page.locator("#trouble button")).to_be_hidden()
    forgive(new_page, "415")


def test_what_is_said_of_a_photo_does_not_stand_beside_another(
    new_page: NewPage, leaves: list[Path], tmp_path: Path
) -> None:
    half = tmp_path / "half.jpg"
    half.write_bytes(leaves[0].read_bytes()[:20_000])
    page = new_page()
    explain(page, leaves[0])
    page.set_input_files("#choose", half)
    expect(page.locator("#trouble")).to_contain_text("damaged or incomplete")
    expect(page.locator("#result")).to_be_hidden()


@pytest.mark.parametrize("size", [(1, 10_000), (10_000, 2)])
def test_a_photo_that_is_a_narrow_strip_is_shown(
    new_page: NewPage, stack: Service, tmp_path: Path, size: tuple[int, int]
) -> None:
    strip, page = tmp_path / "strip.png", new_page()
    Image.new("RGB", size, "green").save(strip)
    explain(page, strip)
    assert job_of(page, stack)["state"] == "succeeded"
    expect(page.locator("#trouble")).to_be_hidden()
    assert min(pixels(page).shape[:2]) == 1


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


def test_the_camera_is_offered_where_there_is_a_touch_screen(
    new_page: NewPage, leaves: list[Path]
) -> None:
    expect(new_page().locator(".camera")).to_be_hidden()
    page = new_page(**PHONE)
    expect(page.locator(".camera")).to_be_visible()
    page.set_input_files("#camera", leaves[0])
    expect(page.locator("#result-title")).to_be_in_viewport()


def test_a_place_in_the_queue_is_told_while_a_photo_waits(
    new_page: NewPage, stack: Service, new_leaves: list[Path]
) -> None:
    page, worker = new_page(), stack.worker
    worker.send_signal(signal.SIGSTOP)
    try:
        page.set_input_files("#choose", new_leaves[0])
        expect(page.locator("#status")).to_contain_text("Next in the queue")
    finally:
        worker.send_signal(signal.SIGCONT)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#status")).to_be_hidden()


def test_how_long_it_will_take_is_told_in_words(new_page: NewPage) -> None:
    page = new_page()
    told = [
        page.evaluate(WAITING, {"state": "queued", "queue": queue})
        for queue in ({"position": 1, "eta_seconds": 12.4}, {"position": 3, "eta_seconds": 200})
    ]
    assert told == [
        "1 photo is ahead of this one, about 12 seconds left.",
        "3 photos are ahead of this one, about 3 minutes left.",
    ]


WAITING = "async (job) => (await import('/playground/messages.js')).waitingMessage(job)"


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
        expect(page.locator("#trouble")).to_contain_text("needs an API key")
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            page.set_input_files("#choose", leaves[1])
        expect(page.locator("#entries li")).to_contain_text("API key")
        expect(page.locator("#result")).to_be_hidden()
        page.fill("#key", key[0])
        page.keyboard.press("Tab")
        expect(page.locator("#trouble")).to_be_hidden()
        expect(page.locator("#result")).to_be_visible()
        explain(page, leaves[2])
        page.close()  # before its server goes
        complaints: list[str] = new_page.complaints  # type: ignore[attr-defined]
        assert all("401" in complaint for complaint in complaints)
        complaints.clear()
    finally:
        guarded.close()


def test_a_photo_is_not_forgotten_while_the_page_still_loads(
    new_page: NewPage, leaves: list[Path]
) -> None:
    page = new_page(service_workers="block")  # routes do not see its requests
    held: list[Route] = []
    page.route("**/v1/models?*", lambda route: held.append(route))
    page.reload()
    wait_until(page, lambda: held)
    with page.expect_request(lambda request: request.method == "PUT"):
        page.set_input_files("#choose", leaves[1])
    held.pop().continue_()
    expect(page.locator("#result")).to_be_visible()


def test_a_photo_is_not_forgotten_when_a_key_is_entered_meanwhile(
    new_page: NewPage, leaves: list[Path]
) -> None:
    page = new_page(service_workers="block")
    held: list[Route] = []
    page.route("**/v1/jobs/*?*", lambda route: held.append(route))
    with page.expect_request(lambda request: request.method == "PUT"):
        page.set_input_files("#choose", leaves[1])
    page.locator("#settings").evaluate("settings => (settings.open = true)")
    with page.expect_response("**/v1/colormaps"):
        page.fill("#key", "any")
        page.keyboard.press("Tab")
    page.wait_for_timeout(500)  # for whatever follows from a key
    wait_until(page, lambda: held)
    held.pop().continue_()
    expect(page.locator("#result")).to_be_visible()


def test_an_opinion_is_in_the_feedback(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[2])
    page.click("#disagree")
    page.select_option("#right-class", label="Tomato, healthy")
    page.fill("#note", "looks fine to me")
    page.click("#correction button")
    expect(page.locator("#thanks")).to_have_text("Thank you. Your feedback is saved.")
    rows = list(
        csv.DictReader(io.StringIO(stack.http.get("/v1/feedback.csv").text.lstrip("\ufeff")))
    )
    (row,) = [row for row in rows if row["job_id"] == job_of(page, stack)["id"]]
    assert (row["agree"], row["class_name"]) == ("False", "Tomato__healthy")
    assert row["note"] == "looks fine to me"


def test_a_yes_is_in_the_feedback(new_page: NewPage, stack: Service, leaves: list[Path]) -> None:
    page = new_page()
    explain(page, leaves[1])
    page.click("#agree")
    expect(page.locator("#thanks")).to_have_text("Thank you. Your feedback is saved.")
    rows = list(
        csv.DictReader(io.StringIO(stack.http.get("/v1/feedback.csv").text.lstrip("\ufeff")))
    )
    assert [row["agree"] for row in rows if row["job_id"] == job_of(page, stack)["id"]] == ["True"]


def test_a_link_shows_the_result_to_somebody_else(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    explain(page, leaves[0])
    title = page.inner_text("#result-title")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#share")
    expect(page.locator("#share")).to_have_text("Link copied")
    other = new_page(page.evaluate("navigator.clipboard.readText()"))
    expect(other.locator("#result-title")).to_have_text(title)


def test_results_are_on_the_device_also_offline(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page(**PHONE)
    expect(page.locator("#offline")).to_be_visible()  # all of it is kept
    explain(page, leaves[0])
    shown = pixels(page)
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#result")).to_be_visible()
    assert difference(pixels(page), shown) == 0
    page.context.set_offline(False)
    page.click("#forget")
    expect(page.locator("#history")).to_be_hidden()


def test_without_events_the_page_asks_again(
    new_page: NewPage, stack: Service, new_leaves: list[Path]
) -> None:
    page, worker = new_page(), stack.worker
    page.evaluate("delete window.EventSource")
    worker.send_signal(signal.SIGSTOP)
    try:
        with page.expect_request(lambda request: request.headers.get("prefer") == "wait=5"):
            page.set_input_files("#choose", new_leaves[1])
    finally:
        worker.send_signal(signal.SIGCONT)
    expect(page.locator("#result")).to_be_visible()


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
