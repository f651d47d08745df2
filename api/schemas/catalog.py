"""The JSON of models and colour tables."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from languages.translator import Translator
from models.cards.calibration import Calibration
from models.cards.card import Card

BINARY = "application/octet-stream"
"""Media type of graphs and prototypes: none is registered for ONNX, nor for NumPy's arrays."""


class ModelFileView(BaseModel):
    """A file of a model, by which it runs elsewhere, on a phone for instance."""

    link: str = Field(description="Path of the file.")
    media_type: str
    bytes: int
    sha256: str


class ModelView(BaseModel):
    """A model card."""

    id: str
    version: str
    title: str = Field(description="In the language of the answer.")
    architecture: str
    weights_sha256: str
    classes: list[str]
    target_layer: str
    preprocessing: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    doubt: Calibration | None = Field(
        description="By what its verdicts go; null: never calibrated."
    )
    graph: ModelFileView | None = Field(
        description="The model as an ONNX file; null: the model has none."
    )
    prototypes: ModelFileView | None = Field(
        description="What photos are scored by, an .npz file; null: never calibrated."
    )
    limits: str = Field(description="What not to expect of it, in the language of the answer.")
    licence: str
    attribution: list[str]


class ColormapView(BaseModel):
    """A colour table: 256 RGB triples, 0 cold to 255 hot."""

    name: str
    table: list[list[int]]


def model_view(card: Card, translated: Translator) -> ModelView:
    """translated: to the language of the answer; cards are in English."""
    return ModelView(
        **card.model_dump(include={"id", "version", "architecture", "target_layer"}),
        title=translated.text(card.title),
        weights_sha256=card.sha256,
        classes=list(card.class_names),
        preprocessing=card.preprocessing.model_dump(),
        metrics=card.metrics,
        doubt=card.doubt,
        graph=_graph_view(card),
        prototypes=_prototypes_view(card),
        limits=translated.text(card.limits),
        licence=card.licence,
        attribution=list(card.attribution),
    )


def _graph_view(card: Card) -> ModelFileView | None:
    return _file_view(card, "graph", card.graph_path, card.graph.sha256 if card.graph else "")


def _prototypes_view(card: Card) -> ModelFileView | None:
    digest = card.doubt.means_sha256 if card.doubt else ""
    return _file_view(card, "prototypes", card.means_path, digest)


def _file_view(card: Card, name: str, path: Path | None, sha256: str) -> ModelFileView | None:
    if path is None or not path.is_file():
        return None
    return ModelFileView(
        link=f"/v1/models/{card.id}/{name}",
        media_type=BINARY,
        bytes=path.stat().st_size,
        sha256=sha256,
    )
