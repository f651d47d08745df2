"""What the classes of a report are."""

from collections.abc import Iterable, Mapping
from typing import Any

from languages.translator import Translator
from models.cards.class_names import class_title

Descriptions = Mapping[str, Any]
"""By class name: those of a card, or of a server's client; both have the same attributes."""


def described(
    names: Iterable[str], descriptions: Descriptions, translated: Translator
) -> list[tuple[str, Any]]:
    """The title and the description of each class that has one."""
    return [
        (translated.text(class_title(name)), descriptions[name])
        for name in names
        if name in descriptions
    ]
