"""The cards, for people and for programs."""

import sys
import textwrap

from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from cli.cards.describe import one_line
from cli.cards.served import served_card, served_cards
from languages.offered import ENGLISH
from languages.translator import Translator
from models.cards.card import Card
from models.cards.class_descriptions import in_language
from models.text_files import read_text

_COLUMNS = ("model", "version", "architecture", "classes", "input", "explains", "test", "file")


def list_cards(*, as_json: bool) -> None:
    """Print all cards. Raises CommandError for a card that cannot be read."""
    cards = list(served_cards())
    if as_json:
        content = TypeAdapter(list[Card]).dump_json(cards, indent=2)
        sys.stdout.write(content.decode() + "\n")
        return
    table = Table(*_COLUMNS, box=None, header_style="bold")
    for card in cards:
        table.add_row(*_row(card))
    _print(table)


def show_card(model: str, translated: Translator, *, as_json: bool) -> None:
    """Print one card. Raises CommandError for a model that does not exist."""
    card = served_card(model)
    if as_json:
        sys.stdout.write(_translated(card, translated).model_dump_json(indent=2) + "\n")
        return
    text = read_text(card.path)
    sys.stdout.write(f"# {card.path}\n{text}{_words(card, translated)}{_classes(card, translated)}")


def _translated(card: Card, translated: Translator) -> Card:
    """The card with its title and limits in the language."""
    say = translated.text
    return card.model_copy(update={"title": say(card.title), "limits": say(card.limits)})


def _words(card: Card, translated: Translator) -> str:
    """Title and limits as comments, where the file has them in another language."""
    if translated.language == ENGLISH:
        return ""
    found = _translated(card, translated)
    return "".join(f"\n{_comment(text)}" for text in (found.title, found.limits) if text)


def _comment(text: str) -> str:
    return textwrap.fill(text, 98, initial_indent="# ", subsequent_indent="# ") + "\n"


def _classes(card: Card, translated: Translator) -> str:
    """A line for each class that is described, as a comment: the rest is the card."""
    described = card.class_descriptions.items()
    lines = [f"# {name}: {one_line(in_language(one, translated))}\n" for name, one in described]
    more = f"# More of a class: cropshield models show {card.id} --class NAME\n"
    return "".join(["\n", *lines, more]) if lines else ""


def _row(card: Card) -> tuple[str, ...]:
    test = card.metrics.get("test", {}).get("accuracy")
    return (
        card.id,
        card.version,
        card.architecture,
        str(len(card.class_names)),
        f"{card.preprocessing.size} px",
        card.target_layer,
        "" if test is None else f"{test:.2%}",
        str(card.weights_path),
    )


def _print(table: Table) -> None:
    """Print a table: as wide as it needs to be where the output is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=400)
    console.print(table)
