"""Routes for the most frequent requests, without what FastAPI does for each of them."""

from abc import ABC, abstractmethod
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send


class PlainRoute(Route, ABC):
    """It stands before the FastAPI route of the same path and method, and takes some of its
    requests: reading and checking parameters costs FastAPI several times as much as such an answer.

    `declared`: the function of that route, which names it and documents it.
    """

    def __init__(self, path: str, declared: Any, method: str = "GET") -> None:
        super().__init__(path, declared, methods=[method], include_in_schema=False)
        self.app = self._answer

    @abstractmethod
    def takes(self, scope: Scope) -> bool:
        """Whether this request is answered here."""

    @abstractmethod
    async def respond(self, request: Request) -> Response:
        """The answer. Errors are handled by the application."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not self.takes(scope):
            return Match.NONE, {}
        match, found = super().matches(scope)
        if match is not Match.FULL:
            return Match.NONE, {}
        return match, {**found, "route": self}

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)
