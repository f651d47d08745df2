"""`cropshield evaluate`: metrics of a model on labelled photos, as it is served."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.cards.edit import replace_table
from cli.cards.served import served_card
from cli.errors import USAGE, CommandError
from cli.evaluation.results import EvaluateOptions, write_result
from cli.photo_notes import warn_about_photos
from engine.device import choose_device
from engine.evaluation.inference import decode_pixels, predict_verdicts
from engine.evaluation.metrics import ClassificationMetrics, classification_metrics
from engine.evaluation.shortcuts import measure_shortcuts
from engine.explainer import Explainer
from engine.loading import load_weights
from engine.photos.overlay import save_picture
from models.card_errors import CardError
from models.cards.card import Card
from models.training.data.leaf_folder import LeafFolder
from pictures.errors import PhotoError
from pictures.rendering.confusion_matrix import confusion_picture
from workers.allocator import keep_freed_memory


def evaluate(model: str, options: EvaluateOptions) -> int:
    """Run the command; returns the exit code. Raises CommandError for an unknown model, and without
    a folder of photos or with one that does not fit."""
    if (data := options.data) is None:
        raise CommandError("--data is missing: a folder of photos, one folder a class", USAGE)
    keep_freed_memory()
    card = served_card(model)
    try:
        photos = LeafFolder(data, classes=card.class_names)
        figures, shortcuts = judge(card, photos, shortcuts=options.shortcuts)
    except (CardError, PhotoError, OSError) as error:
        raise CommandError(str(error)) from error
    code = warn_about_photos(photos)
    content = {
        "data": str(data),
        "class_names": card.class_names,
        **asdict(figures),
        "shortcuts": shortcuts,
    }
    write_result(options, card, content, figures.of_card(), photos.unreadable)
    if options.prints:
        _print(card, data, figures, shortcuts)
    if options.confusion:
        save_picture(confusion_picture(figures.confusion, card.class_names), options.confusion)
    if options.record and shortcuts:
        replace_table(card.path, shortcuts, "metrics.shortcuts")
    return code


def judge(
    card: Card, photos: LeafFolder, *, shortcuts: bool
) -> tuple[ClassificationMetrics, dict[str, float]]:
    """Metrics over the classes of `photos`; the model still chooses among all of its own.

    Photos that cannot be read are left out of `photos`. Raises CardError where that is all.
    """
    pixels = photos.each(partial(decode_pixels, card=card))
    confidences, verdicts = predict_verdicts(Explainer(card), pixels)
    figures = classification_metrics(confidences, photos.labels, card.class_names, verdicts)
    found: dict[str, float] = {}
    if shortcuts:
        network = load_weights(card, choose_device())
        found = measure_shortcuts(card, network, photos, figures.accuracy)
    return figures, {name: round(value, 4) for name, value in found.items()}


def _print(
    card: Card, data: Path, figures: ClassificationMetrics, shortcuts: dict[str, float]
) -> None:
    table = Table("class", box=None, header_style="bold")
    for name in ("precision", "recall", "F1", "photos"):
        table.add_column(name, justify="right")
    for row in figures.classes:
        shares = (f"{share:.1%}" for share in (row.precision, row.recall, row.f1))
        table.add_row(row.name, *shares, str(row.support))
    console = Console()
    console.print(table)
    console.print(
        f"{card.id} on {figures.photos:,} photos of {data}: accuracy {figures.accuracy:.2%}, "
        f"macro-F1 {figures.macro_f1:.4f}, calibration error {figures.ece:.4f}; "
        f"{figures.confident:.1%} are confident, {figures.confident_right:.1%} of those right"
    )
    for name, value in shortcuts.items():
        console.print(f"  {name:24} {value:g}")
