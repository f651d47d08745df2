"""`cropshield models export`: graphs that workers on a CPU run without torch."""

import hashlib
import importlib.util
import sys
from collections.abc import Sequence

from cli.cards.edit import update_card
from cli.cards.served import served_card, served_cards
from cli.errors import CommandError
from engine.errors import EngineError
from models.card_errors import CardError
from models.cards.card import Card


def export_cards(models: Sequence[str]) -> None:
    """Export the graphs of these models, or of all, each beside its weights, and name it on its
    card.

    Raises CommandError for an unknown model, or one whose graph disagrees with torch.
    """
    if importlib.util.find_spec("onnx") is None:
        raise CommandError("this needs onnx: pip install 'cropshield[export]'")
    for card in [served_card(model) for model in models] or list(served_cards()):
        try:
            export_card(card)
        except (CardError, EngineError, OSError) as error:
            raise CommandError(str(error)) from error


def export_card(card: Card) -> None:
    """Write the file first, then the table that names it."""
    from engine.runtimes.onnx_export import export_onnx

    content, file = export_onnx(card), card.weights_path.with_suffix(".onnx")
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    part.replace(file)
    table = {
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "weights_sha256": card.sha256,
        "target_layer": card.target_layer,
        "size": card.preprocessing.size,
    }
    update_card(card.path, table, "graph")
    sys.stdout.write(f"{card.id}: {file}, {len(content):,} bytes; the same as torch within 1e-4\n")
