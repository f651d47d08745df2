"""Pages for people: the API page, self-hosted, and a page for each problem type."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from jobs.problems import PATH, all_problems

ASSETS = Path(__file__).parents[2] / "web" / "vendor"
router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI from this host; no request leaves it."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="CropShield API",
        swagger_js_url="/assets/swagger-ui/swagger-ui-bundle.js",
        swagger_css_url="/assets/swagger-ui/swagger-ui.css",
        swagger_favicon_url="/assets/swagger-ui/favicon-32x32.png",
    )


@router.get(PATH + "{slug}")
async def problem_page(slug: str) -> HTMLResponse:
    """What a problem's `type` leads to."""
    for problem in all_problems():
        if problem.slug == slug:
            retry = "The same request may succeed later." if problem.retryable else ""
            return HTMLResponse(
                f"<!doctype html><html lang=en><title>{problem.title}</title>"
                f"<h1>{problem.title}</h1><p>Status {problem.status}. {problem.meaning} {retry}</p>"
            )
    raise HTTPException(404)
