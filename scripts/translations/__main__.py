"""`python -m scripts.translations`: bring every catalogue up to date with the code.

New texts are added without a translation, texts that are gone are taken out. With `--check` nothing
is written, and the exit code is 1 where a catalogue is out of date. What is missing is listed.
"""

import io
import sys
from functools import cache

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from languages.catalogs import po_file
from languages.offered import ENGLISH, OFFERED
from scripts.translations.sources import SOURCES
from scripts.translations.texts import Text

PLURALS = {"pt": "(n > 1)", "fr": "(n > 1)", "hi": "(n > 1)"}
"""As CLDR counts 0; "(n != 1)" elsewhere."""
_HEADER = "# {name}: {domain}. Not reviewed by native speakers; see docs/how-to/translate.md."


@cache
def texts(domain: str) -> tuple[Text, ...]:
    """What there is to translate."""
    return tuple(SOURCES[domain]())


def catalogue(language: str, domain: str) -> Catalog:
    """Every text of the domain, with the translations that there are."""
    path = po_file(language, domain)
    old = Catalog(language)
    if path.is_file():
        with path.open("rb") as file:
            old = read_po(file, locale=language, domain=domain)
    made = Catalog(
        language,
        domain=domain,
        header_comment=_HEADER.format(name=Locale.parse(language).english_name, domain=domain),
    )
    plurals = f"nplurals=2; plural={PLURALS.get(language, '(n != 1)')};"
    made.mime_headers = [("Plural-Forms", plurals)]
    for text in texts(domain):
        known = old.get(text.english if isinstance(text.english, str) else text.english[0])
        comments = (text.comment,) if text.comment else ()
        empty = "" if isinstance(text.english, str) else ("", "")
        translated = known.string if known and known.id == text.english else empty
        made.add(text.english, translated, [(text.file, 0)], auto_comments=comments)
    return made


def written(made: Catalog) -> bytes:
    """The catalogue as a file."""
    target = io.BytesIO()
    write_po(target, made, width=98, include_lineno=False, omit_header=True)
    head = (
        f'{made.header_comment}\nmsgid ""\nmsgstr ""\n'
        f'"Language: {made.locale_identifier}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: nplurals=2; plural={made.plural_expr};\\n"\n\n'
    )
    return head.encode() + target.getvalue()


def forms(message: Message) -> tuple[str, ...]:
    """The translation, or its singular and plural; empty ones where there is none."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def missing(made: Catalog) -> list[str]:
    """The texts without a translation, in English."""
    return [
        one.id if isinstance(one.id, str) else one.id[0]
        for one in made
        if one.id and not all(forms(one))
    ]


def main(*, check: bool) -> int:
    """The exit code."""
    stale = []
    for language in (code for code in OFFERED if code != ENGLISH):
        for domain in SOURCES:
            made, path = catalogue(language, domain), po_file(language, domain)
            if not path.is_file() or path.read_bytes() != written(made):
                stale.append(path)
                if not check:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(written(made))
            for text in missing(made):
                sys.stdout.write(f"{language} {domain}: not translated: {text}\n")
    for path in stale if check else ():
        sys.stderr.write(f"{path} is out of date: run python -m scripts.translations\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main(check="--check" in sys.argv))
