"""The findings as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cli.audit.faithfulness import FaithfulnessSample
from cli.audit.findings import Findings
from cli.audit.photos import AuditedPhoto, ClassView, FailedPhoto
from cli.audit.second_model import SecondModel
from cli.report.map_data import encode_map
from models.cards.card import Card

Document = dict[str, Any]


def audit_document(
    card: Card,
    folder: Path,
    found: Findings,
    failed: Sequence[FailedPhoto],
    faithfulness: FaithfulnessSample | None,
    against: SecondModel | None,
) -> Document:
    """Everything but the pictures; shares rounded to 4 places."""
    content = {
        "model": {"id": card.id, "version": card.version, "weights_sha256": card.sha256},
        "folder": str(folder),
        "photos": len(found.photos),
        "failed": [{"path": str(one.path), "error": one.reason} for one in failed],
        **_figures(found),
        "classes": _classes(found),
        "confusions": _confusions(found),
        "warnings": dict(found.warned),
        "label_errors": _label_errors(found),
        "near_duplicates": [
            [str(found.photos[index].path) for index in group] for group in found.duplicates
        ],
        "faithfulness": faithfulness and asdict(faithfulness) | {"passed": faithfulness.passed},
        "against": against and against.document(),
        "each": [
            _photo(photo, own, found.names)
            for photo, own in zip(found.photos, found.reasons, strict=True)
        ],
    }
    rounded: Document = _rounded(content)
    return rounded


def _figures(found: Findings) -> Document:
    return {
        "accuracy": found.figures.accuracy,
        "macro_f1": found.figures.macro_f1,
        "ece": found.figures.ece,
        "bins": [asdict(one) for one in found.bins],
    }


def _confusions(found: Findings) -> list[Document]:
    return [
        {"label": found.names[truth], "predicted": found.names[predicted], "photos": count}
        for truth, predicted, count in found.confusions
    ]


def _label_errors(found: Findings) -> list[Document]:
    return [
        {
            "path": str(found.photos[one.index].path),
            "label": found.names[found.photos[one.index].label],
            "likely": found.names[one.likely],
            "margin": one.margin,
        }
        for one in found.label_errors
    ]


def _classes(found: Findings) -> list[Document]:
    return [
        {
            **asdict(one.figures),
            "confidence": one.confidence,
            "leaf_share": one.leaf_share,
            "mean_map": None
            if one.mean_map is None
            else encode_map(one.mean_map, found.photos[0].predicted_view.box),
            "typical": [str(found.photos[index].path) for index in one.typical],
            "odd": [str(found.photos[index].path) for index in one.odd],
        }
        for one in found.classes
    ]


def _photo(photo: AuditedPhoto, reasons: Sequence[str], names: Sequence[str]) -> Document:
    return {
        "path": str(photo.path),
        "label": names[photo.label],
        "predicted": names[photo.predicted],
        "confidence": photo.confidence,
        "margin": photo.margin,
        "reasons": list(reasons),
        "explanations": [_view(names[index], view) for index, view in photo.views.items()],
    }


def _view(name: str, view: ClassView) -> Document:
    return {"class_name": name, "diagnostics": asdict(view.diagnostics)}


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return round(content, 4)
    if isinstance(content, dict):
        return {name: _rounded(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_rounded(value) for value in content]
    return content
