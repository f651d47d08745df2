"""Which webhooks are the server's."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from cropshield_client import WrongSignature, verify_webhook
from tests.client.test_parsing import SHOWN

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes, ok").decode()


def signed(body: bytes, when: datetime) -> dict[str, str]:
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(when.timestamp())),
        "Webhook-Signature": "v1,bm9wZQ== " + Webhook(SECRET).sign("msg_1", when, body.decode()),
    }


def test_a_webhook_of_the_server_is_told_from_others() -> None:
    body, now = json.dumps(SHOWN).encode(), datetime.now(UTC)
    assert verify_webhook(signed(body, now), body, ["whsec_b3RoZXI=", SECRET]).id == SHOWN["id"]
    with pytest.raises(WrongSignature, match="no signature"):
        verify_webhook(signed(body, now), body + b" ", SECRET)
    with pytest.raises(WrongSignature, match="old"):
        verify_webhook(signed(body, now - timedelta(hours=1)), body, SECRET)
    with pytest.raises(WrongSignature, match="header"):
        verify_webhook({}, body, SECRET)
