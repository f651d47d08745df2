"""`cropshield evaluate --lesions`: whether the heat lies on outlined lesions."""

from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.cards.served import served_card
from cli.errors import FAILED, CommandError
from cli.evaluation.results import EvaluateOptions, write_result
from cli.photo_notes import warn_unreadable
from engine.cam.torch_methods import METHODS
from engine.device import choose_device
from engine.evaluation.agreement import Agreement
from engine.evaluation.lesion_masks import (
    LesionFolder,
    agreement_on_affected_share,
    judge_maps,
)
from engine.evaluation.lesions import summary
from engine.explainer import Explainer
from models.card_errors import CardError
from models.cards.card import Card
from pictures.errors import WrongMask
from pictures.unreadable_photos import unreadable_lines
from workers.allocator import keep_freed_memory

RECORDED = "gradcam"
"""The method whose figures go on the card: that of every job which names no other."""
Figures = dict[str, dict[str, float]]


def evaluate_lesions(model: str, masks: Path, options: EvaluateOptions) -> int:
    """Run the command; returns the exit code. Raises CommandError for an unknown model, for masks
    or photos that do not fit it or one another, and for options of other evaluations."""
    options.refuse("confusion", "shortcuts", why="--lesions judges the heat alone")
    photos = options.data
    keep_freed_memory()
    card = served_card(model)
    try:
        folder = LesionFolder(masks, photos, card.class_names)
        figures = judge(card, folder)
        area = agreement_on_affected_share(folder, card)
    except (CardError, WrongMask, OSError) as error:
        raise CommandError(str(error)) from error
    warn_unreadable(folder.unreadable)
    content = {
        "lesions": str(masks),
        "data": str(photos or masks),
        "left_out": [str(mask) for mask in folder.without_lesions],
        "methods": figures,
        "affected_share": area and asdict(area),
    }
    recorded = figures[RECORDED] | (area.of_card("affected") if area else {})
    write_result(options, card, content, recorded, folder.unreadable)
    if options.prints:
        _print(card, masks, figures, len(folder.without_lesions))
        _print_agreement(area)
    return FAILED if folder.unreadable else 0


def judge(card: Card, folder: LesionFolder) -> Figures:
    """The figures of each method at the card's target layer, in float32.

    Raises CommandError where no photo is left.
    """
    explainer = Explainer(card, choose_device(), runtime="torch")
    judged = list(judge_maps(explainer, folder, list(METHODS)))
    if not judged:
        unread = "".join(f"; {line}" for line in unreadable_lines(folder.unreadable))
        raise CommandError(f"none of the {len(folder)} masks shows a lesion on a leaf{unread}")
    return {name: summary([one[name] for one in judged]) for name in METHODS}


def _print(card: Card, masks: Path, figures: Figures, left_out: int) -> None:
    table = Table("method", box=None, header_style="bold")
    for name in ("pointing", "auc", "lift", "no heat", "class right:", "pointing", "auc", "lift"):
        table.add_column(name, justify="right")
    for name, row in figures.items():
        table.add_row(name, *_cells(row, ""), f"{row['empty']:.0%}", "", *_cells(row, "_right"))
    recorded = figures[RECORDED]
    console = Console()
    console.print(table)
    console.print(
        f"{card.id} on {recorded['photos']:,} photos of {masks}, the true class explained: "
        f"pointing by chance {recorded['chance']:.1%}; class right {recorded['right']:.1%}"
    )
    if left_out:
        console.print(f"left out, as their mask shows no lesion or nothing else: {left_out:,}")


def _print_agreement(area: Agreement | None) -> None:
    if area is not None:
        Console().print(
            f"affected share, by colour, of {area.count:,} outlined leaves: concordance "
            f"{area.concordance:.3f}, mean error {area.mean_error:+.1%}, 95 % of the errors within "
            f"{area.low:+.1%} and {area.high:+.1%} of the leaf"
        )


def _cells(row: dict[str, float], ending: str) -> tuple[str, ...]:
    if f"auc{ending}" not in row:
        return "", "", ""
    pointing, auc, lift = (row[f"{name}{ending}"] for name in ("pointing", "auc", "lift"))
    return f"{pointing:.1%}", f"{auc:.3f}", f"{lift:.2f}"
