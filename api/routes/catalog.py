"""The models and the colour tables."""

from functools import cache

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import TypeAdapter

from api.dependencies import InjectedServices
from api.responses import conditional_json
from api.schemas.catalog import ColormapView, ModelView, model_view
from models.catalog import UnknownModel
from pictures.colormaps import COLORMAPS, colormap

router = APIRouter(prefix="/v1", tags=["catalog"])
_MODELS, _COLORMAPS = TypeAdapter(list[ModelView]), TypeAdapter(list[ColormapView])
_A_DAY = "max-age=86400"


@router.get("/models", summary="All models", response_model=list[ModelView])
async def list_models(request: Request, services: InjectedServices) -> Response:
    """The cards of all models that are served."""
    cards = [model_view(card) for card in services.jobs.catalog]
    return conditional_json(request, _MODELS.dump_json(cards), "no-cache")


@router.get("/models/{model}", summary="One model", response_model=ModelView)
async def get_model(request: Request, model: str, services: InjectedServices) -> Response:
    """One card: classes, input, target layer, figures, licence."""
    try:
        card = services.jobs.catalog[model]
    except UnknownModel as error:
        raise HTTPException(404, str(error)) from error
    return conditional_json(request, model_view(card).model_dump_json().encode(), "no-cache")


@router.get("/colormaps", summary="All colour tables", response_model=list[ColormapView])
async def list_colormaps(request: Request) -> Response:
    """Every colour table, for clients that blend the heat themselves."""
    return conditional_json(request, _tables(), _A_DAY)


@cache
def _tables() -> bytes:
    tables = [ColormapView(name=name, table=colormap(name).tolist()) for name in COLORMAPS]
    return _COLORMAPS.dump_json(tables)
