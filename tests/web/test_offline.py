"""The playground without a signal: photos wait on the device, and are sent once."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pictures.drawn_leaves.leaves import draw_leaf
from tests import programs
from tests.browsers import START_MS, WAIT_MS
from tests.lossy_proxy import LossyProxy, lossy_proxy
from tests.service.conftest import START_SECONDS, Service
from tests.web.conftest import NewPage
from tests.web.page import PHONE, violations

pytestmark = pytest.mark.service


@pytest.fixture
def proxy(stack: Service) -> Iterator[LossyProxy]:
    """The way from the device to the server."""
    with lossy_proxy(str(stack.http.base_url)) as proxy:
        yield proxy


@contextmanager
def phone(browser: Browser, memory: Path, *, offline: bool = False) -> Iterator[BrowserContext]:
    """A browser of its own, which remembers in `memory`."""
    context = browser.browser_type.launch_persistent_context(
        memory,
        executable_path=programs.find("chromium"),
        args=["--no-sandbox"],
        timeout=START_MS,
        **PHONE,
    )
    context.set_default_timeout(WAIT_MS)
    context.set_offline(offline)
    yield context
    context.close()


def opened(context: BrowserContext, address: str) -> Page:
    """The page, which is ready to be used and to be opened offline."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#colormap option").first).to_be_attached()
    return loaded(page)


def loaded(page: Page) -> Page:
    """The page once it asks for nothing more by itself: what a lost network would break off."""
    expect(page.locator("#offline")).to_be_visible()
    return page


def job_ids(stack: Service) -> set[str]:
    return {job["id"] for job in stack.http.get("/v1/jobs?limit=100").json()["jobs"]}


def entries(page: Page, state: str) -> Any:
    return page.locator("#entries li").filter(has_text=re.compile(f"^{state}\\."))


def test_photos_taken_offline_become_one_job_each_though_page_answers_and_server_are_lost(
    browser: Browser, stack: Service, proxy: LossyProxy, new_leaves: list[Path], tmp_path: Path
) -> None:
    before, worker, leaves = job_ids(stack), stack.worker, new_leaves
    with phone(browser, tmp_path) as context:
        page = opened(context, proxy.address)
        context.set_offline(True)
        page.set_input_files("#camera", leaves[0])
        expect(entries(page, "Waiting")).to_have_count(1)
        page.set_input_files("#choose", leaves[1:])
        expect(entries(page, "Waiting")).to_have_count(3)
        expect(page.locator("#outbox-message")).to_contain_text("3 photos wait on this device")
    with phone(browser, tmp_path, offline=True) as context:
        page = opened(context, proxy.address)
        expect(entries(page, "Waiting")).to_have_count(3)
        worker.send_signal(signal.SIGSTOP)
        try:
            context.set_offline(False)
            assert proxy.lost.wait(START_SECONDS), "a photo is sent, and its answer is lost"
            stack.api.kill()
            stack.api.wait()
            page.locator("#send-now").click()
            expect(entries(page, "Waiting").first).to_contain_text("cannot be reached")
            stack.start_api()
            while entries(page, "Sent").count() < 3:
                page.evaluate("dispatchEvent(new Event('online'))")  # rather than wait for long
                page.wait_for_timeout(500)
        finally:
            worker.send_signal(signal.SIGCONT)
        expect(entries(page, "Done")).to_have_count(3)
        expect(page.locator("#past li")).to_have_count(3)
        page.locator("#entries").get_by_role("button", name="Open").first.click()
        expect(page.locator("#result")).to_be_visible()
        expect(entries(page, "Done")).to_have_count(2)
    new = job_ids(stack) - before
    assert len(new) == 3
    photos = {stack.http.get(f"/v1/jobs/{one}").json()["image"]["sha256"] for one in new}
    assert len(photos) == 3


def test_several_photos_whose_answer_is_lost_become_one_batch(
    browser: Browser, stack: Service, proxy: LossyProxy, leaves: list[Path], tmp_path: Path
) -> None:
    before = job_ids(stack)
    with phone(browser, tmp_path) as context:
        page, proxy.keeps_losing = opened(context, proxy.address), True
        page.set_input_files("#choose", leaves)
        expect(entries(page, "Waiting")).to_contain_text("3 photos")
        page.reload()
        proxy.loses = False
        page.evaluate("dispatchEvent(new Event('online'))")  # rather than wait for long
        expect(entries(page, "Done")).to_contain_text("3 of 3 photos done")
        page.locator("#entries").get_by_role("button", name="Open").click()
        expect(page.locator("#sheet")).to_be_visible()
    assert len(job_ids(stack) - before) == 3


def test_the_result_comes_up_when_the_network_is_back(
    new_page: NewPage, leaves: list[Path]
) -> None:
    page = loaded(new_page(**PHONE))
    page.context.set_offline(True)
    page.set_input_files("#camera", leaves[2])
    expect(entries(page, "Waiting")).to_contain_text("cannot be reached")
    expect(page.locator("#trouble")).to_be_hidden()
    page.context.set_offline(False)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    _forget_the_network(new_page)


