"""`cropshield evaluate --unknown`: what a model says of photos that it has no class for."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.cards.served import served_card
from cli.errors import FAILED, CommandError
from cli.evaluation.results import EvaluateOptions, write_result
from cli.output import warn
from cli.photo_notes import warn_unreadable
from engine.evaluation.inference import decode_pixels, predict_verdicts
from engine.explainer import Explainer
from models.card_errors import CardError
from models.cards.card import Card
from models.verdicts.verdict import VERDICTS, Verdict
from pictures.photo_files import passed_over, photo_files
from pictures.pixels import Pixels
from pictures.unreadable_photos import try_read
from workers.allocator import keep_freed_memory


def evaluate_unknown(model: str, folder: Path, options: EvaluateOptions) -> int:
    """Run the command; returns the exit code. Raises CommandError for an unknown model, where no
    photo can be read, and for options of other evaluations."""
    options.refuse("data", "lesions", why="--unknown takes photos of its own")
    options.refuse("confusion", "shortcuts", why="--unknown counts verdicts alone")
    keep_freed_memory()
    card, unreadable = served_card(model), dict[str, str]()
    try:
        files = photo_files(folder)
        answers = verdicts_on(card, files.paths, unreadable)
    except (CardError, OSError) as error:
        raise CommandError(str(error)) from error
    warn(filter(None, [passed_over(files.others)]))
    warn_unreadable(unreadable)
    if not answers:
        raise CommandError(f"no photo can be read in {folder}")
    shares = verdict_shares([verdict for _, verdict in answers.values()])
    photos = {
        path: {"class": name, "verdict": verdict} for path, (name, verdict) in answers.items()
    }
    content = {"unknown": str(folder), **shares, "answers": photos}
    write_result(options, card, content, shares, unreadable)
    if options.prints:
        _print(card, folder, shares, answers)
    return FAILED if unreadable else 0


def verdicts_on(
    card: Card, paths: list[Path], unreadable: dict[str, str]
) -> dict[str, tuple[str, Verdict]]:
    """The best class and the verdict by path. Photos that cannot be read go to `unreadable`."""
    read: list[str] = []
    photos = _readable(card, paths, read, unreadable)
    if (first := next(photos, None)) is None:
        return {}
    confidences, verdicts = predict_verdicts(Explainer(card), chain([first], photos))
    names = [card.class_names[best] for best in confidences.argmax(dim=1).tolist()]
    return dict(zip(read, zip(names, verdicts, strict=True), strict=True))


def _readable(
    card: Card, paths: list[Path], read: list[str], unreadable: dict[str, str]
) -> Iterator[Pixels]:
    """The pixels of one photo after the other, and which those were."""
    for path in map(str, paths):
        made = try_read(partial(decode_pixels, card=card), path)
        if isinstance(made, str):
            unreadable[path] = made
        else:
            read.append(path)
            yield made


def verdict_shares(verdicts: list[Verdict]) -> dict[str, float]:
    """The share of each verdict, all four named, and how many photos there were."""
    counts = Counter(verdicts)
    shares = {name: round(counts[name] / len(verdicts), 4) for name in VERDICTS}
    return shares | {"photos": len(verdicts)}


def _print(
    card: Card, folder: Path, shares: dict[str, float], answers: dict[str, tuple[str, Verdict]]
) -> None:
    table = Table("taken for, confidently", box=None, header_style="bold")
    table.add_column("photos", justify="right")
    taken = Counter(name for name, verdict in answers.values() if VERDICTS[verdict].is_reliable)
    for name, count in taken.most_common():
        table.add_row(name, str(count))
    console = Console()
    console.print(table if taken else "none is taken for one of its classes confidently")
    told = ", ".join(f"{share:.1%} {name}" for name, share in shares.items() if name != "photos")
    console.print(f"{card.id} on {len(answers):,} photos of {folder}, none of its classes: {told}")
