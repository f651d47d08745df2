"""The attempts to deliver a job's webhook."""

from fastapi import APIRouter, Response

from api.dependencies import InjectedServices, JobId, Owner
from api.schemas.jobs import DeliveryView

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["jobs"])


@router.get("/deliveries", summary="Deliveries of the webhook")
async def list_deliveries(
    job_id: JobId, response: Response, services: InjectedServices, owner: Owner
) -> list[DeliveryView]:
    """Each attempt to call the job's `callback_url`, the oldest first; none before the job ends."""
    await services.jobs.store.find(job_id, owner)
    response.headers["Cache-Control"] = "no-store"
    found = await services.webhooks.deliveries(job_id)
    return [DeliveryView.model_validate(delivery, from_attributes=True) for delivery in found]
