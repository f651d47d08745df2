"""A client of the CropShield API: `CropShield` and its `Outbox`; both also to be awaited, as
`AsyncCropShield` and `AsyncOutbox`."""

from cropshield_client.aio import AsyncCropShield
from cropshield_client.classes import Cause, ClassDescription, Lookalike, Source
from cropshield_client.errors import (
    AccessDenied,
    BadPhoto,
    CropShieldError,
    Gone,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    NotReady,
    OutboxFailed,
    OutboxFull,
    ProblemError,
    RateLimited,
    ServerFailed,
    TimedOut,
    Unavailable,
    Unreachable,
    WrongSignature,
)
from cropshield_client.models import (
    Batch,
    Explained,
    Explanation,
    Job,
    JobFailed,
    Prediction,
    Region,
)
from cropshield_client.outbox import OutboxItem
from cropshield_client.outbox_aio import AsyncOutbox
from cropshield_client.outbox_sync import Outbox
from cropshield_client.retry import RetryPolicy
from cropshield_client.sync import CropShield
from cropshield_client.webhooks import verify_webhook

__all__ = [
    "AccessDenied",
    "AsyncCropShield",
    "AsyncOutbox",
    "BadPhoto",
    "Batch",
    "Cause",
    "ClassDescription",
    "CropShield",
    "CropShieldError",
    "Explained",
    "Explanation",
    "Gone",
    "InvalidRequest",
    "InvalidResponse",
    "Job",
    "JobFailed",
    "Lookalike",
    "NotFound",
    "NotReady",
    "Outbox",
    "OutboxFailed",
    "OutboxFull",
    "OutboxItem",
    "Prediction",
    "ProblemError",
    "RateLimited",
    "Region",
    "RetryPolicy",
    "ServerFailed",
    "Source",
    "TimedOut",
    "Unavailable",
    "Unreachable",
    "WrongSignature",
    "verify_webhook",
]
