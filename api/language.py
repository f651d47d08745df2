"""The language of an answer: that of `lang`, else the one that `Accept-Language` prefers, else
English."""

from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

from api.context import context_of
from api.headers import find_header
from languages.offered import OFFERED, UnknownLanguage, language_code, preferred_language
from languages.translator import Translator, translator

PARAMETER = "lang"


def language_of(scope: Scope) -> str:
    """The code of an offered language, the same at every call. A wrong `lang` counts for nothing
    here: `LanguageMiddleware` refuses it."""
    context = context_of(scope)
    if context.language is None:
        context.language = _asked(scope) or preferred_language(
            find_header(scope, b"accept-language") or ""
        )
    return context.language


def translator_of(scope: Scope) -> Translator:
    """Translates for the request with this scope."""
    return translator(language_of(scope))


def pop_parameter(scope: Scope) -> list[str]:
    """The values of `lang`, which is no option of any route, taken out of the query."""
    pairs = _query(scope)
    if given := [value for name, value in pairs if name == PARAMETER]:
        rest = [(name, value) for name, value in pairs if name != PARAMETER]
        scope["query_string"] = urlencode(rest).encode()
    return given


def language_fields(language: str, vary: str = "") -> dict[str, str]:
    """The headers of an answer in this language. vary: what else the answer depends on."""
    depends = f"Accept-Language, {vary}" if vary else "Accept-Language"
    return {"Content-Language": language, "Vary": depends}


def _asked(scope: Scope) -> str | None:
    given = [value for name, value in _query(scope) if name == PARAMETER]
    try:
        return language_code(given[0]) if given else None
    except UnknownLanguage:
        return None


def _query(scope: Scope) -> list[tuple[str, str]]:
    """Empty, and nothing parsed, where `lang` cannot be in it."""
    query: bytes = scope.get("query_string", b"")
    if PARAMETER.encode() not in query:
        return []
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


PARAMETER_SCHEMA = {
    "name": PARAMETER,
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": [*OFFERED]},
    "description": "The language of what people read in the answer; by default the one that "
    "`Accept-Language` prefers, else English. Names, codes and types never change.",
}
