"""Signs webhooks, as Standard Webhooks 1.0 says."""

from datetime import datetime

from standardwebhooks import Webhook


def sign(body: str, job_id: str, secrets: list[str], now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0, with a signature by each secret."""
    message_id = f"msg_{job_id}"  # the same at every attempt, so that a receiver recognises it
    signatures = [Webhook(secret).sign(message_id, now, body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "CropShield",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
