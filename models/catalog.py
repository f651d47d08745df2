"""Model cards: everything about a model but its numbers. Never imports torch."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

CARDS = Path(__file__).parent / "cards"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class CardError(Exception):
    """A card, or a file that it names, is missing or wrong."""


class UnknownModel(CardError):
    """No card has this id."""

    def __init__(self, model: str, known: list[str]) -> None:
        super().__init__(f"unknown model {model!r}; known are {', '.join(known) or 'none'}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preprocessing(_Part):
    """How a photo becomes an input: stretched to size x size, scaled to [0, 1], normalised."""

    size: Annotated[int, Field(ge=32, le=1024)] = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


class Stage(_Part):
    """A stretch of training at one resolution."""

    size: int
    epochs: int
    batch: int = 64


class Training(_Part):
    """The recipe that `cropshield train` follows."""

    seed: int = 0
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.05
    ema_decay: float = 0.998
    background: Annotated[float, Field(ge=0, le=1)] = 0.4
    stages: tuple[Stage, ...] = ()


class Card(_Part):
    """One model, as its TOML file describes it."""

    path: Path
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    version: str
    title: str
    architecture: str
    weights: str
    sha256: str
    classes: str
    target_layer: str
    licence: str
    attribution: tuple[str, ...] = ()
    limits: str = ""
    preprocessing: Preprocessing = Preprocessing()
    training: Training = Training()
    metrics: dict[str, dict[str, float]] = {}

    @property
    def weights_path(self) -> Path:
        return (self.path.parent / self.weights).resolve()

    @property
    def classes_path(self) -> Path:
        return (self.path.parent / self.classes).resolve()

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Class names by index. Raises CardError when the file does not number them 0..n-1."""
        return read_classes(self.classes_path)

    def verify(self) -> None:
        """Raises CardError when the weights are missing or are not those of the card."""
        if not self.weights_path.is_file():
            raise CardError(f"{self.path.name}: weight file {self.weights_path} is missing")
        found = digest(self.weights_path)
        if found != self.sha256:
            raise CardError(
                f"{self.path.name}: sha256 is {self.sha256[:16]}…, "
                f"but {self.weights_path.name} has {found[:16]}…"
            )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_classes(path: Path) -> tuple[str, ...]:
    """Class names by index out of a `class_to_idx.json` ({"Crop__disease": 0, …})."""
    try:
        numbers: dict[str, int] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CardError(f"class list {path} cannot be read: {error}") from error
    names = sorted(numbers, key=numbers.__getitem__)
    if [numbers[name] for name in names] != list(range(len(names))):
        raise CardError(f"class list {path} must number its classes 0 to {len(names) - 1}")
    return tuple(names)


def read_card(path: Path) -> Card:
    """The card at `path`. Raises CardError that names the file and the field."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return Card(path=path.resolve(), **content)
    except OSError as error:
        raise CardError(f"card {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"card {path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise CardError(f"card {path}: {field}: {first['msg']}") from error


class Catalog:
    """The cards of a folder, by id."""

    def __init__(self, folder: Path = CARDS) -> None:
        cards = [read_card(path) for path in sorted(folder.glob("*.toml"))]
        self._cards = {card.id: card for card in cards}
        if len(self._cards) != len(cards):
            raise CardError(f"two cards in {folder} have the same id")

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards.values())

    def __getitem__(self, model: str) -> Card:
        """Raises UnknownModel."""
        if model not in self._cards:
            raise UnknownModel(model, sorted(self._cards))
        return self._cards[model]

    def of_weights(self, weights: Path) -> Card | None:
        """The card whose weight file this is, if any."""
        wanted = weights.resolve()
        return next((card for card in self if card.weights_path == wanted), None)
