"""One language: its texts, plural forms and numbers."""

import re
from functools import cache, cached_property

from babel import Locale
from babel.numbers import format_decimal, format_percent

from languages.catalogs import DOMAINS, Entries, entries
from languages.offered import ENGLISH
from languages.sentences import Templates

_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")  # 20,000,000, as messages are written
_PERCENT = re.compile(r"(\d{1,3})%")


class Translator:
    """What is not translated stays English."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(language)

    def text(self, english: str, **values: object) -> str:
        """The translation, `{name}` in it replaced by values."""
        text = self._entries.get(english, (english,))[0]
        return text.format(**values) if values else text

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The form for so many, `{count}` in it by the language's rules."""
        forms = self._entries.get(one, (one, many))
        form = forms[0 if self._locale.plural_form(count) == "one" else -1]
        return form.format(count=self.number(count), **values)

    def sentence(self, english: str) -> str:
        """The translation of a sentence whose values are filled in already, as that of an error;
        the sentence itself where it is not known."""
        if self.language == ENGLISH:
            return english
        if english in self._entries:
            return self.text(english)
        found = self._templates.recognise(english)
        if found is None:
            return english
        return self.text(found.template).format(
            **{name: self._value(value) for name, value in found.values.items()}
        )

    def number(self, value: float) -> str:
        """A number with the separators of the language: 20,000 or 20.000."""
        return format_decimal(value, locale=self._locale)

    def percent(self, share: float, digits: int = 0) -> str:
        """A share in [0, 1] as "12%" or "12 %"."""
        pattern = self._locale.percent_formats[None].pattern
        if digits:
            pattern = pattern.replace("#,##0", "#,##0." + "0" * digits)
        return format_percent(share, pattern, locale=self._locale)

    def _value(self, value: str) -> str:
        """A reason is a sentence of its own; a name, which has no space, stays as it is."""
        if _GROUPED.fullmatch(value):
            return self.number(int(value.replace(",", "")))
        if found := _PERCENT.fullmatch(value):
            return self.percent(int(found[1]) / 100)
        return self.sentence(value) if " " in value else value

    @cached_property
    def _entries(self) -> Entries:
        found: dict[str, tuple[str, ...]] = {}
        for domain in reversed(DOMAINS):
            found.update(entries(self.language, domain))
        return found

    @cached_property
    def _templates(self) -> Templates:
        return Templates(entries(self.language, "problems"))


@cache
def translator(language: str) -> Translator:
    """The translator of an offered language, the same at every call."""
    return Translator(language)


IN_ENGLISH = translator(ENGLISH)
