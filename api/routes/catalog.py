"""The models and the colour tables."""

from functools import cache

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import TypeAdapter

from api.dependencies import InjectedServices, Services
from api.file_responses import described_file, stored_file_response
from api.language import translator_of
from api.problems.errors import NoGraph
from api.responses import conditional_json
from api.schemas.catalog import BINARY, ColormapView, ModelView, model_view
from models.cards.card import Card
from models.catalog import UnknownModel
from pictures.rendering.colormaps import COLORMAPS, colormap

router = APIRouter(prefix="/v1", tags=["catalog"])
_MODELS, _COLORMAPS = TypeAdapter(list[ModelView]), TypeAdapter(list[ColormapView])
_A_DAY = "max-age=86400"


@router.get("/models", summary="All models", response_model=list[ModelView])
async def list_models(request: Request, services: InjectedServices) -> Response:
    """The cards of all models that are served."""
    translated = translator_of(request.scope)
    cards = [model_view(card, translated) for card in services.jobs.catalog]
    content, language = _MODELS.dump_json(cards), translated.language
    return conditional_json(request, content, "no-cache", language=language)


@router.get("/models/{model}", summary="One model", response_model=ModelView)
async def get_model(request: Request, model: str, services: InjectedServices) -> Response:
    """One card: classes, input, target layer, figures, graph, licence."""
    translated = translator_of(request.scope)
    view = model_view(_find_card(services, model), translated)
    content, language = view.model_dump_json().encode(), translated.language
    return conditional_json(request, content, "no-cache", language=language)


@router.get(
    "/models/{model}/graph",
    summary="The graph of a model",
    response_class=Response,
    responses=described_file(BINARY),
)
async def get_graph(request: Request, model: str, services: InjectedServices) -> Response:
    """The model as one ONNX file, to be run elsewhere: logits and feature maps of photos."""
    card = _find_card(services, model)
    path, graph = card.graph_path, card.graph
    if graph is None:
        raise NoGraph(model, "its card names none")
    if path is None:
        raise NoGraph(model, "the one of its card is of other weights, layer or size")
    if not path.is_file():
        raise NoGraph(model, "its file is not on this server")
    return stored_file_response(request, path, graph.sha256, BINARY)


@router.get(
    "/models/{model}/prototypes",
    summary="The prototypes of a model",
    response_class=Response,
    responses=described_file(BINARY),
)
async def get_prototypes(request: Request, model: str, services: InjectedServices) -> Response:
    """What photos are scored by, for verdicts elsewhere: an .npz of float16 arrays, `centre`
    (channels,), `whitening` (channels, channels) and `means` (prototypes, channels)."""
    card = _find_card(services, model)
    path = card.means_path
    if card.doubt is None or path is None:
        raise HTTPException(404, f"model {model} was never calibrated")
    if not path.is_file():
        raise HTTPException(404, f"the prototypes of {model} are not on this server")
    return stored_file_response(request, path, card.doubt.means_sha256, BINARY)


def _find_card(services: Services, model: str) -> Card:
    """Raises HTTPException 404."""
    try:
        return services.jobs.catalog[model]
    except UnknownModel as error:
        raise HTTPException(404, str(error)) from error


@router.get("/colormaps", summary="All colour tables", response_model=list[ColormapView])
async def list_colormaps(request: Request) -> Response:
    """Every colour table, for clients that blend the heat themselves."""
    return conditional_json(request, _tables(), _A_DAY)


@cache
def _tables() -> bytes:
    tables = [ColormapView(name=name, table=colormap(name).tolist()) for name in COLORMAPS]
    return _COLORMAPS.dump_json(tables)
