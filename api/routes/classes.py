"""What the classes of a model are, for people who stand before the plant."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import TypeAdapter

from api.dependencies import InjectedServices
from api.language import translator_of
from api.responses import conditional_json
from api.schemas.classes import ClassDescriptionView, ClassParams
from models.card_errors import NotDescribed

router = APIRouter(prefix="/v1/classes", tags=["catalog"])
_LIST = TypeAdapter(list[ClassDescriptionView])


@router.get("", summary="All classes of a model", response_model=list[ClassDescriptionView])
async def list_classes(
    request: Request, services: InjectedServices, params: Annotated[ClassParams, Query()]
) -> Response:
    """What each class is, what to look for and what to do next, in the order of the model's
    classes. Empty for a model whose card describes none."""
    card = services.jobs.catalog[params.model]
    translated = translator_of(request.scope)
    described = card.class_descriptions.items()
    found = [ClassDescriptionView.of(name, one, translated) for name, one in described]
    content, language = _LIST.dump_json(found), translated.language
    return conditional_json(request, content, "no-cache", language=language)


@router.get("/{class_name:path}", summary="One class", response_model=ClassDescriptionView)
async def get_class(
    request: Request,
    class_name: Annotated[str, Path(description="As the model knows it: `Crop__disease`.")],
    services: InjectedServices,
    params: Annotated[ClassParams, Query()],
) -> Response:
    """What a prediction's `links.description` leads to."""
    try:
        found = services.jobs.catalog[params.model].describe(class_name)
    except NotDescribed as error:
        raise HTTPException(404, str(error)) from error
    translated = translator_of(request.scope)
    view = ClassDescriptionView.of(class_name, found, translated)
    content, language = view.model_dump_json().encode(), translated.language
    return conditional_json(request, content, "no-cache", language=language)
