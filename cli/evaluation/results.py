"""What the three evaluations share: their options, and where a result is written."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.cards.edit import replace_table
from cli.errors import USAGE, CommandError
from cli.photo_notes import unreadable_document
from models.cards.card import Card


@dataclass(frozen=True)
class EvaluateOptions:
    """The photos, and where the result goes. `data`: labelled ones, or those of `lesions`, masks.
    `json`: a file, "-" for the terminal; `record`: a name in [metrics]."""

    data: Path | None = None
    lesions: Path | None = None
    record: str = ""
    json: str = ""
    confusion: Path | None = None
    shortcuts: bool = False

    @property
    def prints(self) -> bool:
        """Whether the figures are shown on the terminal, unless JSON is."""
        return self.json != "-"

    def refuse(self, *names: str, why: str) -> None:
        """Raises CommandError where one of these options is given. why: what the command does."""
        if any(getattr(self, name) for name in names):
            others = " and ".join(f"--{name}" for name in names)
            raise CommandError(f"{why}; leave {others} to another run", USAGE)


def write_result(
    options: EvaluateOptions,
    card: Card,
    content: Mapping[str, Any],
    metrics: dict[str, Any],
    unreadable: Mapping[str, str],
) -> None:
    """Write `content` as JSON, with the model and the photos that could not be read, and record
    `metrics` on the card: each where the options ask for it."""
    model = {"model": card.id, "version": card.version, "weights_sha256": card.sha256}
    document = {**model, **content, "failed": unreadable_document(unreadable)}
    text = json.dumps(document, indent=2) + "\n"
    if options.json == "-":
        sys.stdout.write(text)
    elif options.json:
        Path(options.json).write_text(text, "utf-8")
    if options.record:
        replace_table(card.path, metrics, f"metrics.{options.record}")
