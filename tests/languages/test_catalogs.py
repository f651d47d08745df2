"""The catalogues: complete, up to date, with the values of the English text."""

import re

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message

from languages.catalogs import DOMAINS, po_file
from languages.offered import ENGLISH, OFFERED
from scripts.translations.__main__ import catalogue, forms, missing, written
from scripts.translations.details import ROOT
from scripts.translations.sources import SOURCES

UNFINISHED: set[tuple[str, str]] = set()
"""Language and catalogue; docs/how-to/translate.md has a row for each: | `es` | `classes` |."""
LANGUAGES = [code for code in OFFERED if code != ENGLISH]
_PLACEHOLDER = re.compile(r"\{\w*\}")
_OF_ENGLISH = {"{expected_plural}"}  # an "s" at the end of an English word
each_catalogue = pytest.mark.parametrize(
    ("language", "domain"), [(code, domain) for code in LANGUAGES for domain in DOMAINS]
)


@pytest.fixture
def made(language: str, domain: str) -> Catalog:
    """As the code is now."""
    return catalogue(language, domain)


def test_every_catalogue_has_a_source() -> None:
    assert tuple(SOURCES) == DOMAINS


@each_catalogue
def test_a_catalogue_is_as_the_code_is(language: str, domain: str, made: Catalog) -> None:
    told = "run python -m scripts.translations"
    assert po_file(language, domain).read_bytes() == written(made), told


@each_catalogue
def test_every_text_is_translated(language: str, domain: str, made: Catalog) -> None:
    lacking = missing(made)
    assert bool(lacking) == ((language, domain) in UNFINISHED), lacking


@each_catalogue
def test_a_translation_has_the_values_of_the_english_text(
    language: str, domain: str, made: Catalog
) -> None:
    wrong = [message.id for message in made if message.id and not _has_same_values(message)]
    assert wrong == []


def test_the_page_for_translators_names_the_languages_and_what_they_lack() -> None:
    page = (ROOT / "docs/how-to/translate.md").read_text("utf-8")
    for code in OFFERED:
        assert f"{Locale.parse(code).english_name} (`{code}`)" in " ".join(page.split())
    rows = re.findall(r"^\| `(\w\w)` \| (.+) \|$", page, re.MULTILINE)
    told = {(code, name) for code, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == UNFINISHED


def _has_same_values(message: Message) -> bool:
    """Of a text that is not translated nothing is asked."""
    english = {message.id} if isinstance(message.id, str) else set(message.id)
    wanted = {value for text in english for value in _PLACEHOLDER.findall(text)} - _OF_ENGLISH
    last = forms(message)[-1]
    return not last or set(_PLACEHOLDER.findall(last)) == wanted


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_line_of_french_begins_with_a_sign(domain: str) -> None:
    """A no-break space stands before `:`, `;`, `?`, `!` and within quotation marks."""
    told = [form for message in catalogue("fr", domain) if message.id for form in forms(message)]
    assert [text for text in told if re.search(r" [:;?!»]|« ", text)] == []
