"""The catalogues: what each language says for an English text. Text files (.po) that a translator
edits; read when a language is first asked for."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from languages.offered import ENGLISH

FOLDER = Path(__file__).with_name("locale")
DOMAINS = ("results", "problems", "page", "reports", "models", "classes")
"""Of each language one file each: what results say, names of classes among it; errors; the page;
reports; titles and limits of models; what the classes are."""

Entries = Mapping[str, tuple[str, ...]]
"""By English text: the translation, or its singular and its plural."""


def po_file(language: str, domain: str) -> Path:
    return FOLDER / language / f"{domain}.po"


@cache
def entries(language: str, domain: str) -> Entries:
    """What is translated; without entries that are empty or marked fuzzy."""
    path = po_file(language, domain)
    if language == ENGLISH or not path.is_file():
        return {}
    found: dict[str, tuple[str, ...]] = {}
    with path.open("rb") as file:
        for message in read_po(file, locale=language, domain=domain):
            english, forms = message.id, message.string
            key = english if isinstance(english, str) else english[0]
            texts = (forms,) if isinstance(forms, str) else tuple(forms or ())
            if key and texts and all(texts) and not message.fuzzy:
                found[key] = texts
    return found
