"""Model cards: everything about a model but its numbers. Never imports torch."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from models.faults import CardError as CardError
from models.faults import WrongCard, did_you_mean
from models.verdict import Doubt

CARDS = Path(__file__).parent / "cards"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
ARCHITECTURE = r"^(cropshield_cnn|resnet18|efficientnet_b0|(torchvision|timm):[\w.-]+)$"
"""Our own, two for short, and every classifier of two libraries."""


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
    """A stretch of training at one resolution.

    `view`: the smallest share of a photo that is shown at once; `mix`: the share of batches
    whose photos are blended with one another; `plain`: the share of photos that keep their light,
    and of those that keep their grain.
    """

    size: Annotated[int, Field(ge=32, multiple_of=8)]
    epochs: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=2)] = 64
    view: Annotated[float, Field(gt=0, le=1)] = 0.35
    mix: Annotated[float, Field(ge=0, le=1)] = 0.35
    plain: Annotated[float, Field(ge=0, le=1)] = 0.0


class Training(_Part):
    """The recipe that `cropshield train` follows.

    `patience`: epochs without a better macro-F1 after which it stops, 0 for never. `teachers`:
    ids of cards whose mean opinion the student follows too. `start`: id of a card whose weights
    training begins with, or `published` for those of its library.
    """

    seed: int = 0
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.05
    ema_decay: float = 0.998
    background: Annotated[float, Field(ge=0, le=1)] = 0.4
    negatives: Annotated[int, Field(ge=0)] = 4
    patience: Annotated[int, Field(ge=0)] = 0
    teachers: tuple[str, ...] = ()
    start: str = ""
    scenes: Annotated[int, Field(ge=1)] = 600
    stages: tuple[Stage, ...] = ()


class Card(_Part):
    """One model, as its TOML file describes it."""

    path: Path
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    version: str
    title: str
    architecture: Annotated[str, Field(pattern=ARCHITECTURE)]
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
    doubt: Doubt | None = None

    @property
    def weights_path(self) -> Path:
        return (self.path.parent / self.weights).resolve()

    @property
    def classes_path(self) -> Path:
        return (self.path.parent / self.classes).resolve()

    def read_means(self) -> bytes:
        """The file of class means that the [doubt] table names, checked against its hash.

        Raises CardError where there is no table, no file or another one.
        """
        if self.doubt is None:
            raise self.wrong("doubt", "there is no such table; run cropshield calibrate")
        path = self.weights_path.with_name(self.doubt.means)
        if not path.is_file():
            raise self.wrong("doubt.means", f"file {path} is missing")
        content = path.read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != self.doubt.means_sha256:
            said = f"sha256 is {self.doubt.means_sha256[:16]}…, but {path.name} has {found[:16]}…"
            raise self.wrong("doubt.means_sha256", said)
        return content

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Class names by index. Raises CardError when the file does not number them 0..n-1."""
        try:
            return read_classes(self.classes_path)
        except CardError as error:
            raise self.wrong("classes", str(error)) from error

    def verify(self) -> None:
        """Raises CardError when the class list cannot be read, or the weights are missing or are
        not those of the card."""
        if len(self.class_names) < 2:
            raise self.wrong("classes", f"class list {self.classes_path} has fewer than 2 classes")
        if not self.weights_path.is_file():
            raise self.wrong("weights", f"weight file {self.weights_path} is missing")
        found = digest(self.weights_path)
        if found != self.sha256:
            said = f"sha256 is {self.sha256[:16]}…, but {self.weights_path.name} has {found[:16]}…"
            raise self.wrong("sha256", said)
        if self.doubt:
            self.read_means()

    def wrong(self, key: str, said: str) -> WrongCard:
        """An error that names this card's file and the line of `key`."""
        return WrongCard(self.path, (key, said))


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
    """The card at `path`. Raises CardError that names the file, the line and the key."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return Card(path=path.resolve(), **content)
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"card {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{path}{_place(str(error))}: not TOML: {error}") from error
    except ValidationError as error:
        raise WrongCard(path, *map(_fault, error.errors())) from error


def _place(said: str) -> str:
    line = re.search(r"at line (\d+)", said)
    return f", line {line[1]}" if line else ""


def _fault(wrong: ErrorDetails) -> tuple[str, str]:
    """A dotted key and what is wrong with its value."""
    key = ".".join(map(str, wrong["loc"]))
    if wrong["type"] == "missing":
        return key, "is missing"
    if wrong["type"] == "extra_forbidden":
        return key, f"no such key{did_you_mean(str(wrong['loc'][-1]), _keys(Card))}"
    if key == "architecture":
        known = "cropshield_cnn, resnet18, efficientnet_b0, torchvision:NAME, timm:NAME"
        return key, f"unknown architecture {wrong['input']!r}; known are {known}"
    return key, f"{wrong['msg']}; it is {wrong['input']!r}"


def _keys(part: type[BaseModel]) -> set[str]:
    """Every key that a card may have, those of its tables among them."""
    parts = {kind for kind in _Part.__subclasses__() if kind is not part}
    return set().union(*(kind.model_fields for kind in (part, *parts))) - {"path"}


class Catalog:
    """The cards of one folder or of several, by id; those of the project where none is given."""

    def __init__(self, *folders: Path) -> None:
        """A folder that is not there has no cards. Raises CardError."""
        self.folders = folders or (CARDS,)
        self._cards: dict[str, Card] = {}
        wrong: list[CardError] = []
        for path in (path for folder in self.folders for path in sorted(folder.glob("*.toml"))):
            try:
                self._add(read_card(path))
            except CardError as error:
                wrong.append(error)
        if wrong:
            raise CardError("\n".join(map(str, wrong)))

    def _add(self, card: Card) -> None:
        twin = self._cards.setdefault(card.id, card)
        if twin is not card:
            raise card.wrong("id", f"{card.id!r} is the id of {twin.path} too")

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
