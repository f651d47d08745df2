"""Clients of servers that need no Redis."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings

Client = Callable[..., TestClient]


@pytest.fixture
def client_of(home: Path) -> Client:
    """Of a server with these settings; nothing here needs a Redis."""

    def make(**settings: Any) -> TestClient:
        app = create_app(ApiSettings(home=home, redis_url="unix:///nowhere", **settings))
        return TestClient(app, raise_server_exceptions=False)

    return make
