"""The languages that are offered, and which of them a reader prefers."""

import re
from functools import lru_cache

ENGLISH = "en"
OFFERED = {
    ENGLISH: "English",
    "es": "Español",
    "pt": "Português",
    "fr": "Français",
    "hi": "हिन्दी",
    "sw": "Kiswahili",
}
"""By code (ISO 639-1), each by its own name."""
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[\w-]*)?\s*(?:;\s*q\s*=\s*(\d(?:\.\d*)?)\s*)?")


class UnknownLanguage(ValueError):
    """A language that is not offered; the message names those that are."""

    def __init__(self, given: str) -> None:
        offered = ", ".join(f"{code} ({name})" for code, name in OFFERED.items())
        super().__init__(f"language {given!r:.100} is not offered; offered are {offered}")


def language_code(given: str) -> str:
    """The code of a language that is asked for by name: "es", or "es-MX", which is es too.

    Raises UnknownLanguage.
    """
    code = given.strip().lower().replace("_", "-").partition("-")[0]
    if code not in OFFERED:
        raise UnknownLanguage(given)
    return code


@lru_cache(maxsize=1024)
def preferred_language(accept_language: str) -> str:
    """The offered language that an `Accept-Language` header (RFC 9110, 12.5.4) prefers; English
    where it names none of them. Never an error: what cannot be read counts for nothing."""
    best, most = ENGLISH, 0.0
    for part in accept_language.split(","):
        found = _RANGE.fullmatch(part)
        if found is None or found[1].lower() not in OFFERED:
            continue
        weight = float(found[2] or 1)
        if weight > most:  # of equals the first
            best, most = found[1].lower(), weight
    return best
