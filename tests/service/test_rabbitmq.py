"""RabbitMQ as the carrier of notifications. Runs where a RabbitMQ server is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu.connection import Connection

from tests.service.conftest import Service, free_port, until
from tests.service.test_photo_to_overlay import submit

SERVER = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:" + os.environ["PATH"])
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(SERVER is None, reason="no rabbitmq-server on this machine"),
]


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[str]:
    """URL of a RabbitMQ of our own."""
    port = free_port()
    environment = os.environ | {
        "HOME": str(tmp_path),
        "RABBITMQ_NODENAME": f"cropshield{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(tmp_path / "mnesia"),
        "RABBITMQ_LOG_BASE": str(tmp_path / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
        "ERL_EPMD_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1 +sbwt none",  # it waits without spinning
    }
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    log = (tmp_path / "rabbitmq.log").open("wb")
    assert SERVER
    with log, subprocess.Popen([SERVER], env=environment, stdout=log, stderr=log) as server:
        try:
            until(lambda: _answers(url), f"RabbitMQ ready, see {log.name}")
            yield url
        finally:
            server.terminate()
            subprocess.run(["epmd", "-kill"], env=environment, check=False, capture_output=True)


def _answers(url: str) -> bool:
    with Connection(url, connect_timeout=30) as connection:  # type: ignore[no-untyped-call]
        try:
            connection.connect()
        except connection.connection_errors:  # also of one that is about to be ready
            return False
    return True


def test_jobs_are_done_with_notifications_through_rabbitmq(
    service: Service, rabbitmq: str, leaf_jpeg: bytes
) -> None:
    service.environment |= {"CROPSHIELD_BROKER_URL": rabbitmq}
    service.start_api()
    service.start_worker()
    for _ in range(3):
        assert service.end_of(submit(service, leaf_jpeg))["state"] == "succeeded"
