"""The parameter `lang`, which every request under `/v1` may have."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.language import PARAMETER, language_of, pop_parameter
from api.problems.errors import InvalidRequest
from api.problems.exception_handlers import invalid_response
from languages.offered import UnknownLanguage, language_code


class LanguageMiddleware:
    """ASGI middleware. It takes `lang` out of the query, so that no route has to know it, and
    refuses a language that is not offered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        language_of(scope)
        if wrong := _fault(pop_parameter(scope)):
            error = InvalidRequest([{"field": PARAMETER, "message": wrong}])
            await invalid_response(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _fault(given: list[str]) -> str:
    """What is wrong with the values of `lang`; "" for nothing."""
    try:
        codes = [*{language_code(value) for value in given}]
    except UnknownLanguage as error:
        return str(error)
    return f"it is given twice: {given[0]!r:.100} and {given[-1]!r:.100}" if codes[1:] else ""
