"""messages.js without a server: its copies of the server's tables."""

from pathlib import Path

from playwright.sync_api import Browser

from engine.diagnostics import WARNINGS
from models.verdict import VERDICTS

MODULE = Path(__file__).parents[2] / "web/playground/messages.js"
READ = """async () => {
  const page = await import("/messages.js");
  return [page.VERDICTS, page.HINTS];
}"""


def test_the_page_says_of_verdicts_and_warnings_what_the_server_says(browser: Browser) -> None:
    page = browser.new_page()
    page.route("http://page.test/", lambda route: route.fulfill(content_type="text/html"))
    page.route(
        "http://page.test/messages.js",
        lambda route: route.fulfill(path=MODULE, content_type="text/javascript"),
    )
    page.goto("http://page.test/")
    verdicts, hints = page.evaluate(READ)
    assert verdicts == {
        name: {
            "isReliable": text.is_reliable,
            "isFamiliar": text.is_familiar,
            "advice": text.advice,
        }
        for name, text in VERDICTS.items()
    }
    assert hints == {name: text.hint for name, text in WARNINGS.items()}
