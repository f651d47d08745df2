"""Model cards: everything about a model but its weights. Never imports torch."""

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from models.card_errors import InvalidCard, NotDescribed
from models.cards.calibration import Calibration
from models.cards.class_descriptions import FILE_NAME, ClassDescription, read_descriptions
from models.cards.class_list import read_class_names
from models.cards.graph import Graph
from models.cards.imagenet import IMAGENET_MEAN, IMAGENET_STD
from models.cards.recipe import CardTable, Training
from models.cards.toml_files import fault, read_toml
from models.cards.wrong_files import mistaken_for

ARCHITECTURE = r"^(cropshield_(cnn|plain)|resnet18|efficientnet_b0|(torchvision|timm):[\w.-]+)$"
"""Our two, two for short, and every classifier of two libraries."""


class Preprocessing(CardTable):
    """How a photo becomes an input: stretched to size x size, scaled to [0, 1], normalised."""

    size: Annotated[int, Field(ge=32, le=1024)] = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


class Card(CardTable):
    """One model, as its TOML file describes it."""

    path: Path
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    version: str
    title: str
    architecture: Annotated[str, Field(pattern=ARCHITECTURE)]
    weights: str
    sha256: str
    classes: str
    descriptions: Annotated[str, Field(pattern=rf"^$|{re.escape(FILE_NAME)}$")] = ""
    target_layer: str
    licence: str
    attribution: tuple[str, ...] = ()
    limits: str = ""
    preprocessing: Preprocessing = Preprocessing()
    training: Training = Training()
    metrics: dict[str, dict[str, float]] = Field(default_factory=dict)
    doubt: Calibration | None = None
    graph: Graph | None = None

    @property
    def weights_path(self) -> Path:
        return (self.path.parent / self.weights).resolve()

    @property
    def classes_path(self) -> Path:
        return (self.path.parent / self.classes).resolve()

    @property
    def means_path(self) -> Path | None:
        """The file of class means of the [doubt] table, None where there is no table."""
        return self.weights_path.with_name(self.doubt.means) if self.doubt else None

    def read_means(self) -> bytes:
        """The file of class means that the [doubt] table names, checked against its hash.

        Raises CardError where there is no table, no file or another one.
        """
        path = self.means_path
        if self.doubt is None or path is None:
            raise self.wrong("doubt", "there is no such table; run cropshield calibrate")
        if not path.is_file():
            raise self.wrong("doubt.means", f"file {path} is missing")
        content = path.read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != self.doubt.means_sha256:
            message = (
                f"sha256 is {self.doubt.means_sha256[:16]}…, but {path.name} has {found[:16]}…"
            )
            raise self.wrong("doubt.means_sha256", _with_reason(message, path))
        return content

    @property
    def graph_path(self) -> Path | None:
        """The file of the [graph] table, None where there is no table, or it is of other weights,
        another target layer or another size than the card's."""
        own = self.sha256, self.target_layer, self.preprocessing.size
        graph = self.graph
        if graph is None or own != (graph.weights_sha256, graph.target_layer, graph.size):
            return None
        return self.weights_path.with_name(graph.file)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Class names by index. Raises CardError when the file does not number them 0..n-1."""
        try:
            return read_class_names(self.classes_path)
        except OSError as error:
            message = f"class list {self.classes_path} cannot be read: {error.strerror or error}"
            raise self.wrong("classes", message) from error
        except ValueError as error:
            raise self.wrong("classes", str(error)) from error

    @cached_property
    def class_descriptions(self) -> Mapping[str, ClassDescription]:
        """What is to be known about the classes, by name; empty for a card without descriptions.

        Raises CardError when their file cannot be read, or describes a class that is not there.
        """
        if not self.descriptions:
            return {}
        return read_descriptions(self.path.parent / self.descriptions, self.class_names)

    def describe(self, class_name: str) -> ClassDescription:
        """What a class is. Raises NotDescribed, which names a class alike."""
        if class_name not in self.class_descriptions:
            raise NotDescribed(self.id, class_name, self.class_descriptions)
        return self.class_descriptions[class_name]

    def verify(self) -> None:
        """Raises CardError when the class list cannot be read, or the weights, the class means or
        the graph are missing or not those of the card."""
        if len(self.class_names) < 2:
            raise self.wrong("classes", f"class list {self.classes_path} has fewer than 2 classes")
        self._check_file("weight", self.weights_path, self.sha256, ("weights", "sha256"))
        if self.doubt:
            self.read_means()
        if self.graph and self.graph_path:
            keys = "graph.file", "graph.sha256"
            self._check_file("graph", self.graph_path, self.graph.sha256, keys)

    def _check_file(self, what: str, path: Path, sha256: str, keys: tuple[str, str]) -> None:
        """`keys`: those of the card that name the file and its hash."""
        if not path.is_file():
            raise self.wrong(keys[0], f"{what} file {path} is missing")
        if (found := file_sha256(path)) != sha256:
            message = f"sha256 is {sha256[:16]}…, but {path.name} has {found[:16]}…"
            raise self.wrong(keys[1], _with_reason(message, path))

    def wrong(self, key: str, message: str) -> InvalidCard:
        """An error that names this card's file and the line of `key`."""
        return InvalidCard(self.path, (key, message))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_reason(message: str, path: Path) -> str:
    """The message, and after it that the file is evidently of another kind."""
    other = mistaken_for(path)
    return f"{message}: it {other}" if other else message


def read_card(path: Path) -> Card:
    """The card at `path`. Raises CardError that names the file, the line and the key."""
    try:
        return Card(path=path.resolve(), **read_toml(path, "card"))
    except ValidationError as error:
        raise InvalidCard(path, *map(_fault, error.errors())) from error


def _fault(wrong: ErrorDetails) -> tuple[str, str]:
    """The dotted key, and what is wrong with its value."""
    fault_at = (wrong["type"], *wrong["loc"])
    if fault_at == ("string_pattern_mismatch", "descriptions"):
        return "descriptions", (
            f"the file's name must end in {FILE_NAME}, or it would be read as a card; "
            f"it is {wrong['input']!r}"
        )
    if fault_at == ("string_pattern_mismatch", "architecture"):
        known = (
            "cropshield_cnn, cropshield_plain, resnet18, efficientnet_b0, torchvision:NAME, "
            "timm:NAME"
        )
        return "architecture", f"unknown architecture {wrong['input']!r}; known are {known}"
    return fault(wrong, _keys(Card))


def _keys(part: type[BaseModel]) -> set[str]:
    """Every key that a card may have, those of its tables among them."""
    parts = {kind for kind in CardTable.__subclasses__() if kind is not part}
    return set().union(*(kind.model_fields for kind in (part, *parts))) - {"path"}
