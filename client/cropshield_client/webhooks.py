"""Webhooks by Standard Webhooks 1.0: is it the server's, is it of now."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence

from cropshield_client.errors import WrongSignature
from cropshield_client.models import Job
from cropshield_client.parsing import parse

_PREFIX = "whsec_"


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    secrets: str | Sequence[str],
    tolerance: float = 300.0,
) -> Job:
    """The job that ended. `secrets`: yours, or two while one is being replaced; `tolerance`:
    seconds that the message may be old. Raises WrongSignature."""
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = given["webhook-id"], given["webhook-timestamp"]
        signatures = [it.removeprefix("v1,") for it in given["webhook-signature"].split()]
        age = abs(time.time() - float(stamp))
    except (KeyError, ValueError) as error:
        raise WrongSignature(f"a header is missing or wrong: {error}") from error
    if age > tolerance:
        raise WrongSignature(f"the message is {age:,.0f} s old; the limit is {tolerance:g} s")
    signed = f"{message_id}.{stamp}.".encode() + body
    known = [
        _sign(secret, signed) for secret in ([secrets] if isinstance(secrets, str) else secrets)
    ]
    if not any(hmac.compare_digest(mine, theirs) for mine in known for theirs in signatures):
        raise WrongSignature("no signature fits the body and the secrets")
    document = json.loads(body)
    return parse(Job, document.get("data", document))


def _sign(secret: str, message: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
