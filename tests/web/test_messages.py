"""messages.js without a server: it says what the rest of the project says."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from cli.explain.tables import affected_words
from engine.diagnostics import WARNINGS
from models.verdict import VERDICTS

MODULE = Path(__file__).parents[2] / "web/playground/messages.js"
TABLES = """async () => {
  const page = await import("/messages.js");
  return [page.VERDICTS, page.HINTS];
}"""
AFFECTED = """async (shares) => {
  const page = await import("/messages.js");
  return shares.map((share) => page.affectedMessage({ affected_share: share }));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    """An empty page that can import the module."""
    page = browser.new_page()
    page.route("http://page.test/", lambda route: route.fulfill(content_type="text/html"))
    page.route(
        "http://page.test/messages.js",
        lambda route: route.fulfill(path=MODULE, content_type="text/javascript"),
    )
    page.goto("http://page.test/")
    return page


def test_the_page_says_of_verdicts_and_warnings_what_the_server_says(page: Page) -> None:
    verdicts, hints = page.evaluate(TABLES)
    assert verdicts == {
        name: {
            "isReliable": text.is_reliable,
            "isFamiliar": text.is_familiar,
            "advice": text.advice,
        }
        for name, text in VERDICTS.items()
    }
    assert hints == {name: text.hint for name, text in WARNINGS.items()}


def test_the_page_and_the_report_say_the_same_of_the_affected_share(page: Page) -> None:
    shares = [None, 0.0, 0.004, 0.005, 0.124, 0.125, 0.996, 1.0]
    report = [affected_words({"affected_share": share}) for share in shares]
    expected = [words and f"{words[0].upper()}{words[1:]}." for words in report]
    assert [said.replace("\u00a0", " ") for said in page.evaluate(AFFECTED, shares)] == expected
