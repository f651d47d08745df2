"""Settings as a command reads them: a wrong one becomes one sentence."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from cli.errors import USAGE, CommandError
from languages.offered import UnknownLanguage, language_code
from languages.translator import Translator, translator

S = TypeVar("S", bound=BaseSettings)
_PREFIX = "CROPSHIELD_"


def read(kind: type[S]) -> S:
    """Raises CommandError that names the variable, its value and what is wrong with it."""
    try:
        return kind()
    except ValidationError as error:
        raise CommandError("; ".join(map(_sentence, error.errors()))) from error
    except SettingsError as error:
        raise CommandError(f"{error}: it must be JSON") from error


def translator_for(language: str) -> Translator:
    """Raises CommandError for a language that is not offered."""
    try:
        return translator(language_code(language))
    except UnknownLanguage as error:
        raise CommandError(str(error), USAGE) from error


def _sentence(wrong: object) -> str:
    assert isinstance(wrong, dict)  # noqa: S101 - pydantic's ErrorDetails
    name = str(wrong["loc"][0]).removeprefix(_PREFIX).upper()
    reason = str(wrong["msg"]).removeprefix("Value error, ")
    return f"{_PREFIX}{name}={wrong['input']}: {reason}"
