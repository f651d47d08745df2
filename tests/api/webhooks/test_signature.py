"""The headers that sign a webhook."""

from datetime import UTC, datetime

from api.webhooks.signature import sign

SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_is_that_of_the_specification() -> None:
    """Its own example."""
    now = datetime.fromtimestamp(1614265330, UTC)
    headers = sign('{"test": 2432232314}', "p5jXN8AQM9LWM0D4loKWxJek", [SPEC_SECRET], now)
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
