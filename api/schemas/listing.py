"""A page of an owner's jobs: the parameters and the response."""

import re
from typing import Annotated
from urllib.parse import urlencode

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from api.schemas.jobs import JobView
from jobs.records.job import State
from jobs.records.listing import JobQuery

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def _checked_time(given: object) -> object:
    """Raises ValueError for a number, which would be taken for seconds or milliseconds."""
    if isinstance(given, str) and not _TIME.fullmatch(given):
        raise ValueError("a time with a zone is needed, such as 2026-11-20T06:30:00Z")
    return given


class JobListParams(BaseModel):
    """Which jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100, description="Most jobs of a page.")] = 20
    cursor: Annotated[
        str | None,
        Field(pattern=r"^\d{1,16}(\.\d{1,6})?$", description="`next_cursor` of the page before."),
    ] = None
    state: Annotated[State | None, Field(description="Jobs in this state alone.")] = None
    client_ref: Annotated[
        str | None, Field(max_length=128, description="Jobs with this reference alone.")
    ] = None
    since: Annotated[
        AwareDatetime | None,
        BeforeValidator(_checked_time),
        Field(description="Jobs accepted then or later; RFC 3339 with a zone."),
    ] = None

    def query(self) -> JobQuery:
        cursor = None if self.cursor is None else float(self.cursor)
        return JobQuery(self.limit, cursor, self.since, self.state, self.client_ref)

    def path(self, cursor: str) -> str:
        """The path of the page that begins at `cursor`."""
        given = self.model_dump(mode="json", exclude_defaults=True)
        return f"/v1/jobs?{urlencode(given | {'cursor': cursor})}"


class JobPage(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobView]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")
