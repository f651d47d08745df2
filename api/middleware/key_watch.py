"""A request that takes long ends when its key is revoked."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems.errors import WrongKey
from jobs.errors import StoreDown

_CANCELABLE = {"GET", "HEAD"}
_END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class KeyWatch:
    """Runs one request, and calls `check` about its key every `seconds`.

    When that raises WrongKey, a stream ends and a GET is canceled. Any other request that has not
    begun to respond by then is completed, but the client gets the WrongKey, which is raised where
    no response has begun.
    """

    def __init__(self, check: Callable[[], Awaitable[object]], seconds: float) -> None:
        self._check, self._seconds = check, seconds
        self._error: WrongKey | None = None
        self._started = self._ended = False
        self._checking: asyncio.Task[None] | None = None

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """As `app`."""

        async def send_while_valid(message: Message) -> None:
            if self._error is None:
                self._started = True
                self._ended = self._ended or _is_last(message)
                await send(message)

        loop, request = asyncio.get_running_loop(), asyncio.current_task()
        assert request is not None  # noqa: S101 - this is a coroutine
        given_up = request if scope["method"] in _CANCELABLE else None
        timer = loop.call_later(self._seconds, self._begin, given_up)
        try:
            await app(scope, receive, send_while_valid)
        except asyncio.CancelledError:
            if self._error is None or request.uncancel():
                raise
        finally:
            timer.cancel()
            if self._checking:
                self._checking.cancel()
        if self._error and not self._started:
            raise self._error
        if self._error and not self._ended:
            await send(_END)

    def _begin(self, request: "asyncio.Task[object] | None") -> None:
        self._checking = asyncio.create_task(self._check_until_revoked(request))

    async def _check_until_revoked(self, request: "asyncio.Task[object] | None") -> None:
        while self._error is None:
            try:
                await self._check()
            except WrongKey as error:
                self._error = error
                if request:
                    request.cancel()
            except StoreDown:  # the key was valid so far
                pass
            await asyncio.sleep(self._seconds)


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)
