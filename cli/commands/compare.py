"""`cropshield compare`: two models on the same photos, side by side."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.cards.served import served_card
from cli.errors import CommandError
from engine.errors import EngineError
from engine.evaluation.model_comparison import Comparison, compare_photos, summary
from engine.explainer import Explainer
from engine.photos.overlay import save_picture
from models.card_errors import CardError
from pictures.colormaps import Pixels
from pictures.errors import PhotoError
from pictures.sheets import labelled_grid, with_legend

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".avif", ".tif", ".tiff"}
_ROWS = 8


def compare(models: tuple[str, str], photos: Sequence[Path], data: Path | None, out: Path) -> None:
    """Sheets and `comparison.json` in `out`. Raises CommandError."""
    wanted = list(_photos(photos, data))
    try:
        first, second = (Explainer.load(served_card(model)) for model in models)
        rows = _explain(first, second, wanted, models, out)
    except (CardError, EngineError, PhotoError, OSError) as error:
        raise CommandError(str(error)) from error
    figures = {"models": models, **summary(rows)}
    text = json.dumps({**figures, "rows": rows}, indent=2)
    (out / "comparison.json").write_text(text + "\n", "utf-8")
    _print(figures, out)


def _photos(photos: Sequence[Path], data: Path | None) -> list[tuple[Path, str]]:
    """Paths with their labels: the folder's name where photos come from `data`."""
    found = [(path, "") for path in photos]
    if data is not None:
        files = sorted(path for path in data.glob("*/*") if path.suffix.lower() in _SUFFIXES)
        found += [(path, path.parent.name) for path in files]
    if not found:
        raise CommandError("there is no photo to compare on: name some, or a folder with --data")
    return found


def _explain(
    first: Explainer,
    second: Explainer,
    photos: list[tuple[Path, str]],
    models: tuple[str, str],
    out: Path,
) -> list[dict[str, Any]]:
    """The rows; every _ROWS photos one sheet."""
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    cells: list[tuple[str, Pixels]] = []
    for made in compare_photos(first, second, photos):
        rows.append(made.row())
        cells += _cells(made, models)
        if len(cells) == 3 * _ROWS or len(rows) == len(photos):
            sheet = with_legend(labelled_grid(cells, columns=3))
            save_picture(sheet, out / f"sheet-{-(-len(rows) // _ROWS):03}.jpg")
            cells.clear()
    return rows


def _cells(made: Comparison, models: tuple[str, str]) -> list[tuple[str, Pixels]]:
    named = zip(models, made.classes, made.confidences, strict=True)
    said = [f"{model}: {confidence:.0%} {name}" for model, name, confidence in named]
    return list(zip([made.label or made.photo.name, *said], made.pictures, strict=True))


def _print(figures: dict[str, Any], out: Path) -> None:
    console = Console()
    first, second = figures["models"]
    console.print(f"{first} and {second} on {figures['photos']:,} photos:")
    console.print(f"  the same class          {figures['agreement']:.1%}")
    for model, accuracy in zip(figures["models"], figures["accuracy"], strict=True):
        if accuracy is not None:
            console.print(f"  {model} right  {accuracy:.2%} of {figures['labelled']:,}")
    for name in ("iou", "correlation"):
        if figures[name] is not None:
            console.print(f"  heat, {name:17} {figures[name]:.2f}")
    console.print(f"sheets and comparison.json are in {out}")
