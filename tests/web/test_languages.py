"""The playground in the languages that it offers."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from languages.catalogs import entries
from languages.offered import ENGLISH, OFFERED
from languages.translator import translator
from models.cards.class_names import class_title
from tests.service.conftest import Service
from tests.web.conftest import NewPage
from tests.web.page import PHONE, explain, job_of, violations

pytestmark = pytest.mark.service
LANGUAGES = [code for code in OFFERED if code != ENGLISH]
TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode.data.trim().replace(/\\s+/g, " "));
  return texts;
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_finds_the_page_and_a_result_in_the_language_of_the_browser(
    new_page: NewPage, stack: Service, leaves: list[Path], language: str
) -> None:
    page, translated = new_page(locale=language, **PHONE), translator(language)
    assert page.locator("html").get_attribute("lang") == language
    expect(page.locator("#conditions summary")).to_contain_text("32")
    page.locator("#settings summary").click()
    explain(page, leaves[0])
    job = job_of(page, stack)
    best = translated.text(class_title(job["result"]["predictions"][0]["class_name"]))
    expect(page.locator("#result-title")).to_contain_text(best.partition(": ")[0])
    sentence = job["result"]["explanations"][0]["diagnostics"]["sentence"]
    expect(page.locator("#sentence")).to_have_text(translated.text(sentence))
    page.click("#disagree")
    page.locator("#predictions details summary").first.click()
    page.locator("#conditions summary").click()
    assert in_english(page, language) == []
    assert violations(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def in_english(page: Page, language: str) -> list[str]:
    """Texts on the page that its catalogue has in another language."""
    found = {**entries(language, "results"), **entries(language, "page")}
    differing = {english for english, (text, *_) in found.items() if text != english}
    return sorted(differing & set(page.evaluate(TEXTS)))


def test_the_choice_of_a_language_is_kept(new_page: NewPage) -> None:
    page = new_page(locale="de")
    assert page.locator("html").get_attribute("lang") == "en"
    with page.expect_navigation():
        page.select_option("#language", "es")
    expect(page.locator("#settings summary")).to_have_text("Ajustes")
    page.reload()
    expect(page.locator("#settings summary")).to_have_text("Ajustes")
    expect(page.locator("#language")).to_have_value("es")


def test_the_page_is_in_the_language_without_a_network_too(new_page: NewPage) -> None:
    page = new_page(locale="es")
    expect(page.locator("#offline")).to_be_visible()  # all of it is kept
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#settings summary")).to_have_text("Ajustes")


def test_the_language_can_be_changed_without_a_network(new_page: NewPage) -> None:
    page = new_page(locale="es")
    expect(page.locator("#offline")).to_be_visible()  # all of it is kept
    page.context.set_offline(True)
    with page.expect_navigation():
        page.select_option("#language", "sw")
    expect(page.locator("#settings summary")).to_have_text("Mipangilio")
    expect(page.locator("#conditions summary")).to_contain_text("32")
    expect(page.locator("#trouble")).to_be_hidden()


def page_with_messages(new_page: NewPage) -> Page:
    """A page in Spanish; `messages` is what it says."""
    page = new_page(locale="es")
    page.evaluate("import('/playground/messages.js').then((it) => (window.messages = it))")
    page.wait_for_function("window.messages")
    return page


def test_numbers_and_plural_forms_are_those_of_the_language(new_page: NewPage) -> None:
    page = page_with_messages(new_page)
    batch = "({ progress: 0.5, total: 10, queue: { eta_seconds: 5 } })"
    assert page.evaluate(f"messages.batchMessage{batch}") == (
        "5 de 10 fotos listas; quedan unos 5 segundos."
    )
    waiting = "({ state: 'queued', queue: { position: %d } })"
    assert page.evaluate(f"messages.waitingMessage{waiting % 1}") == "Hay 1 foto antes que esta."
    assert page.evaluate(f"messages.waitingMessage{waiting % 2}") == "Hay 2 fotos antes que esta."
    assert page.evaluate("messages.percent(0.87)") == "87\u00a0%"


def test_a_class_that_is_not_sure_is_a_question_as_the_language_writes_it(
    new_page: NewPage,
) -> None:
    page = page_with_messages(new_page)
    best = "{ crop: 'Tomato', disease: 'late_blight' }"
    said = [
        page.evaluate(f"messages.headline({{ verdict: '{verdict}', predictions: [{best}] }})")
        for verdict in ("confident", "low_margin")
    ]
    assert said == ["Tomate: tizón tardío", "¿Tomate: tizón tardío?"]
