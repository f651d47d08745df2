"""Nothing on the page is without an entry in its catalogue.

The page is given a catalogue in which every English text stands in circled letters, and is then
used. What still has plain letters was never handed to `t`.
"""

import re
import string
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from api.routes.pages import page_texts
from tests.web.conftest import NewPage
from tests.web.page import PHONE, explain

pytestmark = pytest.mark.service
LANGUAGE = "hi"  # its dates and units have no Latin letters, but for am and pm
_CIRCLES = {
    **{ord(letter): 0x24D0 + at for at, letter in enumerate(string.ascii_lowercase)},
    **{ord(letter): 0x24B6 + at for at, letter in enumerate(string.ascii_uppercase)},
}
_PLACEHOLDER = re.compile(r"(\{\w+\})")
_PLAIN = re.compile(r"[A-Za-z]*[a-z]")  # JPEG is JPEG in every language
_NAMES = ("CropShield", "The sister", "am", "pm")
TEXTS = """() => {
  const read = (element) => [
    ...["aria-label", "placeholder", "alt", "title"].map((name) => element.getAttribute(name)),
    ...[...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      .map(({ data }) => data),
  ];
  return [...document.querySelectorAll("body, body *")]
    .filter((element) => !element.closest("[translate=no], script, .facts dd, #by, #model"))
    .flatMap(read).filter(Boolean);
}"""
"""Without what the server says: what a class is, and the titles of models."""


def circled(english: str) -> str:
    parts = _PLACEHOLDER.split(english)
    return "".join(part if at % 2 else part.translate(_CIRCLES) for at, part in enumerate(parts))


def give_circled_texts(context: BrowserContext) -> None:
    texts = {english: [circled(english)] * 2 for english in page_texts(LANGUAGE)}

    def give(route: Route) -> None:
        route.fulfill(json=texts)

    context.route(f"**/playground/languages/{LANGUAGE}.json", give)


@pytest.fixture
def page(new_page: NewPage) -> Page:
    options: dict[str, Any] = {"locale": LANGUAGE, "service_workers": "block", **PHONE}
    return new_page(prepare=give_circled_texts, **options)


def plain(page: Page, *known: str) -> list[str]:
    """The texts that have Latin letters, without `known` names."""
    names = re.compile("|".join(map(re.escape, (*known, *_NAMES))))
    return [text for text in page.evaluate(TEXTS) if _PLAIN.search(names.sub("", text))]


def test_texts_are_found_at_all(page: Page) -> None:
    page.evaluate("document.querySelector('h2').textContent = 'Photos'")
    page.evaluate("document.querySelector('#choose').ariaLabel = 'Choose'")
    assert plain(page) == ["Photos", "Choose"]


def test_the_page_and_a_result_have_no_text_without_an_entry(
    page: Page, leaves: list[Path]
) -> None:
    assert plain(page) == []
    explain(page, leaves[0])
    page.locator("#boxes").check()
    expect(page.locator("#predictions details").first).to_be_attached()
    page.click("#disagree")
    page.click("#share")
    assert plain(page) == []
    page.locator("#settings summary").click()
    page.select_option("#model", "sister")
    page.click("#again")
    expect(page.locator("#by")).to_contain_text("sister")
    page.click("#agree")
    expect(page.locator("#thanks")).not_to_be_empty()
    assert plain(page) == []


@pytest.mark.parametrize("order", ["order", "confidence", "margin", "leaf"])
def test_a_gallery_has_no_text_without_an_entry(page: Page, leaves: list[Path], order: str) -> None:
    explain(page, *leaves)
    page.select_option("#sort", order)
    assert plain(page, *(leaf.name for leaf in leaves)) == []


def test_photos_on_their_way_have_no_text_without_an_entry(
    page: Page, new_page: NewPage, leaves: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    page.evaluate("navigator.storage.estimate = async () => ({ usage: 95.5e6, quota: 100e6 })")
    page.context.set_offline(True)
    page.set_input_files("#choose", [text, *leaves])
    entries = page.locator("#entries li")
    expect(entries).to_have_count(4)
    expect(page.locator("#room")).not_to_be_empty()
    names = ("notes.txt", *(leaf.name for leaf in leaves))
    assert plain(page, *names) == []
    page.context.set_offline(False)
    failed = entries.filter(has_text="notes.txt").get_by_role("button")
    expect(failed).to_have_count(2)
    expect(entries.get_by_role("button")).to_have_count(8)  # two each, now that all have ended
    asked: list[str] = []

    def delete(question: Dialog) -> None:
        asked.append(question.message)
        question.accept()

    page.once("dialog", delete)
    assert plain(page, *names) == []
    failed.last.click()
    expect(failed).to_have_count(0)
    assert not _PLAIN.search(asked[0])
    new_page.complaints.clear()  # type: ignore[attr-defined]
