"""A server that asks for keys, as two of its users see it."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from jobs.auth.api_keys import ApiKey, RedisApiKeyStore, issue_key
from jobs.redis.connections import connect_async
from languages.offered import ENGLISH
from languages.translator import Translator, translator
from tests.api.conftest import FAILURE, FakeWorker, fake_worker, once_awaited, settings

__all__ = ["fake_worker", "once_awaited", "settings"]
NewKey = Callable[..., str]


@pytest.fixture
def guarded_settings(redis_url: str, home: Path) -> ApiSettings:
    return ApiSettings(redis_url=redis_url, home=home, keys="on", max_bytes=200_000)


@pytest.fixture
def client(redis_url: str, home: Path) -> Iterator[TestClient]:
    """Of a server that asks for no keys."""
    settings = ApiSettings(redis_url=redis_url, home=home, max_bytes=200_000)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def done(client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker) -> str:
    """Path of a succeeded job, whose photo is 640 x 480 pixels."""
    client.post("/v1/jobs?top_k=2", content=leaf_jpeg)
    return f"/v1/jobs/{fake_worker.succeed(leaf_jpeg)}"


@pytest.fixture
def guarded_app(guarded_settings: ApiSettings) -> FastAPI:
    return create_app(guarded_settings)


@pytest.fixture
def nobody(guarded_app: FastAPI) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(guarded_app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def new_key(redis_url: str) -> NewKey:
    """Makes a key of a name, with limits; the key itself."""

    def make(name: str, **limits: Any) -> str:
        secret, key = issue_key(name, **limits)
        asyncio.run(_add(redis_url, key))
        return secret

    return make


async def _add(url: str, key: ApiKey) -> None:
    redis = connect_async(url)
    await RedisApiKeyStore(redis).add(key)
    await redis.aclose()


@pytest.fixture
def worker(guarded_settings: ApiSettings) -> Iterator[FakeWorker]:
    fake_worker = FakeWorker(guarded_settings)
    yield fake_worker
    fake_worker.client.close()


def submit(client: TestClient, photo: bytes, query: str = "") -> str:
    """The path of a new job, whatever results could be reused."""
    fresh = {"Cache-Control": "no-cache"}
    return client.post(f"/v1/jobs?{query}", content=photo, headers=fresh).headers["Location"]


def with_key(secret: str, **more: str) -> dict[str, str]:
    return {"X-API-Key": secret, **more}


@pytest.fixture(autouse=True)
def every_detail_has_a_template(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What answers say of errors in a test is known to the catalogues, so that it is said in every
    language."""
    said: list[str] = []
    translate = Translator.sentence

    def note(self: Translator, english: str) -> str:
        if self.language == ENGLISH:  # others translate the parts of a sentence too
            said.append(english)
        return translate(self, english)

    monkeypatch.setattr(Translator, "sentence", note)
    yield
    spanish, of_the_model = translator("es"), FAILURE["detail"]
    unknown = {one for one in said if one and translate(spanish, one) == one}
    assert unknown <= {of_the_model}
