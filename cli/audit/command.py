"""`cropshield audit`: explain a labelled folder, write a report and its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.audit.faithfulness import FaithfulnessSample, measure_sample, sample
from cli.audit.findings import Findings
from cli.audit.json_document import Document, audit_document
from cli.audit.photos import AuditedPhoto, LabelledPhoto, explain_photos
from cli.audit.report import write_report
from cli.audit.second_model import SecondModel
from cli.errors import FAILED, MISSING, USAGE, CommandError
from cli.local_model import load_explainer, require_card, require_device
from cli.output import Output, json_text, warn
from cli.photo_notes import warn_about_photos
from cli.progress import progress
from engine.explainer import Explainer
from languages.translator import IN_ENGLISH, Translator
from models.card_errors import CardError
from models.cards.card import Card
from models.training.data.leaf_folder import LeafFolder
from pictures.photo_files import printable
from workers.settings import WorkerSettings


@dataclass(frozen=True)
class AuditOptions:
    """The options of the command. `faithfulness`: photos that it is measured on, 0 for none.
    `translated`: to the language of the report."""

    folder: Path
    out: Path
    model: str
    against: str
    device: str
    batch: int
    faithfulness: int
    translated: Translator = IN_ENGLISH


def audit(options: AuditOptions, settings: WorkerSettings, say: Output) -> int:
    """Run the command; returns the exit code. Raises CommandError for an unknown model or device,
    and for photos that do not fit."""
    card, other = _cards(options, settings)
    device = require_device(options.device)
    photos = labelled_photos(options.folder, card, quiet=say.quiet)
    quiet = say.quiet or say.as_json
    explainer = load_explainer(card, device, settings)
    with progress("looking", len(photos), quiet=quiet) as advance:
        explained, failed = explain_photos(explainer, photos, options.batch, advance)
    if not explained:
        raise CommandError(f"none of the {len(photos):,} photos could be read: {failed[0].reason}")
    faithfulness = _measure_faithfulness(explained, explainer, options.faithfulness, quiet=quiet)
    against = None
    if other is not None:
        against = _second_model(other, explained, options, settings, quiet=quiet)
    found = Findings(explained, card.class_names, against.differing if against else {})
    content = audit_document(card, options.folder, found, failed, faithfulness, against)
    _write_files(options, content, found, against, card)
    _print_summary(content, options.out, say)
    return FAILED if failed else 0


def labelled_photos(folder: Path, card: Card, *, quiet: bool = True) -> list[LabelledPhoto]:
    """The photos of a folder with one folder for each class of the model. Raises CommandError for a
    folder without photos, or with other classes."""
    try:
        found = LeafFolder(folder, classes=card.class_names)
    except (OSError, CardError) as error:
        raise CommandError(str(error), USAGE) from error
    if not quiet:
        warn_about_photos(found)
    paths = [Path(path).absolute() for path in found.paths]
    root = folder.absolute()
    pairs = zip(paths, found.labels.tolist(), strict=True)
    return [
        LabelledPhoto(path, printable(path.relative_to(root).as_posix()), label)
        for path, label in pairs
    ]


def _cards(options: AuditOptions, settings: WorkerSettings) -> tuple[Card, Card | None]:
    card = require_card(settings.card_folders, options.model)
    if not options.against:
        return card, None
    other = require_card(settings.card_folders, options.against)
    if other.class_names != card.class_names:
        raise CommandError(f"{card.id} and {other.id} do not have the same classes", MISSING)
    return card, other


def _measure_faithfulness(
    explained: Sequence[AuditedPhoto], explainer: Explainer, count: int, *, quiet: bool
) -> FaithfulnessSample | None:
    """Measure faithfulness on at most `count` of the photos."""
    chosen = sample(explained, count)
    with progress("blurring what the maps show", len(chosen), quiet=quiet) as advance:
        return measure_sample(chosen, explainer.card, explainer.device, advance)


def _second_model(
    card: Card,
    explained: Sequence[AuditedPhoto],
    options: AuditOptions,
    settings: WorkerSettings,
    *,
    quiet: bool,
) -> SecondModel:
    """The same photos explained by another model. Raises CommandError where one of them cannot be
    read any more."""
    explainer = load_explainer(card, require_device(options.device), settings)
    again = [LabelledPhoto(one.path, one.name, one.label) for one in explained]
    with progress(f"looking with {card.id}", len(again), quiet=quiet) as advance:
        results, lost = explain_photos(explainer, again, options.batch, advance)
    if lost:
        raise CommandError(f"{printable(lost[0].path)} has changed meanwhile: {lost[0].reason}")
    return SecondModel(card, explained, results)


def _write_files(
    options: AuditOptions,
    content: Document,
    found: Findings,
    against: SecondModel | None,
    card: Card,
) -> None:
    out = options.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = json_text(content, indent=1)
        (out / "audit.json").write_text(text + "\n", "utf-8")
        described = card.class_descriptions
        translated = options.translated
        write_report(out / "report.html", content, found, against, described, translated)
    except OSError as error:
        raise CommandError(f"cannot write to {out}: {error.strerror or error}") from error


def _print_summary(content: Document, out: Path, say: Output) -> None:
    say.words(
        f"{content['model']['id']} on {content['photos']:,} photos: accuracy "
        f"{content['accuracy']:.2%}, macro-F1 {content['macro_f1']:.4f}, calibration error "
        f"{content['ece']:.4f}"
    )
    if not say.quiet:
        warn(f"not read: {one['path']}: {one['error']}" for one in content["failed"])
    say.words(f"look at {out / 'report.html'}")
    say.document({name: value for name, value in content.items() if name != "each"})
