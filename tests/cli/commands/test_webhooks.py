"""Secrets of webhooks from the command line."""

import pytest
from typer.testing import CliRunner

from cli.errors import CommandError
from cli.main import app

Run = CliRunner()


@pytest.fixture(autouse=True)
def _redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROPSHIELD_REDIS_URL", redis_url)


def test_a_secret_is_made_listed_by_its_beginning_and_revoked() -> None:
    for key in ([], ["--key", "cs_1a2b3c4d"]):
        secret = Run.invoke(app, ["webhooks", "add", *key]).stdout.strip()
        assert secret.startswith("whsec_")
        listed = Run.invoke(app, ["webhooks", "list", *key]).stdout.strip()
        assert listed == secret[:12] + "…"
        assert Run.invoke(app, ["webhooks", "revoke", listed, *key]).exit_code == 0
        assert Run.invoke(app, ["webhooks", "list", *key]).stdout == ""


def test_a_third_secret_and_an_unknown_one_are_errors() -> None:
    for _ in range(2):
        Run.invoke(app, ["webhooks", "add"])
    for argv in (["add"], ["revoke", "whsec_none"]):
        assert isinstance(Run.invoke(app, ["webhooks", *argv]).exception, CommandError)
