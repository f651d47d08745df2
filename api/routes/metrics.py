"""Counts and gauges for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.dependencies import InjectedServices

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(services: InjectedServices) -> Response:
    """200 also while Redis is down: `cropshield_redis_up` then is 0."""
    return Response(await services.metrics.text(), media_type=CONTENT_TYPE_LATEST)
