"""`contact-sheet.jpg`: the overlays of a run side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cli.explain.result_log import Row
from cli.explain.row_texts import verdict_text
from languages.translator import IN_ENGLISH, Translator
from models.cards.class_names import class_title
from models.verdicts.verdict import QUESTION
from pictures.sheets import labelled_grid

_COLUMNS, _SIDE, _MOST = 6, 200, 120


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
