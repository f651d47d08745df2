"""Sending a webhook: the address, the connection, the answer. The receiver is a real server."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trustme

from api.webhooks.sender import Undeliverable, WebhookSender
from tests.api.webhooks.receivers import PLAIN, receiving, status


def resolver(*answers: list[str]) -> Callable[[str, int], Awaitable[list[str]]]:
    """Answers with each of them in turn, whatever is asked; the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def post(sender: WebhookSender, url: str) -> int:
    try:
        return await sender.post(url, b"{}", {"webhook-id": "msg_1"})
    finally:
        await sender.close()


def test_the_body_arrives_under_the_name_of_its_host() -> None:
    async def run() -> None:
        async with receiving() as receiver:
            sender = WebhookSender("any", tls=PLAIN, resolve=resolver(["127.0.0.1"]))
            assert await post(sender, f"http://hooks.example:{receiver.port}/a?b=c") == 204
        (request,) = receiver.requests
        assert request.startswith(b"POST /a?b=c HTTP/1.1\r\n")
        assert f"Host: hooks.example:{receiver.port}\r\n".encode() in request
        assert b"webhook-id: msg_1" in request
        assert request.endswith(b"\r\n\r\n{}")

    asyncio.run(run())


def test_the_certificate_must_be_the_names_although_the_connection_is_to_an_address() -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hooks.example").configure_cert(theirs)
    authority.configure_trust(ours)
    asked: list[str | None] = []
    theirs.sni_callback = lambda _, name, __: asked.append(name)

    async def run(host: str) -> int:
        async with receiving(tls=theirs) as receiver:
            sender = WebhookSender("any", tls=ours, resolve=resolver(["127.0.0.1"]))
            return await post(sender, f"https://{host}:{receiver.port}/")

    assert asyncio.run(run("hooks.example")) == 204
    assert asked == ["hooks.example"]
    with pytest.raises(Undeliverable, match="certificate"):
        asyncio.run(run("other.example"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104
        "255.255.255.255",
        "224.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:1::",
        "2001:db8::1",
    ],
)
def test_a_name_that_leads_within_is_not_called(address: str) -> None:
    """Also when it leads outside as well."""
    for answer in ([address], ["93.184.215.14", address]):
        sender = WebhookSender("public", tls=PLAIN, resolve=resolver(answer))
        with pytest.raises(Undeliverable, match="not public"):
            asyncio.run(post(sender, "https://hooks.example/"))


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433", "[::1]"])
def test_however_this_machine_is_spelled_it_is_not_called(host: str) -> None:
    with pytest.raises(Undeliverable, match="public"):
        asyncio.run(post(WebhookSender("public", tls=PLAIN), f"https://{host}/"))


def test_http_is_not_called() -> None:
    sender = WebhookSender("public", tls=PLAIN, resolve=resolver(["93.184.215.14"]))
    with pytest.raises(Undeliverable, match="https"):
        asyncio.run(post(sender, "http://hooks.example/"))


def test_a_resolver_that_changes_its_mind_is_asked_once() -> None:
    """What was checked is what is connected to."""

    async def run() -> None:
        async with receiving() as receiver:
            sender = WebhookSender(
                "any", tls=PLAIN, resolve=resolver(["127.0.0.1"], ["127.0.0.99"])
            )
            assert await post(sender, f"http://hooks.example:{receiver.port}/") == 204
            assert len(receiver.requests) == 1

    asyncio.run(run())


def test_a_redirect_is_not_followed() -> None:
    async def run() -> None:
        async with receiving() as inner:
            target = f"Location: http://127.0.0.1:{inner.port}/metadata"
            async with receiving(status(302, target)) as receiver:
                sender = WebhookSender("any", tls=PLAIN)
                assert await post(sender, f"http://127.0.0.1:{receiver.port}/") == 302
            assert not inner.requests

    asyncio.run(run())


def test_a_second_address_is_tried_where_the_first_takes_no_connection() -> None:
    async def run() -> None:
        async with receiving() as receiver:
            sender = WebhookSender("any", tls=PLAIN, resolve=resolver(["127.0.0.99", "127.0.0.1"]))
            assert await post(sender, f"http://hooks.example:{receiver.port}/") == 204

    asyncio.run(run())


def test_a_slow_receiver_is_left() -> None:
    async def run() -> None:
        left = asyncio.Event()

        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            left.set()

        server = await asyncio.start_server(never, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            sender = WebhookSender("any", resolver(["127.0.0.1"]), timeout=1, tls=PLAIN)
            with pytest.raises(Undeliverable, match="no answer within 1 s"):
                await post(sender, f"http://hooks.example:{port}/")
            await left.wait()

    asyncio.run(run())


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def run() -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
        async with receiving(head + bytes(100_000)) as receiver:
            assert (
                await post(WebhookSender("any", tls=PLAIN), f"http://127.0.0.1:{receiver.port}/")
                == 200
            )

    asyncio.run(run())


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(Undeliverable, match="gaierror"):
        asyncio.run(post(WebhookSender("public", tls=PLAIN), "https://nowhere.invalid/"))


@pytest.mark.parametrize("host", [".", "a..example", "a" * 64 + ".example", "\u00ad.example"])
def test_a_host_that_cannot_be_looked_up_is_said(host: str) -> None:
    """Also when it stands in a record from before such hosts were refused."""
    with pytest.raises(Undeliverable):
        asyncio.run(post(WebhookSender("any", tls=PLAIN), f"https://{host}/"))
