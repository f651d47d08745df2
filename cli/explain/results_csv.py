"""`results.csv`: one line for each photo of a run, for a spreadsheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.explain.result_log import Row
from jobs.spreadsheet import BOM, csv_line
from pictures.photo_files import printable

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
