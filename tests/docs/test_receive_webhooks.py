"""What the page on webhooks shows in other languages does what the server needs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.webhooks.signature import sign
from tests.docs.pages import ROOT, blocks
from tests.kotlin import run_kotlin

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8
BODY = '{"id":"9b2e0f0c","state":"succeeded","client_ref":"Süd 7"}'


def test_kotlin_tells_a_delivery_from_a_forgery(tmp_path: Path) -> None:
    (shown,) = blocks(ROOT / "docs/how-to/receive-webhooks.md", "kotlin")
    now = datetime.now(UTC)
    genuine = sign(BODY, "9b2e0f0c", [OTHER, SECRET], now)
    old = sign(BODY, "9b2e0f0c", [SECRET], now - timedelta(minutes=6))
    calls = [call(genuine, BODY), call(genuine, BODY + " "), call(old, BODY)]
    calls.append(call(sign(BODY, "9b2e0f0c", [OTHER], now), BODY))
    said = run_kotlin(shown + "".join(f"println({one})\n" for one in calls), tmp_path)
    assert said.split() == ["true", "false", "false", "false"]


def call(headers: dict[str, str], body: str) -> str:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return f"isGenuine({', '.join(map(json.dumps, (SECRET, *(headers[n] for n in names), body)))})"
