"""The report of a run: an HTML page with every photo and its heat, to sort, filter and annotate."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.explain.result_log import Row
from cli.explain.results_csv import table_row
from cli.explain.row_texts import affected_words, verdict_text
from cli.report.classes import Descriptions, described
from cli.report.page import gallery, render
from cli.report.reasons import VERDICT_LABELS, WARNING_LABELS, meaning_of
from cli.report.thumbnails import thumbnails
from engine.diagnostics import WARNINGS
from languages.translator import IN_ENGLISH, Translator
from models.cards.class_names import class_title

MAX_SHOWN = 1000
REASONS = (*VERDICT_LABELS, *WARNING_LABELS)


def write_report(
    rows: Sequence[Row],
    target: Path,
    descriptions: Descriptions,
    translated: Translator = IN_ENGLISH,
) -> None:
    """Show at most 1,000 photos, the least confident ones; the table counts all.

    descriptions: of classes, by name; a class without one is not described. translated: to the
    language of the report; rows are in English.
    """
    good = sorted((row for row in rows if row["ok"]), key=_confidence)
    shown = good[:MAX_SHOWN]
    pictures = thumbnails([Path(row["path"]) for row in shown])
    photos = [_gallery_photo(*pair, translated) for pair in zip(shown, pictures, strict=True)]
    classes = _classes(good, translated)
    page = render(
        "explain.html",
        translated,
        title=translated.plural("{count} leaf explained", "{count} leaves explained", len(good)),
        gallery=gallery(photos, translated, key=str(target.resolve()), reasons=REASONS),
        meaning=meaning_of(photos, translated),
        failed=[row for row in rows if not row["ok"]],
        left_out=len(good) - len(shown),
        classes=classes,
        described=described([one["name"] for one in classes], descriptions, translated),
        model=good[0]["model"] if good else None,
    )
    target.write_text(page, "utf-8")


def _confidence(row: Row) -> float:
    found: float = row["predictions"][0]["confidence"]
    return found


def _classes(rows: Sequence[Row], translated: Translator) -> list[dict[str, Any]]:
    """The classes that the photos were taken for, the most frequent first, with their figures."""
    counts = Counter(row["predictions"][0]["class_name"] for row in rows)
    return [
        {
            "name": name,
            "words": translated.text(class_title(name)),
            "count": count,
            **_means(rows, name),
        }
        for name, count in counts.most_common()
    ]


def _means(rows: Sequence[Row], name: str) -> dict[str, Any]:
    own = [table_row(row) for row in rows if row["predictions"][0]["class_name"] == name]
    leaf = [row["leaf_share"] for row in own if row["leaf_share"] is not None]
    return {
        "confidence": sum(row["confidence"] for row in own) / len(own),
        "leaf_share": sum(leaf) / len(leaf) if leaf else None,
        "warned": sum(bool(row["warnings"]) for row in own),
    }


def _reasons(row: Row) -> list[str]:
    """Why the answer, or its heat, is not reliable."""
    verdict = verdict_text(row).label
    warnings = row["explanations"][0]["diagnostics"]["warnings"]
    return [*filter(None, [verdict]), *(WARNINGS[name].label for name in warnings)]


def _gallery_photo(row: Row, picture: str, translated: Translator) -> dict[str, Any]:
    """The data from which the page's script shows a photo in its gallery."""
    own, named = table_row(row), {one["class_index"]: one for one in row["predictions"]}
    views = [
        {
            "label": translated.text(class_title(named[one["class_index"]]["class_name"])),
            "confidence": named[one["class_index"]]["confidence"],
            "map": one["heatmap"],
            "regions": one.get("regions") or [],
            "say": translated.text(one["diagnostics"]["sentence"]),
        }
        for one in row["explanations"]
    ]
    return {
        "id": row["path"],
        "name": row["name"],
        "picture": picture,
        "views": views,
        "said": own["class_name"],
        "classes": [own["class_name"]],
        "reasons": _reasons(row),
        "extra": [*filter(None, [affected_words(row, translated)])],
        "confidence": own["confidence"],
        "margin": own["margin"],
        "leaf": own["leaf_share"],
        "focus": own["focus"],
    }
