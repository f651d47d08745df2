"""The JSON of models and colour tables."""

from typing import Any

from pydantic import BaseModel, Field

from languages.translator import Translator
from models.cards.calibration import Calibration
from models.cards.card import Card

ONNX = "application/octet-stream"
"""Media type of graphs: none is registered for ONNX."""


class GraphView(BaseModel):
    """The model as a file that runs elsewhere, on a phone for instance."""

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
    graph: GraphView | None = Field(description="null: the model has none.")
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
        limits=translated.text(card.limits),
        licence=card.licence,
        attribution=list(card.attribution),
    )


def _graph_view(card: Card) -> GraphView | None:
    path = card.graph_path
    if card.graph is None or path is None or not path.is_file():
        return None
    return GraphView(
        link=f"/v1/models/{card.id}/graph",
        media_type=ONNX,
        bytes=path.stat().st_size,
        sha256=card.graph.sha256,
    )
