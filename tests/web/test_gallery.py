"""Several photos, two models, and what the page keeps."""

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.service.conftest import Service
from tests.web.conftest import NewPage
from tests.web.page import explain, job_of

pytestmark = pytest.mark.service


def test_several_photos_are_a_gallery_that_can_be_sorted(
    new_page: NewPage, leaves: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page = new_page()
    explain(page, *leaves, text)
    expect(page.locator("#status")).to_have_text("4 of 4 photos done.")
    expect(page.locator("#cards .tile")).to_contain_text("not a photo that the server can read")
    expect(page.locator("#cards button").first).to_contain_text(leaves[0].name)
    for by, words in (
        ("confidence", r"(\d+)%"),
        ("margin", r"(\d+)% ahead of the second answer"),
        ("leaf", r"(\d+)% of the heat on the leaf"),
    ):
        page.select_option("#sort", by)
        found = [re.search(words, text) for text in page.locator("#cards button").all_inner_texts()]
        shares = [int(one[1]) for one in found if one]
        assert len(shares) == 3
        assert shares == sorted(shares)


def test_back_leads_from_a_photo_to_the_gallery(new_page: NewPage, leaves: list[Path]) -> None:
    page = new_page()
    explain(page, *leaves[:2])
    page.locator("#cards button").first.click()
    expect(page.locator("#result")).to_be_focused()
    assert "#job=" in page.url
    page.go_back()
    expect(page.locator("#result")).to_be_hidden()
    assert "#batch=" in page.url
    page.reload()
    expect(page.locator("#cards button")).to_have_count(2)


def test_what_was_asked_for_last_is_what_is_shown(
    new_page: NewPage, stack: Service, new_leaves: list[Path]
) -> None:
    page, worker = new_page(), stack.worker
    worker.send_signal(signal.SIGSTOP)
    try:
        page.set_input_files("#choose", new_leaves[:2])
        expect(page.locator("#cards li")).to_have_count(2)
        page.set_input_files("#choose", new_leaves[2])
        expect(page.locator("#gallery")).to_be_hidden()
        expect(page.locator("#status")).to_contain_text("ahead of this one")
    finally:
        worker.send_signal(signal.SIGCONT)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#gallery")).to_be_hidden()


def test_another_model_looks_at_the_same_photo(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    expect(page.locator("#by")).to_contain_text("CropShield CNN")
    page.locator("#settings summary").click()
    expect(page.locator("#again")).to_be_hidden()
    page.select_option("#model", "sister")
    page.click("#again")
    expect(page.locator("#by")).to_have_text("Model: The sister")
    assert job_of(page, stack)["model"]["id"] == "sister"
    expect(page.locator("#again")).to_be_hidden()
    expect(page.locator("#past li")).to_have_count(2)
    expect(page.locator("#past li").last).to_contain_text("CropShield CNN")


def test_a_model_that_was_never_calibrated_is_not_called_confident(new_page: NewPage) -> None:
    page = new_page()
    assert "Use it" in _verdict(page, "0123456789abcdef")
    assert "Nobody has measured" in _verdict(page, None)


def _verdict(page: Page, calibration: str | None) -> str:
    found = {"predictions": [{"confidence": 0.9}], "verdict": "confident"}
    job = {"model": {"calibration": calibration}, "result": found}
    say = "async (job) => (await import('/playground/messages.js')).verdictMessage(job)"
    return str(page.evaluate(say, job))
