"""`cropshield compare`: two models on the same photos, side by side."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.cards.served import served_card
from cli.errors import FAILED, CommandError
from cli.photo_notes import unreadable_document, warn_unreadable
from engine.errors import EngineError
from engine.evaluation.model_comparison import Comparison, compare_photo, summary
from engine.explainer import Explainer
from engine.photos.overlay import save_picture
from models.card_errors import CardError
from models.training.data.class_folders import class_folders
from pictures.pixels import Pixels
from pictures.sheets import labelled_grid, with_legend
from pictures.unreadable_photos import try_read, unreadable_lines

_ROWS = 8
Photos = Sequence[tuple[Path, str]]


def compare(models: tuple[str, str], photos: Sequence[Path], data: Path | None, out: Path) -> int:
    """Write sheets and `comparison.json` to `out`; returns the exit code. Raises CommandError for
    an unknown model, and where no photo can be read."""
    failed: dict[str, str] = {}
    try:
        chosen = _photos(photos, data)
        first, second = (Explainer.load(served_card(model)) for model in models)
        rows = _write_sheets(_compared(first, second, chosen, failed), models, out)
        if not rows:
            why = "; ".join(unreadable_lines(failed))
            raise CommandError(f"none of the {len(chosen):,} photos can be read: {why}")
        figures = {"models": models, **summary(rows)}
        text = json.dumps(
            {**figures, "rows": rows, "failed": unreadable_document(failed)}, indent=2
        )
        (out / "comparison.json").write_text(text + "\n", "utf-8")
    except (CardError, EngineError, OSError) as error:
        raise CommandError(str(error)) from error
    warn_unreadable(failed)
    _print(figures, out)
    return FAILED if failed else 0


def _photos(photos: Sequence[Path], data: Path | None) -> Photos:
    """Paths with their labels; the label is the folder's name where photos come from `data`.

    Raises CardError, FileNotFoundError.
    """
    found = [(path, "") for path in photos]
    for folder in class_folders(data) if data is not None else []:
        found += [(path, folder.name) for path in folder.files.paths]
    if not found:
        raise CommandError("there is no photo to compare on: name some, or a folder with --data")
    return found


def _compared(
    first: Explainer, second: Explainer, photos: Photos, failed: dict[str, str]
) -> Iterator[Comparison]:
    """Compare each photo. Those that cannot be read go to `failed`, with the reason."""
    for path, label in photos:
        made = try_read(partial(compare_photo, first, second, label=label), path)
        if isinstance(made, str):
            failed[str(path)] = made
        else:
            yield made


def _write_sheets(
    made: Iterator[Comparison], models: tuple[str, str], out: Path
) -> list[dict[str, Any]]:
    """Write a sheet for every _ROWS photos. Returns the rows."""
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    while some := list(islice(made, _ROWS)):
        cells = [cell for one in some for cell in _cells(one, models)]
        rows += [one.row() for one in some]
        sheet = with_legend(labelled_grid(cells, columns=3))
        save_picture(sheet, out / f"sheet-{-(-len(rows) // _ROWS):03}.jpg")
    return rows


def _cells(made: Comparison, models: tuple[str, str]) -> list[tuple[str, Pixels]]:
    named = zip(models, made.classes, made.confidences, strict=True)
    labels = [f"{model}: {confidence:.0%} {name}" for model, name, confidence in named]
    return list(zip([made.label or made.photo.name, *labels], made.pictures, strict=True))


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
