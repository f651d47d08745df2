"""Posts to a URL of a client: to public addresses alone, within a time, and to the address that was
checked."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2

from jobs.webhooks.url_policy import WebhookTargets, is_public, refusal_reason, split_url

Resolve = Callable[[str, int], Awaitable[list[str]]]
AT_ONCE = 64
"""Posts under way at the same time, at most."""
TIMEOUT_SECONDS = 15.0
_CONNECT_SECONDS = 4.0
_MOST_READ = 16_384  # bytes of a response; only its status matters
_RESOLVERS = ThreadPoolExecutor(2 * AT_ONCE, thread_name_prefix="resolve")
"""Threads of their own: a name server that does not answer keeps one for longer than a delivery may
take, and photos are received on the common ones."""


class Undeliverable(Exception):
    """There was no response; the message says why."""


class WebhookSender:
    """Posts to a URL. Resolves the host once, and connects to exactly the address that was
    checked."""

    def __init__(
        self,
        targets: WebhookTargets,
        resolve: Resolve | None = None,
        timeout: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._targets, self._resolve, self._timeout = targets, resolve or _addresses, timeout
        self._client = httpx2.AsyncClient(
            verify=tls or ssl.create_default_context(),
            trust_env=False,  # a proxy would resolve the name again
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),  # all else is limited below
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer. Raises Undeliverable where there is no response."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, body, headers)
        except TimeoutError:
            raise Undeliverable(f"no answer within {self._timeout:g} s") from None
        except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Undeliverable(f"{type(error).__name__}: {error}") from error

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if reason := refusal_reason(url, self._targets):
            raise Undeliverable(reason)
        parts = split_url(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self._resolve(parts.hostname or "", port)
        if self._targets == "public" and not all(map(is_public, addresses)):
            raise Undeliverable(f"{parts.hostname} has an address that is not public")
        return await self._post_to_first(url, addresses, body, headers)

    async def _post_to_first(
        self, url: str, addresses: list[str], body: bytes, headers: dict[str, str]
    ) -> int:
        """Post to the first address that takes the connection; certificate and Host are the
        name's."""
        target = httpx2.URL(url)
        headers, reason = headers | {"Host": target.netloc.decode()}, "it has no address"
        for address in addresses:
            pinned = target.copy_with(host=address)
            named = {"sni_hostname": target.host}
            try:
                async with self._client.stream(
                    "POST", pinned, content=body, headers=headers, extensions=named
                ) as response:
                    await _read_some(response)
                    return response.status_code
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                reason = str(error) or f"none within {_CONNECT_SECONDS:g} s"
        raise Undeliverable(f"no connection to {target.host}: {reason}")

    async def close(self) -> None:
        await self._client.aclose()


async def _addresses(host: str, port: int) -> list[str]:
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, look_up)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


async def _read_some(response: httpx2.Response) -> None:
    received = 0
    async for part in response.aiter_raw():
        received += len(part)
        if received > _MOST_READ:
            return
