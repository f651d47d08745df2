"""What explains the photos: the models of this machine, or a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engine.photos.decode import Photo
from pictures.blend import Map
from pictures.colormaps import colormap


@dataclass(frozen=True)
class ExplainOptions:
    """How photos are explained; what changes here is explained anew."""

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
    """A decoded photo; `answer` is what a server has said of it already."""

    photo: Photo
    answer: Any = field(default=None)


@dataclass(frozen=True)
class ExplainedPhoto:
    """`result`: as a job's. `maps`: one for each of its explanations."""

    result: dict[str, Any]
    maps: tuple[Map, ...]


class Source(Protocol):
    """Loads photos on threads, explains batches on one, describes each on threads again."""

    threads: int

    @property
    def model(self) -> dict[str, str]:
        """Its id, version and weights_sha256. Raises CommandError where there is none."""

    def open(self) -> None:
        """Get ready. Raises CommandError."""

    def load(self, path: Path) -> LoadedPhoto:
        """Raises OSError, PhotoError, or CommandError when nothing more can be explained."""

    def explain(self, loaded: Sequence[LoadedPhoto]) -> Sequence[Any]: ...
    def describe(self, loaded: LoadedPhoto, explained: Any) -> ExplainedPhoto: ...
