"""Checks the models: cards can be read, weights are theirs, networks load."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from cli.diagnostics.findings import Finding, ok, problem, warning
from models.card_errors import CardError
from models.cards.card import Card
from models.catalog import Catalog

SUBJECT = "model"
_TRAIN = "Restore the file, or train the model: `cropshield train`."


def check_models(folders: Sequence[Path], device: str, *, quick: bool) -> list[Finding]:
    """With `quick` the models are not loaded."""
    try:
        catalog = list(Catalog(*folders))
    except CardError as error:
        return [problem(SUBJECT, str(error), "Mend the card.")]
    if not catalog:
        return [
            problem(
                SUBJECT,
                f"there is no card in {' or '.join(map(str, folders))}",
                "Set CROPSHIELD_CARDS.",
            )
        ]
    return [_check(card, device, quick=quick) for card in catalog]


def _check(card: Card, device: str, *, quick: bool) -> Finding:
    try:
        card.verify()
        classes = len(card.class_names)
    except CardError as error:
        return problem(SUBJECT, str(error), _TRAIN)
    described = f"{card.id} {card.version}, {classes} classes, weights as its card says"
    return ok(SUBJECT, described) if quick else _try(card, device, described)


def _try(card: Card, device: str, described: str) -> Finding:
    """Load the model and explain a grey picture, as a worker does when it starts."""
    try:
        from engine.explainer import Explainer
        from engine.runtimes.select import check_model
    except ImportError as error:
        advice = "Fine for an API; a worker needs: pip install 'cropshield[cpu]', or [worker]."
        return warning(SUBJECT, f"{described}; not tried: {error}", advice)
    start = perf_counter()
    try:
        place = None if device == "auto" else device
        check_model(card, place, "auto")
        explainer = Explainer.load(card, place)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was asked for
        return problem(SUBJECT, f"{card.id} does not load: {error}", "Mend the card or its files.")
    seconds = perf_counter() - start
    return ok(SUBJECT, f"{described}; loads in {seconds:.1f} s on {explainer.device}")
