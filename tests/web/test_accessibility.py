"""The playground by keyboard, on a phone, and for people who see it otherwise."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FileChooser, expect

from tests.web.conftest import NewPage
from tests.web.page import PHONE, explain, until_at_rest, violations

pytestmark = pytest.mark.service


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
    until_at_rest(page)
    expect(page.locator("#predictions summary").first).to_be_attached()
    assert page.input_value("#colormap") == "viridis"
    for _ in range(2):  # past what the class is, which is shown of a confident answer alone
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id === 'opacity'"):
            break
    expect(page.locator("#opacity")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#opacity-value")).to_have_text("51%")
    page.keyboard.press("Tab")
    page.keyboard.press("j")  # one letter: several have to come within a second
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