def test_a_photo_that_is_sent_again_by_itself_comes_back_explained(
    new_page: NewPage, leaves: list[Path]
) -> None:
    page = new_page(service_workers="block")  # routes do not see its requests
    page.route("**/v1/jobs/*?*", lambda route: route.abort(), times=1)
    page.set_input_files("#choose", leaves[0])
    expect(entries(page, "Waiting")).to_contain_text("cannot be reached")
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    _forget_the_network(new_page)


def test_what_fails_later_says_why_and_is_tried_again_or_deleted(
    new_page: NewPage, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page = loaded(new_page(**PHONE))
    page.context.set_offline(True)
    page.set_input_files("#choose", text)
    expect(entries(page, "Waiting")).to_have_count(1)
    assert violations(page) == []
    page.context.set_offline(False)
    failed = entries(page, "Failed")
    expect(failed).to_contain_text("not a photo that the server can read")
    assert violations(page) == []
    with page.expect_request(lambda request: request.method == "PUT"):
        failed.get_by_role("button", name="Try again").click()
    expect(failed).to_contain_text("not a photo that the server can read")
    page.once("dialog", lambda question: question.dismiss())
    failed.get_by_role("button", name="Delete").click()
    expect(failed).to_have_count(1)
    page.once("dialog", lambda question: question.accept())
    failed.get_by_role("button", name="Delete").click()
    expect(page.locator("#outbox")).to_be_hidden()
    _forget_the_network(new_page)


def test_the_button_of_one_photo_stays_while_others_come_to_their_end(
    new_page: NewPage, leaves: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page = loaded(new_page(**PHONE))
    page.context.set_offline(True)
    page.set_input_files("#choose", text)
    expect(entries(page, "Waiting")).to_have_count(1)
    page.context.set_offline(False)
    again = entries(page, "Failed").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.context.set_offline(True)
    page.set_input_files("#choose", leaves[:2])
    expect(entries(page, "Waiting")).to_have_count(2)
    again.focus()
    page.context.set_offline(False)
    expect(entries(page, "Done")).to_have_count(2)
    expect(again).to_be_focused()
    _forget_the_network(new_page)


def test_a_device_without_room_says_so_and_still_sends(
    new_page: NewPage, stack: Service, leaves: list[Path], tmp_path: Path
) -> None:
    large, quota = tmp_path / "large.tif", 8_000_000
    draw_leaf("rust", seed=5).photo.resize((2000, 1500)).save(large)  # sent as it is: 9 MB
    page = loaded(new_page(prepare=partial(limit_storage, stack, quota), **PHONE))
    page.evaluate(f"navigator.storage.estimate = async () => ({ESTIMATE})")
    page.context.set_offline(True)
    page.set_input_files("#camera", leaves[0])
    expect(page.locator("#room")).to_have_text(
        "Little room is left for photos on this device: 4.5 MB."
    )
    page.set_input_files("#camera", large)
    expect(entries(page, "Waiting")).to_have_count(2)
    expect(page.locator("#room")).to_contain_text("no room to keep all these photos")
    assert violations(page) == []
    page.context.set_offline(False)
    expect(page.locator("#result")).to_be_visible()
    expect(entries(page, "Waiting")).to_have_count(0)
    _forget_the_network(new_page)


ESTIMATE = "{ usage: 95.5e6, quota: 100e6 }"  # Chromium's own does not tell of the quota below


def limit_storage(server: Service, quota: int, context: BrowserContext) -> None:
    """Bytes that the browser lets pages of the server keep. To be called before a page is opened:
    Chromium counts on room that it once found for half a minute."""
    origin = f"http://127.0.0.1:{server.port}"
    context.new_cdp_session(context.new_page()).send(
        "Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": quota}
    )


def test_a_page_loaded_past_the_cache_is_kept_too(new_page: NewPage) -> None:
    page = new_page()
    expect(page.locator("#offline")).to_be_visible()
    with page.expect_event("load"):
        page.context.new_cdp_session(page).send("Page.reload", {"ignoreCache": True})
    expect(page.locator("#offline")).to_be_visible()
    assert page.evaluate("navigator.serviceWorker.controller !== null")


def test_the_kept_page_holds_no_key_and_no_job(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    page.evaluate("localStorage.setItem('cropshield-settings', JSON.stringify({ key: 'cs_any' }))")
    page.reload()
    expect(page.locator("#offline")).to_be_visible()
    page.set_input_files("#choose", leaves[0])
    expect(page.locator("#result")).to_be_visible()
    kept = page.evaluate(KEPT)
    assert {"/", "/playground/main.js", "/v1/models"} <= {path for path, _ in kept}
    assert all(
        path == "/" or path.startswith(("/playground/", "/v1/c", "/v1/m")) for path, _ in kept
    )
    assert all(headers == [] for _, headers in kept)


KEPT = """async () => {
  const requests = await (await caches.open("shell")).keys();
  return requests.map(({ url, headers }) => [new URL(url).pathname, [...headers.keys()]]);
}"""


def _forget_the_network(new_page: NewPage) -> None:
    """A browser logs what it could not send, and what was refused."""
    complaints: list[str] = new_page.complaints  # type: ignore[attr-defined]
    assert all("Failed to load resource" in complaint for complaint in complaints), complaints
    complaints.clear()
