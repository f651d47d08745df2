"""What a run writes beside its log: the table and the contact sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cli.explain.result_log import Row
from jobs.spreadsheet import BOM, csv_line
from languages.translator import IN_ENGLISH, Translator
from models.class_names import class_title
from models.verdict import QUESTION, VERDICTS, VerdictText
from pictures.photo_files import printable
from pictures.sheets import labelled_grid

_COLUMNS, _SIDE, _MOST = 6, 200, 120
FIELDS = (
    *("path", "ok", "error", "class_name", "crop", "disease", "confidence", "verdict"),
    "affected_share",
    *("second_class", "second_confidence", "margin"),
    *("focus", "border_share", "leaf_share", "flatness", "warnings", "sentence"),
    *("width", "height", "overlay"),
)


def write_csv(rows: Sequence[Row], target: Path) -> None:
    """One line for each photo, failed ones too, for a spreadsheet."""
    tables = map(table_row, rows)
    lines = [FIELDS, *([table.get(name) for name in FIELDS] for table in tables)]
    text = BOM + "".join(map(csv_line, lines))
    target.write_text(printable(text), "utf-8", newline="")


def table_row(row: Row) -> dict[str, Any]:
    """A row of the log as a row of the table."""
    if not row["ok"]:
        return row
    predictions: list[Row] = [*row["predictions"], {}]
    best, second = predictions[:2]
    found = row["explanations"][0]
    diagnostics = found["diagnostics"]
    return {
        **row,
        **best,
        **diagnostics,
        **row["image"],
        "warnings": " ".join(diagnostics["warnings"]),
        "second_class": second.get("class_name"),
        "second_confidence": second.get("confidence"),
        "margin": round(best["confidence"] - second.get("confidence", 0.0), 6),
        "overlay": found["overlay"],
    }


def write_contact_sheet(
    rows: Sequence[Row], out: Path, target: Path, translated: Translator = IN_ENGLISH
) -> int:
    """Overlays side by side, labelled; of more than 120, an even selection.

    Returns how many are shown.
    """
    good = [row for row in rows if row["ok"]]
    step = max(1, -(-len(good) // _MOST))
    cells = [(_label(row, translated), _overlay(row, out)) for row in good[::step]]
    if cells:
        sheet = labelled_grid(cells, columns=_COLUMNS, side=_SIDE)
        Image.fromarray(sheet).save(target, quality=85)
    return len(cells)


def _overlay(row: Row, out: Path) -> Any:
    with Image.open(out / row["explanations"][0]["overlay"]) as overlay:
        overlay.draft("RGB", (_SIDE, _SIDE))
        return np.asarray(overlay.convert("RGB"))


def _label(row: Row, translated: Translator) -> str:
    best = row["predictions"][0]
    title = translated.text(class_title(best["class_name"]))
    if not verdict_text(row).is_reliable:
        title = translated.text(QUESTION, title=title)
    return f"{translated.percent(best['confidence'])} {title}"


def verdict_text(row: Row) -> VerdictText:
    """What the verdict on a photo says. Servers of older versions give none."""
    return VERDICTS.get(row.get("verdict") or "confident", VERDICTS["confident"])


def affected_words(row: Row, translated: Translator = IN_ENGLISH) -> str:
    """ "About 12% of the leaf looks ill, by its colour."; "" where that is not known.

    The page says the same (web/playground/messages.js); a test compares them.
    """
    share = row.get("affected_share")
    if share is None:
        return ""
    if share < 0.005:
        most = translated.percent(0.01)
        return translated.text(
            "Less than {percent} of the leaf looks ill, by its colour.", percent=most
        )
    about = translated.percent(int(share * 100 + 0.5) / 100)
    return translated.text("About {percent} of the leaf looks ill, by its colour.", percent=about)
