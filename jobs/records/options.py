"""What a client may ask of a job."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jobs.webhooks.url_policy import split_url
from pictures.rendering.colormaps import COLORMAPS, colormap

OverlayFormat = Literal["jpeg", "png", "webp"]
MethodName = Literal["gradcam", "hirescam", "xgradcam", "gradcam++", "layercam"]
DAY = 86_400


class JobOptions(BaseModel):
    """Submit options, as applied. Unknown names and values out of range are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(description="Id of a model card.")] = "cropshield_cnn"
    top_k: Annotated[int, Field(ge=1, le=5, description="How many classes are explained.")] = 1
    class_index: Annotated[
        int | None, Field(ge=0, description="Explain this class too, by its index.")
    ] = None
    class_name: Annotated[
        str | None, Field(max_length=128, description="Explain this class too, by its name.")
    ] = None
    method: Annotated[MethodName, Field(description="How the maps are made.")] = "gradcam"
    colormap: Annotated[
        str, Field(json_schema_extra={"enum": [*COLORMAPS]}, description="Colours of the heat.")
    ] = "jet"
    alpha: Annotated[float, Field(ge=0, le=1, description="Opacity of the heat.")] = 0.5
    overlay_format: Annotated[OverlayFormat, Field(description="Format of the overlay.")] = "jpeg"
    client_ref: Annotated[
        str | None, Field(max_length=128, description="Free text of the client.")
    ] = None
    priority: Annotated[
        Literal["interactive", "bulk"], Field(description="Interactive jobs go first.")
    ] = "interactive"
    deadline: Annotated[
        float | None, Field(gt=0, le=7 * DAY, description="Seconds to start by, else `expired`.")
    ] = None
    ttl: Annotated[
        int, Field(ge=60, le=30 * DAY, description="Seconds that the result is kept.")
    ] = 3 * DAY

    callback_url: Annotated[
        str | None, Field(max_length=2048, description="Where the ended job is posted to.")
    ] = None

    @field_validator("callback_url")
    @classmethod
    def _plain_url(cls, url: str | None) -> str | None:
        if url is not None:
            split_url(url)
        return url

    @field_validator("colormap")
    @classmethod
    def _known_colormap(cls, name: str) -> str:
        colormap(name)
        return name
