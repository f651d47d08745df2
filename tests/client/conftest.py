"""One running server for every client that is tried on it."""

from collections.abc import Iterator

import pytest

from tests.conftest import started_redis
from tests.service.conftest import Service


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A real API, a real worker and a Redis of their own."""
    home = tmp_path_factory.mktemp("clients")
    with started_redis(home / "redis") as url:
        service = Service(home / "var", url)
        try:
            service.start_api()
            service.start_worker()
            yield service
        finally:
            service.close()


@pytest.fixture(scope="package")
def address(server: Service) -> str:
    """Of the running server."""
    return str(server.http.base_url).rstrip("/")
