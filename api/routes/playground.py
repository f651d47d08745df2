"""The playground: a page for people, made of files as they are. Nothing comes from elsewhere."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

FILES = Path(__file__).parents[2] / "web" / "playground"
_HEADERS = {"Cache-Control": "no-cache"}
router = APIRouter(include_in_schema=False)


@router.get("/")
async def playground() -> FileResponse:
    """The page. It asks the API like any other client."""
    return FileResponse(FILES / "index.html", headers=_HEADERS)


@router.get("/service-worker.js")
async def service_worker() -> FileResponse:
    """At the root, since a worker serves only what lies below it."""
    return FileResponse(FILES / "service-worker.js", headers=_HEADERS)
