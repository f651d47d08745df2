"""The API page and the first steps, in a real browser that may ask nobody else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from languages.offered import OFFERED
from tests.browsers import WAIT_MS
from tests.service.conftest import Service
from tests.web.page import violations

pytestmark = pytest.mark.service


@pytest.fixture
def page(browser: Browser, stack: Service) -> Iterator[Page]:
    """Nothing was asked of another host, and the browser complained of nothing."""
    root, complaints = f"http://127.0.0.1:{stack.port}/", []
    context = browser.new_context(base_url=root, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((root, f"blob:{root}", "data:"))
            else complaints.append(request.url)
        ),
    )
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def leaf(stack: Service, tmp_path: Path) -> Path:
    """The sample that the page offers."""
    path = tmp_path / "sample-leaf.jpg"
    path.write_bytes(stack.http.get("/sample-leaf.jpg").content)
    return path


@pytest.mark.parametrize("media", ["multipart/form-data", "image/jpeg"])
def test_the_sample_is_tried_out_in_both_forms(page: Page, leaf: Path, media: str) -> None:
    page.goto("/docs")
    expect(page.get_by_text("A drawn leaf to try it out with")).to_be_visible()
    operation = page.locator("#operations-jobs-submit_job")
    operation.get_by_role("button").first.click()
    operation.locator(".opblock-section-request-body select").first.select_option(media)
    prefer = operation.locator("tr[data-param-name='Prefer'] input")
    prefer.fill("wait=25")
    operation.locator("input[type=file]").set_input_files(leaf)
    operation.get_by_role("button", name="Execute").click()
    shown = operation.locator(".live-responses-table .highlight-code code").first
    expect(shown).to_contain_text('"succeeded"')
    assert json.loads(shown.inner_text())["result"]["predictions"]


def test_the_page_opens_with_the_first_job_its_life_errors_and_limits(
    page: Page, stack: Service
) -> None:
    page.goto("/docs")
    opening = page.locator(".info")
    for heading in ("The first job", "The life of a job", "Errors", "Limits"):
        expect(opening.locator("strong", has_text=heading)).to_be_visible()
    lines = opening.locator("pre", has_text="curl")
    expect(lines).to_contain_text(f"http://127.0.0.1:{stack.port}/v1/jobs")
    expect(opening).to_contain_text("20 MB and 64 million pixels a photo")


def test_the_first_steps_are_for_five_languages(page: Page) -> None:
    page.goto("/start")
    languages = page.locator("code[data-language]").evaluate_all(
        "blocks => blocks.map(block => block.dataset.language)"
    )
    assert languages == ["sh", "python", "javascript", "kotlin", "swift"]


def test_the_first_steps_name_the_server_that_they_come_from(page: Page, stack: Service) -> None:
    page.goto("/start")
    for language in ("sh", "python", "javascript", "swift"):
        shown = page.locator(f"code[data-language={language}]")
        expect(shown).to_contain_text(f"http://127.0.0.1:{stack.port}")
    expect(page.locator("code[data-language=kotlin]")).to_contain_text(f"10.0.2.2:{stack.port}/")


def test_the_reference_is_read_without_a_script(browser: Browser, stack: Service) -> None:
    root = f"http://127.0.0.1:{stack.port}"
    context = browser.new_context(base_url=root, java_script_enabled=False)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto("/redoc")
    page.get_by_role("link", name="POST /v1/jobs", exact=True).click()
    expect(page.locator("#submit_job")).to_be_in_viewport()
    context.close()


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/start", "/problems/too-slow", "/"])
def test_every_page_keeps_to_its_policy(page: Page, path: str) -> None:
    """What the policy forbids is a complaint."""
    answer = page.goto(path, wait_until="load")
    assert answer
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    expect(page.locator("h1, h2").first).to_be_visible()
    assert page.evaluate("document.styleSheets.length") == len(
        page.query_selector_all("link[rel=stylesheet]")
    )


TO_READ = [f"/problems/key-reused?lang={language}" for language in OFFERED] + ["/start", "/redoc"]


@pytest.mark.parametrize("path", TO_READ)
def test_a_page_to_read_shuts_nobody_out_and_fits_a_phone(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
