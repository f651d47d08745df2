"""Pages for people: the playground, the API to try out and to read, and a page for each problem
type. Nothing comes from elsewhere."""

import io
import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from api.language import language_fields, language_of
from api.openapi.problem_page import problem_page
from api.openapi.reference_page import page
from api.problems.http_problems import all_problems
from api.responses import conditional_json
from jobs.problems import PATH
from languages.catalogs import Entries, entries
from languages.offered import OFFERED
from languages.translator import translator
from pictures.drawn_leaves.leaves import draw_leaf

WEB = Path(__file__).parents[2] / "web"
ASSETS, PAGES, PLAYGROUND = WEB / "vendor", WEB / "docs", WEB / "playground"
_HEADERS = {"Cache-Control": "no-cache"}
router = APIRouter(include_in_schema=False)


@router.get("/")
async def playground() -> FileResponse:
    """It asks the API like any other client."""
    return FileResponse(PLAYGROUND / "index.html", headers=_HEADERS)


@router.get("/playground/languages/{language}.json")
async def playground_texts(request: Request, language: str) -> Response:
    """What the playground says in a language: by English text the translation, or singular and
    plural. Empty for English."""
    if language not in OFFERED:
        raise HTTPException(404)
    content = json.dumps(page_texts(language), ensure_ascii=False).encode()
    return conditional_json(request, content, "no-cache", language=language)


@router.get("/service-worker.js")
async def service_worker() -> FileResponse:
    """At the root, since a worker serves only what lies below it."""
    return FileResponse(PLAYGROUND / "service-worker.js", headers=_HEADERS)


@router.get("/docs")
async def docs() -> FileResponse:
    """Swagger UI from this host; no request leaves it."""
    return FileResponse(PAGES / "index.html", headers=_HEADERS)


@router.get("/start")
async def start() -> FileResponse:
    """First steps for developers."""
    return FileResponse(PAGES / "start.html", headers=_HEADERS)


@router.get("/redoc")
async def reference(request: Request) -> HTMLResponse:
    """All of `/openapi.json`, to be read."""
    state = request.app.state
    if not hasattr(state, "reference"):
        state.reference = page(request.app.openapi())
    return HTMLResponse(state.reference, headers=_HEADERS)


@router.get("/sample-leaf.jpg")
def sample_leaf() -> Response:
    """A drawn leaf with spots, to try things out with."""
    return Response(_sample(), media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})


def page_texts(language: str) -> Entries:
    """The texts of the page's script, and those of results, which it shows."""
    return {**entries(language, "results"), **entries(language, "page")}


@cache
def _sample() -> bytes:
    buffer = io.BytesIO()
    draw_leaf("spots", seed=3).photo.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


@router.get(PATH + "{slug}")
async def problem(request: Request, slug: str) -> HTMLResponse:
    """What a problem's `type` leads to."""
    language = language_of(request.scope)
    for one in all_problems():
        if one.slug == slug:
            content = problem_page(one, translator(language))
            return HTMLResponse(content, headers=_HEADERS | language_fields(language))
    raise HTTPException(404)
