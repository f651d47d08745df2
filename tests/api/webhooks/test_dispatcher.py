"""Sending a webhook: the signature, the address, the answer. The receiver is a real server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
import trustme

from api.webhooks.dispatcher import (
    DELAYS,
    JITTER,
    WebhookDispatcher,
    delay_after,
    sign,
)
from api.webhooks.sender import Undeliverable, WebhookSender
from jobs.metrics import Counters
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.webhooks.outbox import Delivery, WebhookOutbox
from models.catalog import Catalog
from tests.jobs.conftest import JobHarness, a_job, harness

__all__ = ["harness"]
SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the machine's authorities, in no time


class Receiver:
    """Keeps the requests that it was sent; answers each with `answer`."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.requests = answer, list[bytes]()
        self.port, self.tasks = 0, list[asyncio.Task[None]]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            writer.write(self.answer)
            await writer.drain()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


def status(code: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} X", "Content-Length: 0", *headers, "", ""]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def receiving(
    answer: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer or status(204))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
        await asyncio.gather(*receiver.tasks, return_exceptions=True)


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


def test_the_signature_is_that_of_the_specification() -> None:
    """Its own example."""
    now = datetime.fromtimestamp(1614265330, UTC)
    headers = sign('{"test": 2432232314}', "p5jXN8AQM9LWM0D4loKWxJek", [SPEC_SECRET], now)
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


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
            with pytest.raises(Undeliverable, match=r"no answer within 0\.1 s"):
                await post(
                    WebhookSender("any", tls=PLAIN, timeout=0.1), f"http://127.0.0.1:{port}/"
                )
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


class Outbox:
    """A dispatcher on a real Redis, and jobs that have ended."""

    def __init__(self, harness: JobHarness, timeout: float = 60) -> None:
        self.harness, self.redis = harness, connect_async(harness.url)
        store = RedisJobStore(self.redis, harness.notifier, 1000, 2)
        self.webhooks = WebhookOutbox(self.redis, "any")
        sender = WebhookSender("any", tls=PLAIN, timeout=timeout)
        self.dispatcher = WebhookDispatcher(self.webhooks, store, Catalog(), sender, Counters())
        self.store = store

    async def add(self, owner: str, url: str, count: int = 1) -> list[str]:
        jobs = [a_job(owner, callback_url=url) for _ in range(count)]
        for job in jobs:
            await self.store.enqueue(job)
            await self.store.cancel(job.id)
        return [job.id for job in jobs]

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        running = asyncio.create_task(self.dispatcher.run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await running
            await self.redis.aclose()

    async def delivered(self, job_id: str) -> Delivery:
        while not (found := await self.webhooks.deliveries(job_id)):
            await asyncio.sleep(0.05)
        return found[0]


@asynccontextmanager
async def silent_receiver() -> AsyncIterator[str]:
    """URL of a server that takes connections, and never answers."""
    tasks: list[asyncio.Task[None]] = []

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(never(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await asyncio.gather(*tasks, return_exceptions=True)


def test_a_receiver_that_never_answers_delays_its_own_owners_webhooks_alone(
    harness: JobHarness,
) -> None:
    async def run() -> None:
        async with silent_receiver() as silent, receiving() as receiver:
            outbox = Outbox(harness)
            for owner in ("silent", "phone"):
                await outbox.webhooks.add_secret(owner)
            await outbox.add("silent", silent, 100)
            (of_phone,) = await outbox.add("phone", f"http://127.0.0.1:{receiver.port}/")
            async with outbox.dispatching(), asyncio.timeout(40):
                assert (await outbox.delivered(of_phone)).status == 204

    asyncio.run(run())


def test_a_job_whose_secret_was_revoked_is_not_sent_unsigned(harness: JobHarness) -> None:
    async def run() -> None:
        async with receiving() as receiver:
            outbox = Outbox(harness)
            (job_id,) = await outbox.add("phone", f"http://127.0.0.1:{receiver.port}/")
            async with outbox.dispatching(), asyncio.timeout(40):
                told = await outbox.delivered(job_id)
            assert told.problem == "not sent: there is no secret to sign it with"
            assert told.next_at, "a new secret may be made"
            assert not receiver.requests

    asyncio.run(run())


def test_a_defect_in_sending_settles_the_delivery_and_is_logged(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def post(*_: object) -> int:
        raise RuntimeError("of nobody's expectation")

    async def run() -> None:
        outbox = Outbox(harness)
        await outbox.webhooks.add_secret("phone")
        monkeypatch.setattr(outbox.dispatcher._sender, "post", post)
        (job_id,) = await outbox.add("phone", "http://127.0.0.1:1/")
        async with outbox.dispatching(), asyncio.timeout(40):
            told = await outbox.delivered(job_id)
        assert told.problem == "RuntimeError in the server; its log tells more"
        assert told.next_at

    asyncio.run(run())
    assert "of nobody's expectation" in caplog.text


@pytest.mark.parametrize(("attempt", "least"), list(enumerate(DELAYS, start=1)))
def test_a_failure_is_tried_again_later_and_later(attempt: int, least: float) -> None:
    for failed in (Delivery(attempt, 1, 500), Delivery(attempt, 1, 301), Delivery(attempt, 1)):
        waits = [delay_after(failed) for _ in range(50)]
        assert all(wait and least <= wait <= least * (1 + JITTER) for wait in waits)
        assert len(set(waits)) > 1, "no jitter"


def test_after_the_sixth_attempt_a_receipt_or_a_410_there_is_no_other() -> None:
    assert DELAYS == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600)
    assert delay_after(Delivery(6, 1, 500)) is None
    assert delay_after(Delivery(1, 1, 410)) is None
    for received in (200, 202, 204):
        assert delay_after(Delivery(1, 1, received)) is None
