"""Counts and gauges for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.dependencies import Injected

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(parts: Injected) -> Response:
    """200 also while Redis is down: `cropshield_redis_up` then is 0."""
    return Response(await parts.metrics.text(), media_type=CONTENT_TYPE_LATEST)
