"""The audit as an HTML page, to read, sort and work through."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.audit.advice import advice
from cli.audit.findings import EXAMPLES, REASONS, Findings
from cli.audit.json_document import Document
from cli.audit.photos import AuditedPhoto, ClassView
from cli.audit.second_model import SecondModel
from cli.report.classes import Descriptions, described
from cli.report.map_data import encode_map
from cli.report.page import gallery, render
from cli.report.reasons import LABEL, SAID, meaning_of
from cli.report.thumbnails import thumbnails
from languages.translator import IN_ENGLISH, Translator
from models.cards.class_names import class_title

MAX_SHOWN = 1200


def write_report(
    target: Path,
    content: Document,
    found: Findings,
    against: SecondModel | None,
    descriptions: Descriptions,
    translated: Translator = IN_ENGLISH,
) -> None:
    """Show photos that have a reason, at most 1,200 of them, mistakes first."""
    shown = shown_indices(found)
    photos = _gallery_photos(found, shown, against, translated)
    met = [found.names[index] for index in found.met]
    page = render(
        "audit.html",
        translated,
        title=_title(content, translated),
        gallery=gallery(photos, translated, key=str(target.resolve()), reasons=REASONS),
        audit=content,
        advice=advice(found, translated),
        words=lambda name: translated.text(class_title(name)),
        meaning=meaning_of(photos, translated),
        confusion=_confusion(found),
        met=met,
        described=described(met, descriptions, translated),
        left_out=sum(map(bool, found.reasons)) - len(shown),
        groups=[[str(found.photos[index].path) for index in group] for group in found.duplicates],
        examples=EXAMPLES,
    )
    target.write_text(page, "utf-8")


def _title(content: Document, translated: Translator) -> str:
    return translated.plural(
        "{model} on {count} photo",
        "{model} on {count} photos",
        content["photos"],
        model=content["model"]["id"],
    )


def shown_indices(found: Findings) -> list[int]:
    """The indices of photos with a reason, in the order of REASONS."""
    indices = [index for index, reasons in enumerate(found.reasons) if reasons]

    def rank(index: int) -> int:
        known = [REASONS.index(one) for one in found.reasons[index] if one in REASONS]
        return min(known, default=len(REASONS))

    return sorted(indices, key=rank)[:MAX_SHOWN]


def _gallery_photos(
    found: Findings, shown: Sequence[int], against: SecondModel | None, translated: Translator
) -> list[dict[str, Any]]:
    pictures = thumbnails([found.photos[index].path for index in shown])
    return [
        _gallery_photo(found, index, against, translated) | {"picture": picture}
        for index, picture in zip(shown, pictures, strict=True)
    ]


def _gallery_photo(
    found: Findings, index: int, against: SecondModel | None, translated: Translator
) -> dict[str, Any]:
    """The data from which the page's script shows a photo in its gallery, but for the picture."""
    photo, names = found.photos[index], found.names
    role = "" if photo.is_right else SAID
    views = [_view(photo, photo.predicted, names, role, translated)]
    if not photo.is_right:
        views.append(_view(photo, photo.label, names, LABEL, translated))
    diagnostics = photo.predicted_view.diagnostics
    return {
        "id": str(photo.path),
        "name": photo.name,
        "truth": names[photo.label],
        "said": names[photo.predicted],
        "classes": sorted({names[photo.label], names[photo.predicted]}),
        "views": views,
        "reasons": found.reasons[index],
        "confidence": round(photo.confidence, 4),
        "margin": round(photo.margin, 4),
        "leaf": diagnostics.leaf_share,
        "focus": diagnostics.focus,
        "extra": _extra(found, index, against, translated),
    }


def _view(
    photo: AuditedPhoto, index: int, names: Sequence[str], role: str, translated: Translator
) -> dict[str, Any]:
    view: ClassView = photo.views[index]
    return {
        "label": translated.text(class_title(names[index])),
        "role": translated.text(role),
        "confidence": round(float(photo.confidences[index]), 4),
        "map": encode_map(view.map, view.box),
        "say": translated.text(view.diagnostics.sentence),
    }


def _extra(
    found: Findings, index: int, against: SecondModel | None, translated: Translator
) -> list[str]:
    """Further sentences about a photo."""
    lines = [
        translated.text(
            "It may be {title}: check the label.",
            title=translated.text(class_title(found.names[one.likely])),
        )
        for one in found.label_errors
        if one.index == index
    ]
    if against is not None and index in found.extra:
        other = against.second[index]
        lines.append(
            translated.text(
                "{model} says {title}, {percent}.",
                model=against.card.id,
                title=translated.text(class_title(found.names[other.predicted])),
                percent=translated.percent(other.confidence),
            )
        )
    return lines


def _confusion(found: Findings) -> list[list[tuple[int, float]]]:
    """The confusion matrix of the classes that were met: counts, and their part of the row."""
    counts = found.figures.confusion
    return [
        [
            (counts[label][predicted], counts[label][predicted] / max(1, sum(counts[label])))
            for predicted in found.met
        ]
        for label in found.met
    ]
