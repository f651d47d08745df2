"""What can be asked for: models and colour tables."""

from fastapi import APIRouter, HTTPException

from api.dependencies import Injected
from api.schemas import ColormapView, ModelView, model_view
from models.catalog import UnknownModel
from pictures.colormaps import COLORMAPS, colormap

router = APIRouter(prefix="/v1", tags=["catalog"])


@router.get("/models", operation_id="listModels")
async def list_models(parts: Injected) -> list[ModelView]:
    """The cards of all models that are served."""
    return [model_view(card) for card in parts.jobs.catalog]


@router.get("/models/{model}", operation_id="getModel")
async def get_model(model: str, parts: Injected) -> ModelView:
    """One card: classes, input, target layer, figures, licence."""
    try:
        return model_view(parts.jobs.catalog[model])
    except UnknownModel as error:
        raise HTTPException(404, str(error)) from error


@router.get("/colormaps", operation_id="listColormaps")
async def list_colormaps() -> list[ColormapView]:
    """Every colour table, for clients that blend the heat themselves."""
    return [ColormapView(name=name, table=colormap(name).tolist()) for name in COLORMAPS]
