"""Parameters of pictures: which class, which colours, which format, how large."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from jobs.blobs.blob_names import OVERLAY_LONG_SIDE
from jobs.errors import NoPicture
from jobs.records.job import Job
from jobs.records.options import OverlayFormat
from pictures.rendering.blend import fit
from pictures.rendering.colormaps import COLORMAPS, colormap

_SIZE = r"^(model|original|1[6-9]|[2-9][0-9]|[1-9][0-9]{2,4})$"


def _known_colormap(name: str) -> str:
    """Raises UnknownColormap."""
    colormap(name)
    return name


def _checked_size(size: str) -> str:
    """Raises ValueError."""
    if not re.fullmatch(_SIZE, size):
        raise ValueError("size is `model`, `original`, or the pixels of the long side, 16 to 99999")
    return size


Rank = Annotated[int, Field(ge=0, description="Explained classes by rank; 0 is the first.")]
ClassIndex = Annotated[int, Field(ge=0, description="An explained class, by its index.")]
Colormap = Annotated[
    str,
    AfterValidator(_known_colormap),
    Field(
        json_schema_extra={"enum": [*COLORMAPS]},
        description="Colours of the heat; by default those of the job.",
    ),
]
Alpha = Annotated[
    float, Field(ge=0, le=1, description="Opacity of the heat; by default that of the job.")
]
Size = Annotated[
    str,
    AfterValidator(_checked_size),
    Field(
        json_schema_extra={"pattern": _SIZE, "examples": ["512", "original"]},
        description="`model`: the square that the model saw; `original`: the sides of the photo "
        "as sent; a number: pixels of the long side, never more than the photo had. By default "
        f"the long side has at most {OVERLAY_LONG_SIDE}.",
    ),
]


class _Params(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MapParams(_Params):
    """Which map; by default that of the likeliest class."""

    rank: Rank | None = None
    class_index: ClassIndex | None = None


class HeatmapParams(MapParams):
    """A raw map."""

    format: Annotated[
        Literal["png", "npy", "json"],
        Field(description="8-bit grey, one pixel a cell; float32; or rows of numbers."),
    ] = "png"


class ComparisonParams(_Params):
    """All explained classes side by side."""

    colormap: Colormap | None = None
    alpha: Alpha | None = None
    format: OverlayFormat | None = Field(None, description="By default that of the job.")


class OverlayParams(MapParams, ComparisonParams):
    """An overlay; by default as the job's options say."""

    size: Size | None = None

    def is_stored(self, job: Job) -> bool:
        """Whether the worker has stored exactly this overlay."""
        options = job.options
        return (
            self.size is None
            and self.colormap in (None, options.colormap)
            and self.alpha in (None, options.alpha)
            and self.format in (None, options.overlay_format)
        )


def target_size(size: str | None, kept: tuple[int, int], job: Job, side: int) -> tuple[int, int]:
    """Width and height of a picture of this `size`.

    kept: of the stored photo, which is upright and perhaps smaller than the one that was sent.
    side: of the model's input.
    """
    if size is None:
        return fit(*kept, OVERLAY_LONG_SIDE)
    if size == "model":
        return side, side
    width, height = job.image.width, job.image.height
    if (width > height) != (kept[0] > kept[1]):  # the photo was rotated upright
        width, height = height, width
    return (width, height) if size == "original" else fit(width, height, int(size))


def explanation_index(job: Job, params: MapParams) -> int:
    """The index of the map that is asked for. Raises NoPicture for a class or rank that was not
    explained."""
    explained = [found["class_index"] for found in explanations(job)]
    if params.class_index is not None:
        if params.class_index not in explained:
            raise NoPicture(f"class {params.class_index} was not explained; explained: {explained}")
        return explained.index(params.class_index)
    rank = params.rank or 0
    if rank >= len(explained):
        raise NoPicture(f"rank {rank} was not explained; there are {len(explained)}, 0 the first")
    return rank


def explanations(job: Job) -> list[dict[str, Any]]:
    """The explanations of a succeeded job, in the order of its maps."""
    found: list[dict[str, Any]] = (job.result or {})["explanations"]
    return found
