"""Problem documents (RFC 9457), as a response and as a failed job's `error`."""

from pydantic import BaseModel, Field


class ErrorView(BaseModel):
    """Why a job failed: the members of a problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str | None = Field(description="Of the request that handed the photo in.")
    retryable: bool


class ProblemView(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    retryable: bool
    errors: list[dict[str, str]] | None = None
