"""The password of a Redis is in no log, no message and no answer."""

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from cli.diagnostics.doctor import print_findings, run_checks
from cli.logs import JsonFormatter, TextFormatter
from jobs.settings import SharedSettings
from tests.service.conftest import free_port

ROOT = Path(__file__).parents[2]
SECRET = "hunter2"


@pytest.fixture
def url() -> str:
    """Of a Redis that does not answer."""
    return f"redis://me:{SECRET}@127.0.0.1:{free_port()}/0"


def run(url: str, home: Path, *argv: str) -> str:
    """All that a command says; it has to fail."""
    given = {"CROPSHIELD_REDIS_URL": url, "CROPSHIELD_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, *argv],
        env=os.environ | given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "cli", "serve", "--port", "8099"),
        ("-m", "cli", "keys", "list"),
        ("-m", "cli", "webhooks", "list"),
        ("-m", "cli", "doctor", "--quick"),
        ("-m", "cli", "doctor", "--quick", "--json"),
        ("-m", "cli.serve.install_check"),
        ("deploy/worker_health.py",),
    ],
)
def test_a_command_whose_redis_does_not_answer_hides_the_password(
    url: str, home: Path, command: tuple[str, ...]
) -> None:
    said = run(url, home, *command)
    assert SECRET not in said
    assert "127.0.0.1" in said


@pytest.mark.parametrize("command", ["api", "worker", "serve", "doctor"])
@pytest.mark.parametrize(
    "wrong", [f"redis://:a/{SECRET}@127.0.0.1/0", f"redis://:{SECRET}@127.0.0.1:many/0"]
)
def test_an_address_that_cannot_be_read_is_named_without_its_password(
    home: Path, command: str, wrong: str
) -> None:
    said = run(wrong, home, "-m", "cli", command)
    assert SECRET not in said
    assert said.startswith("cropshield: CROPSHIELD_REDIS_URL=redis://:***@127.0.0.1")
    assert "with / as %2F" in said


def test_a_server_that_is_not_ready_hides_the_password(url: str, home: Path) -> None:
    with TestClient(create_app(ApiSettings(redis_url=url, home=home))) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert SECRET not in answer.text


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_a_log_line_hides_the_password(url: str, formatter: logging.Formatter) -> None:
    buffer, log = io.StringIO(), logging.Logger("any")
    handler = logging.StreamHandler(buffer)
    handler.setFormatter(formatter)
    log.addHandler(handler)
    error = ConnectionError(f"no broker at {url}")
    log.error("cannot connect to %s", url, extra={"broker": url}, exc_info=error)
    assert SECRET not in buffer.getvalue()
    assert buffer.getvalue().count("me:***@") >= 3


def test_the_doctor_hides_it_in_what_it_returns(
    url: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SharedSettings(redis_url=url, home=home)
    print_findings(run_checks(settings, "127.0.0.1", 0, quick=True), as_json=True)
    told = capsys.readouterr().out
    assert SECRET not in told
    assert "me:***@127.0.0.1" in json.dumps(json.loads(told))
