"""A source explains photos: with a model of this machine, or through a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cli.report.classes import Descriptions
from engine.photos.decode import Photo
from pictures.maps import Map
from pictures.rendering.colormaps import colormap


@dataclass(frozen=True)
class ExplainOptions:
    """How photos are explained. A photo is explained again when any of these changes."""

    model: str = "cropshield_cnn"
    top_k: int = 1
    method: str = "gradcam"
    colormap: str = "jet"
    alpha: float = 0.5

    def __post_init__(self) -> None:
        """Raises UnknownColormap."""
        colormap(self.colormap)


@dataclass
class LoadedPhoto:
    """A decoded photo; `answer` is the result of a server."""

    photo: Photo
    answer: Any = field(default=None)


@dataclass(frozen=True)
class ExplainedPhoto:
    """`result`: as a job's. `maps`: one for each of its explanations."""

    result: dict[str, Any]
    maps: tuple[Map, ...]


class Source(Protocol):
    """The steps of the pipeline: `load` and `describe` run on threads, `explain` on batches in one
    thread."""

    threads: int

    @property
    def model(self) -> dict[str, str]:
        """Its id, version and weights_sha256. Raises CommandError where it does not exist."""

    @property
    def descriptions(self) -> Descriptions:
        """What its classes are, by name; empty where that is not known."""

    def open(self) -> None:
        """Get ready. Raises CommandError for a source that cannot be used."""

    def load(self, path: Path) -> LoadedPhoto:
        """Raises OSError, PhotoError, or CommandError when nothing more can be explained."""

    def explain(self, loaded: Sequence[LoadedPhoto]) -> Sequence[Any]: ...
    def describe(self, loaded: LoadedPhoto, explained: Any) -> ExplainedPhoto: ...
