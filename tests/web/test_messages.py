"""messages.js without a server: it says what the rest of the project says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from cli.explain.row_texts import affected_words
from engine.diagnostics import WARNINGS
from languages.offered import OFFERED
from models.verdicts.verdict import VERDICTS
from tests.browsers import WAIT_MS

FOLDER = Path(__file__).parents[2] / "web/playground"
TABLES = """async () => {
  const page = await import("/messages.js");
  return [page.VERDICTS, page.HINTS];
}"""
AFFECTED = """async (shares) => {
  const page = await import("/messages.js");
  return shares.map((share) => page.affectedMessage({ affected_share: share }));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that can import the modules."""
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    page.route("http://page.test/", lambda route: route.fulfill(content_type="text/html"))
    page.route("http://page.test/*.js", _give_module)
    page.goto("http://page.test/")
    yield page
    page.close()


def _give_module(route: Route) -> None:
    name = route.request.url.rpartition("/")[2]
    route.fulfill(path=FOLDER / name, content_type="text/javascript")


def test_the_page_offers_the_languages_of_the_server(page: Page) -> None:
    offered = page.evaluate("import('/language.js').then(({LANGUAGES}) => LANGUAGES)")
    assert offered == OFFERED


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
    assert page.evaluate(AFFECTED, shares) == report
