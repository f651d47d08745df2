"""The texts of each catalogue."""

import json
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

from babel.messages.extract import extract_from_file
from jinja2 import Environment

from api.problems.http_problems import all_problems
from api.rendering.contact_sheet import PLACEHOLDERS
from api.rendering.renderer import PHOTO
from cli.report.reasons import LEGEND, ROLES
from engine.diagnostics import SENTENCES, WARNINGS
from models.cards.class_descriptions import Kind
from models.cards.class_names import class_title
from models.catalog import CARDS, Catalog
from models.verdicts.verdict import CONDITIONS, QUESTION, VERDICTS
from pictures.sheets import LEGEND as ENDS
from scripts.translations.details import ROOT, details
from scripts.translations.texts import Text, Texts

_CALLS: dict[str, Any] = {"t": None, "_": None, "text": None, "plural": (1, 2)}
_FUNCTIONS = ("t", "plural")  # of templates
_TEMPLATES: Any = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
_ATTRIBUTES = {"aria-label", "placeholder", "alt", "title", "content"}
_CLASSES, _DESCRIBED = "models/class_to_idx.json", "models/class_descriptions.toml"
_CONDITIONS = "{conditions} is one of the texts below: a preposition may belong to them."


def results() -> Texts:
    """What results say, wherever they are shown."""
    yield from (Text(title, _CLASSES) for title in class_titles())
    for verdict in VERDICTS.values():
        note = _CONDITIONS if "{conditions}" in verdict.advice else ""
        yield Text(verdict.advice, "models/verdicts/verdict.py", note)
    yield Text(CONDITIONS.known, "models/verdicts/verdict.py")
    yield Text((CONDITIONS.one, CONDITIONS.many), "models/verdicts/verdict.py")
    yield Text(QUESTION, "models/verdicts/verdict.py", "The name of a class that is not sure.")
    yield from (Text(warning.sentence, "engine/diagnostics.py") for warning in WARNINGS.values())
    yield from (Text(sentence, "engine/diagnostics.py") for sentence in SENTENCES)
    yield from (Text(warning.hint, "engine/diagnostics.py") for warning in WARNINGS.values())
    yield from (Text(kind, "models/cards/class_descriptions.py") for kind in get_args(Kind))
    yield from (Text(words, "pictures/sheets.py") for words in ENDS)
    yield Text(PHOTO, "api/rendering/renderer.py")
    yield from (Text(words, "api/rendering/contact_sheet.py") for words in PLACEHOLDERS)


def problems() -> Texts:
    """Titles, meanings and details of errors, and the pages about them."""
    for problem in all_problems():
        yield Text(problem.title, "jobs/problems.py")
        yield Text(problem.meaning, "jobs/problems.py")
    yield from _of_code("python", ROOT / "api/openapi/problem_page.py")
    yield from details()


def class_titles() -> list[str]:
    """Of the bundled models, such as "Apple: black rot"."""
    return [class_title(name) for name in json.loads((ROOT / _CLASSES).read_text("utf-8"))]


def page() -> Texts:
    """The playground, but for what results say."""
    shared = {text.english for text in results()}
    yield from (text for text in _page() if text.english not in shared)


def _page() -> Texts:
    yield from _of_html(ROOT / "web/playground/index.html")
    for path in sorted((ROOT / "web/playground").glob("*.js")):
        yield from _of_code("javascript", path)


def reports() -> Texts:
    """The reports of `explain` and `audit`, and `models show`, but for what results say."""
    shared = {text.english for text in results()}
    yield from (text for text in _reports() if text.english not in shared)


def _reports() -> Texts:
    for name, reason in LEGEND.items():
        yield Text(name, "cli/report/reasons.py")
        yield Text(reason.meaning, "cli/report/reasons.py")
    yield from (Text(role, "cli/report/reasons.py") for role in ROLES)
    for path in sorted((ROOT / "cli/report/templates").glob("*.html")):
        yield from _of_template(path)
    for path in sorted((ROOT / "cli/report/static").glob("*.js")):
        yield from _of_code("javascript", path)
    for file in ("cli/audit/advice.py", "cli/audit/report.py", "cli/explain/report.py"):
        yield from _of_code("python", ROOT / file)
    yield from _of_code("python", ROOT / "cli/explain/row_texts.py")
    yield from _of_code("python", ROOT / "cli/cards/describe.py")


def models() -> Texts:
    """What the cards of the bundled models say."""
    for card in Catalog(CARDS):
        file = card.path.relative_to(ROOT).as_posix()
        yield from (Text(text, file) for text in (card.title, card.limits))


def classes() -> Texts:
    """What the classes of the bundled models are."""
    with (ROOT / _DESCRIBED).open("rb") as file:
        described = tomllib.load(file)
    for name, one in described.items():
        parts = [*one["common_names"], one["symptoms"], one["expected_heat"], one["next_steps"]]
        for other in one["lookalikes"]:
            parts += [other["name"], other["difference"]]
        yield from (Text(" ".join(part.split()), _DESCRIBED, name) for part in parts)


def _of_code(language: str, path: Path) -> Texts:
    """The texts that are handed to a function that translates."""
    for _, found, _, _ in extract_from_file(language, path, _CALLS):
        english = (found[0], found[1]) if isinstance(found, tuple) else found
        yield Text(english, path.relative_to(ROOT).as_posix())


def _of_template(path: Path) -> Texts:
    found = _TEMPLATES.extract_translations(path.read_text("utf-8"), _FUNCTIONS)
    for _, function, texts in found:
        given = [texts] if isinstance(texts, str) else list(texts or [None])
        if given[0] is not None:  # a text that the template is given is found at its source
            english = (given[0], given[1]) if function == "plural" else given[0]
            yield Text(english, path.relative_to(ROOT).as_posix())


def _of_html(path: Path) -> Texts:
    parser = _Texts()
    parser.feed(path.read_text("utf-8"))
    yield from (Text(text, path.relative_to(ROOT).as_posix()) for text in parser.found)


class _Texts(HTMLParser):
    """The texts of a page, and of attributes that people read, as `language.js` finds them: none
    within an element that has `translate="no"`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_skipped = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self._is_skipped = own.get("translate") == "no" or tag in ("script", "style", "title")
        if tag != "meta" or own.get("name") == "description":
            self._add(*(own.get(name) for name in sorted(_ATTRIBUTES & own.keys())))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser calls it
        self._is_skipped = False

    def handle_data(self, data: str) -> None:
        if not self._is_skipped:
            self._add(data)

    def _add(self, *texts: str | None) -> None:
        whole = (" ".join((text or "").split()) for text in texts)
        self.found += [text for text in whole if any(map(str.isalpha, text))]


SOURCES: dict[str, Callable[[], Texts]] = {
    "results": results,
    "problems": problems,
    "page": page,
    "reports": reports,
    "models": models,
    "classes": classes,
}
"""By the name of the catalogue."""
