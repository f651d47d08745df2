"""The cards that a server would serve, by its settings."""

from cli.errors import MISSING, CommandError
from cli.settings import read
from jobs.settings import SharedSettings
from models.card_errors import CardError
from models.cards.card import Card
from models.catalog import Catalog


def served_cards() -> Catalog:
    """Raises CommandError that names the line of a wrong card."""
    try:
        return Catalog(*read(SharedSettings).card_folders)
    except CardError as error:
        raise CommandError(str(error)) from error


def served_card(model: str) -> Card:
    """Raises CommandError where there is no such model."""
    try:
        return served_cards()[model]
    except CardError as error:
        raise CommandError(str(error), MISSING) from error
