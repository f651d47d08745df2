"""Feedback on results, and all of it as a table for retraining."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from api.dependencies import InjectedServices, JobId, Owner
from jobs.records.feedback import Feedback, Opinion, feedback_of
from jobs.redis.feedback import FeedbackStore
from jobs.spreadsheet import BOM, csv_line

router = APIRouter(prefix="/v1", tags=["feedback"])
_COLUMNS = [*Feedback.model_fields, "photo"]
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="feedback.csv"',
}


@router.post(
    "/jobs/{job_id}/feedback",
    status_code=201,
    summary="Say whether a result is right",
)
async def give_feedback(
    job_id: JobId, opinion: Opinion, services: InjectedServices, owner: Owner
) -> Feedback:
    """One opinion a job: a later one takes the place of an earlier one."""
    job = await services.jobs.store.find(job_id, owner)
    feedback = feedback_of(job, opinion, services.jobs.catalog.get(job.model.id))
    await services.feedback.save(owner, feedback)
    return feedback


@router.get(
    "/feedback.csv",
    summary="All your feedback as a table",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def export_feedback(services: InjectedServices, owner: Owner) -> Response:
    """UTF-8 with a byte order mark and a header line, the oldest first. `photo` is empty once the
    photo is gone. What a spreadsheet would take for a formula has an apostrophe before it."""
    return StreamingResponse(
        _table(services.feedback, owner), media_type="text/csv", headers=_HEADERS
    )


async def _table(feedback: FeedbackStore, owner: str) -> AsyncIterator[str]:
    yield BOM + csv_line(_COLUMNS)
    async for given, has_photo in feedback.all(owner):
        cells = list(given.model_dump(mode="json").values())
        photo = f"/v1/jobs/{given.job_id}/photo" if has_photo else ""
        yield csv_line([*cells, photo])
