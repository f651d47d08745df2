"""Model cards: everything about a model but its weights. Never imports torch."""

import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from models.card_errors import CardError, InvalidCard, did_you_mean
from models.class_names import read_class_names
from models.graph import Graph
from models.recipe import CardTable, Training
from models.text_files import read_text
from models.verdict import Calibration
from models.wrong_files import mistaken_for

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
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
        content: dict[str, Any] = tomllib.loads(read_text(path))
        return Card(path=path.resolve(), **content)
    except OSError as error:
        raise CardError(f"card {path} cannot be read: {error.strerror or error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{path}{_place(str(error))}: not TOML: {error}") from error
    except ValidationError as error:
        raise InvalidCard(path, *map(_fault, error.errors())) from error
    except ValueError as error:
        raise CardError(f"card {path} {error}") from error


def _place(message: str) -> str:
    line = re.search(r"at line (\d+)", message)
    return f", line {line[1]}" if line else ""


def _fault(wrong: ErrorDetails) -> tuple[str, str]:
    """The dotted key, and what is wrong with its value."""
    key = ".".join(map(str, wrong["loc"]))
    if wrong["type"] == "missing":
        return key, "is missing"
    if wrong["type"] == "extra_forbidden":
        return key, f"no such key{did_you_mean(str(wrong['loc'][-1]), _keys(Card))}"
    if key == "architecture":
        known = (
            "cropshield_cnn, cropshield_plain, resnet18, efficientnet_b0, torchvision:NAME, "
            "timm:NAME"
        )
        return key, f"unknown architecture {wrong['input']!r}; known are {known}"
    return key, f"{wrong['msg']}; it is {wrong['input']!r}"


def _keys(part: type[BaseModel]) -> set[str]:
    """Every key that a card may have, those of its tables among them."""
    parts = {kind for kind in CardTable.__subclasses__() if kind is not part}
    return set().union(*(kind.model_fields for kind in (part, *parts))) - {"path"}
