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
from PIL import Image
from playwright.sync_api import FileChooser, Page, Route, expect

from engine.diagnostics import WARNINGS
from pictures.drawn_leaves.leaves import draw_leaf
from tests.service.conftest import Service
from tests.web.conftest import NewPage
from tests.web.page import PHONE, difference, explain, forgive, job_of, picture, pixels, violations

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]


def test_a_photo_comes_back_with_a_name_and_the_heat_as_the_server_draws_it(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    best = job["result"]["predictions"][0]
    expect(page.locator("#result-title")).to_contain_text(best["crop"])
    expect(page.locator("#verdict")).to_contain_text("Confidence: ")
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


def test_boxes_around_the_hot_places_are_switched_on_and_stay_so(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    plain = pixels(page)
    page.get_by_label("Boxes around the hot places").check()
    boxed = pixels(page)
    first = job_of(page, stack)["result"]["explanations"][0]["regions"][0]["box"]
    height, width = boxed.shape[:2]
    middle = round(height * (first["top"] + first["bottom"]) / 2)
    side = round(width * first["left"])
    apart = np.abs(boxed.astype(int) - plain).max(axis=2) > 40
    assert apart[middle, max(0, side - 4) : side + 5].any()
    assert apart.mean() < 0.2
    expect(page.locator("#regions")).to_contain_text("of the heat")
    page.reload()
    expect(page.get_by_label("Boxes around the hot places")).to_be_checked()


def test_about_how_much_of_the_leaf_looks_ill_is_said_where_it_is_known(
    new_page: NewPage, stack: Service
) -> None:
    page, known = new_page(), set[bool]()
    for seed, kind in enumerate(("blight", "healthy", "blight", "blight")):
        job = submitted(stack, draw_leaf(kind, seed, (480, 360)).photo, model="sister")
        share = job["result"]["affected_share"]
        known.add(share is not None)
        page.goto(f"/#job={job['id']}")
        expect(page.locator("#result-title")).to_contain_text(
            job["result"]["predictions"][0]["crop"]
        )
        percent = round(100 * (share or 0))
        words = f"About {percent}% of the leaf looks ill, by its colour."
        expect(page.locator("#affected")).to_have_text("" if share is None else words)
    assert True in known, "the uncalibrated model is confident of some of them"


def submitted(stack: Service, photo: Image.Image, model: str) -> Any:
    photo.save(file := io.BytesIO(), "PNG")
    headers = {"Content-Type": "image/png", "Prefer": "wait=25"}
    answer = stack.http.post(f"/v1/jobs?model={model}", content=file.getvalue(), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


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


@pytest.mark.parametrize("verdict", ["unknown", "not_a_leaf"])
def test_a_photo_of_none_of_the_conditions_is_told_so_and_they_are_one_click_away(
    new_page: NewPage, stack: Service, leaves: list[Path], verdict: str
) -> None:
    page = result_page(new_page, stack, leaves[0], verdict)
    expect(page.locator("#result-title")).to_have_text(re.compile(r"\?$"))
    expect(page.locator("#verdict")).to_contain_text("looks like none of the 32 conditions")
    expect(page.locator("#known li").first).to_be_hidden()
    page.locator("#known summary").click()
    expect(page.locator("#known")).to_contain_text("Tomato: ")
    assert violations(page) == []


def test_a_close_answer_is_told_as_a_question_without_that_list(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = result_page(new_page, stack, leaves[0], "low_margin")
    expect(page.locator("#result-title")).to_have_text(re.compile(r"\?$"))
    expect(page.locator("#verdict")).to_contain_text("This is a guess")
    expect(page.locator("#known")).to_be_hidden()


def result_page(new_page: NewPage, stack: Service, photo: Path, verdict: str) -> Page:
    """A page that shows a result as if it had this verdict."""
    page = new_page()
    explain(page, photo)
    job = job_of(page, stack)
    job["result"]["verdict"] = verdict
    other = new_page(service_workers="block")
    other.route(f"**/v1/jobs/{job['id']}", lambda route: route.fulfill(json=job))
    other.goto(f"/#job={job['id']}")
    return other


def test_what_a_class_is_is_told_below_each_answer_also_offline(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page(**PHONE)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # so that the worker has seen every file
    explain(page, leaves[0])
    best = job_of(page, stack)["result"]["predictions"][0]
    told = stack.http.get(best["links"]["description"]).json()
    for _ in range(2):
        about = page.locator("#predictions details").first
        expect(about.locator("summary")).to_contain_text("About ")
        expect(about.locator("dl")).to_be_hidden()
        about.locator("summary").click()
        expect(about).to_contain_text(told["symptoms"])
        expect(about).to_contain_text(told["next_steps"])
        assert about.locator("a").first.get_attribute("href") == told["sources"][0]["url"]
        assert violations(page) == []
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        page.context.set_offline(True)
        page.reload()
    page.context.set_offline(False)


def test_a_model_that_does_not_describe_its_classes_shows_nothing_of_them(
    new_page: NewPage, leaves: list[Path]
) -> None:
    page = new_page(service_workers="block")  # whose requests could not be waited for
    page.locator("#settings summary").click()
    page.select_option("#model", "sister")
    with page.expect_response("**/v1/classes?model=sister&lang=en"):
        explain(page, leaves[0])
    expect(page.locator("#predictions li").first).to_be_visible()
    expect(page.locator("#predictions details")).to_have_count(0)


def test_the_conditions_of_the_chosen_model_are_one_click_away(
    new_page: NewPage, stack: Service
) -> None:
    page = new_page()
    classes = stack.http.get("/v1/models/cropshield_cnn").json()["classes"]
    expect(page.locator("#conditions li").first).to_be_hidden()
    page.locator("#conditions summary").click()
    items = page.locator("#conditions li").all_inner_texts()
    crops = [item.split(": ") for item in items]
    listed = {f"{crop}__{name}" for crop, names in crops for name in names.split(", ")}
    assert listed == {name.replace("_", " ").replace("  ", "__") for name in classes}


def test_each_warning_comes_with_a_hint_what_to_do(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    hints = set()
    for warning in WARNINGS:
        job["result"]["explanations"][0]["diagnostics"]["warnings"] = [warning]
        hints.add(page.evaluate(HINT, job["result"]["explanations"][0]["diagnostics"]))
    assert len(hints) == 4
    assert all(hint.startswith(("Try", "Take the photo again")) for hint in hints)


HINT = "async (found) => (await import('/playground/messages.js')).hint(found)"


def test_a_class_that_little_speaks_for_is_cold_beside_the_others(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    job["result"]["explanations"][1]["heatmap"]["peak"] = 0
    other = new_page(service_workers="block")
    other.route(f"**/v1/jobs/{job['id']}", lambda route: route.fulfill(json=job))
    other.goto(f"/#job={job['id']}")
    other.locator("#opacity").fill("100")
    assert pixels(other, "#strip canvas", 0).std() > 10
    assert pixels(other, "#strip canvas", 1).std(axis=(0, 1)).max() == 0


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
    new_page: NewPage, stack: Service, tmp_path: Path
) -> None:
    page, leaf = new_page(), tmp_path / "leaf.jpg"
    draw_leaf("rust", seed=11).photo.save(leaf)
    worker = stack.newest()
    worker.send_signal(signal.SIGSTOP)
    try:
        page.set_input_files("#choose", leaf)
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
        page.set_input_files("#choose", leaves[1])
        expect(page.locator("#result")).to_be_hidden()
        page.wait_for_timeout(500)  # for the answer, which is no other than before
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


def test_a_keyboard_is_enough(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    page.locator("#choose").focus()
    expect(page.locator("#choose")).to_be_focused()
    chosen: list[FileChooser] = []
    page.on("filechooser", lambda chooser: chosen.append(chooser))
    while not chosen:  # a busy browser now and then misses a key
        page.keyboard.press("Space")
        page.wait_for_timeout(1000)
    chosen[0].set_files(leaves[0])
    expect(page.locator("#result")).to_be_focused()
    assert page.input_value("#colormap") == "viridis"
    page.keyboard.press("Tab")
    expect(page.locator("#result summary").first).to_be_focused()  # what the class is
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#opacity-value")).to_have_text("51%")
    page.keyboard.press("Tab")
    page.keyboard.type("jet")
    expect(page.locator("#colormap")).to_have_value("jet")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#strip li:last-child') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#strip button").last).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize(
    "look", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_the_playground_is_accessible_and_fits_a_phone(
    new_page: NewPage, leaves: list[Path], look: dict[str, Any]
) -> None:
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


def test_the_keyboard_reaches_everything(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page(has_touch=True)
    explain(page, leaves[0])
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    wanted = {"choose", "camera", "opacity", "colormap", "hold", "agree", "disagree"}
    assert wanted | {"save-overlay", "share", "forget"} <= reached
