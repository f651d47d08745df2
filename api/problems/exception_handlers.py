"""Every response that is not a success is `application/problem+json` (RFC 9457)."""

import logging
import math
import random
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from api.context import context_of
from api.language import language_fields, translator_of
from api.problems.errors import InvalidRequest, TooSlow, UnsupportedEncoding, WrongKey
from api.problems.http_problems import (
    BAD_REQUEST,
    BY_STATUS,
    INVALID,
    document,
    http_problem_of,
    status_of,
    translated_error,
)
from jobs.errors import BeingReceived, CropShieldError, JobNotReady, TooSoon, Unavailable
from jobs.problems import INTERNAL, Problem
from models.card_errors import CardError
from pictures.errors import PhotoError

log = logging.getLogger(__name__)
_JITTER = 0.5


def invalid_request(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """Pydantic's findings in this API's words: field, message and the value given."""
    return InvalidRequest([_finding(found) for found in error.errors()])


def _finding(found: Any) -> dict[str, Any]:
    if found["type"] == "json_invalid":
        reason, at = found["ctx"]["error"], found["loc"][-1]
        message = f"it is no JSON: {reason} (at character {at})"
        return {"field": "body", "message": message}
    where = [str(part) for part in found["loc"] if part not in ("query", "path", "body")]
    field = ".".join(where).encode(errors="backslashreplace").decode()  # half a surrogate pair
    fault = found["msg"].removeprefix("Value error, ")
    message = f"{fault} (given: {found['input']!r:.100})"
    return {"field": field, "message": message}


def problem_response(
    request: Request,
    problem: Problem,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JSONResponse:
    """The problem document as an answer, in the language of the request. detail: in English."""
    translated = translator_of(request.scope)
    content = translated_error(document(problem, detail), translated) | {
        "instance": request.url.path,
        "request_id": context_of(request.scope).request_id,
    }
    return JSONResponse(
        content | extra,
        status_code=status_of(problem),
        headers=language_fields(translated.language) | dict(headers or {}),
        media_type="application/problem+json",
    )


def error_response(request: Request, error: Exception) -> JSONResponse:
    """The problem of an error that this project raises on purpose."""
    headers = {}
    if isinstance(error, TooSoon):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, TooSlow):
        headers["Connection"] = "close"  # the rest of the body is useless
    if isinstance(error, UnsupportedEncoding):
        headers["Accept-Encoding"] = "identity"
    if isinstance(error, WrongKey):
        headers["WWW-Authenticate"] = 'Bearer realm="CropShield"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(round(error.retry_after * (1 + random.random() * _JITTER)))
    if isinstance(error, BeingReceived | JobNotReady):
        headers["Retry-After"] = "1"
    return problem_response(request, http_problem_of(error), str(error), headers)


async def _handle_known(request: Request, error: Exception) -> JSONResponse:
    return error_response(request, error)


async def _handle_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if isinstance(error.__cause__, CropShieldError):  # FastAPI wraps what reading a body raised
        return error_response(request, error.__cause__)
    problem = BY_STATUS.get(error.status_code, BAD_REQUEST)
    say = translator_of(request.scope).sentence
    said = say(str(error.detail)) + say(_hint(request, error))
    detail = f"{request.method} {request.url.path:.200}: {said}"
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
    return problem_response(request, problem, detail, headers)


def _hint(request: Request, error: HTTPException) -> str:
    """A hint for a path that is only written differently. Nobody is redirected: a redirect may lead
    from TLS to plain HTTP, and take the key and the photo along."""
    path: str = request.scope["path"]
    meant = re.sub("/+", "/", path).rstrip("/").lower()
    if error.status_code != 404 or meant == path:
        return ""
    scope = {**request.scope, "path": meant}
    known = any(route.matches(scope)[0] is not Match.NONE for route in request.app.routes)
    return f"; do you mean {meant:.200}?" if known and meant else ""


def _allowed(request: Request) -> str:
    """The methods of the path over all routes: a router knows those of one route alone. Empty for a
    page."""
    path = getattr(request.scope.get("route"), "path", "")
    methods = {method.upper() for method in request.app.openapi()["paths"].get(path, {})}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _handle_invalid(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RequestValidationError):
        error = invalid_request(error)
    assert isinstance(error, InvalidRequest)  # noqa: S101 - registered for it alone
    return invalid_response(request, error)


def invalid_response(request: Request, error: InvalidRequest) -> JSONResponse:
    """The problem of options that do not validate."""
    say = translator_of(request.scope).sentence
    findings = [found | {"message": say(found["message"])} for found in error.errors]
    return problem_response(request, INVALID, str(InvalidRequest(findings)), errors=findings)


async def _handle_disconnect(request: Request, _: Exception) -> JSONResponse:
    """The client has gone: nobody reads this response."""
    return problem_response(request, BAD_REQUEST, "the client hung up before it had sent all")


def internal_error_response(request: Request, error: Exception) -> JSONResponse:
    """The problem of a defect, which is logged."""
    log.error("unexpected error in %s", request.url.path, exc_info=error)
    return problem_response(request, INTERNAL, "the server failed on this request; see its log")


def install_handlers(app: FastAPI) -> None:
    """Register the handlers."""
    for kind in (CropShieldError, PhotoError, CardError):
        app.add_exception_handler(kind, _handle_known)
    app.add_exception_handler(HTTPException, _handle_http)
    app.add_exception_handler(RequestValidationError, _handle_invalid)
    app.add_exception_handler(InvalidRequest, _handle_invalid)
    app.add_exception_handler(ClientDisconnect, _handle_disconnect)
