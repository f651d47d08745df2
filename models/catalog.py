"""The cards of folders, by id. Never imports torch."""

from collections.abc import Iterator
from pathlib import Path

from models.card_errors import CardError
from models.cards.card import Card, read_card
from models.cards.class_descriptions import FILE_NAME

CARDS = Path(__file__).parent / "cards"


class UnknownModel(CardError):
    """No card has this id."""

    def __init__(self, model: str, known: list[str]) -> None:
        super().__init__(f"unknown model {model!r}; known are {', '.join(known) or 'none'}")


class Catalog:
    """The cards of one or several folders, by id; by default those of the project."""

    def __init__(self, *folders: Path) -> None:
        """A folder that does not exist has no cards. Raises CardError, also for wrong descriptions
        of classes."""
        self.folders = folders or (CARDS,)
        self._cards: dict[str, Card] = {}
        self._described: dict[str, frozenset[str]] = {}
        wrong: list[CardError] = []
        for path in (path for folder in self.folders for path in _card_files(folder)):
            try:
                self._add(read_card(path))
            except CardError as error:
                wrong.append(error)
        if wrong:
            raise CardError("\n".join(map(str, wrong)))

    def _add(self, card: Card) -> None:
        other = self._cards.setdefault(card.id, card)
        if other is not card:
            raise card.wrong("id", f"{card.id!r} is the id of {other.path} too")
        self._described[card.id] = frozenset(card.class_descriptions)

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards.values())

    def __getitem__(self, model: str) -> Card:
        """Raises UnknownModel."""
        if model not in self._cards:
            raise UnknownModel(model, sorted(self._cards))
        return self._cards[model]

    def get(self, model: str) -> Card | None:
        """None where no card has this id."""
        return self._cards.get(model)

    def describes(self, model: str, class_name: str) -> bool:
        """Whether there is a description of the class; there is none of an unknown model's."""
        return class_name in self._described.get(model, ())

    def of_weights(self, weights: Path) -> Card | None:
        """The card of this weight file, if there is one."""
        path = weights.resolve()
        return next((card for card in self if card.weights_path == path), None)


def _card_files(folder: Path) -> list[Path]:
    """Sorted. Descriptions of classes may stand beside the cards."""
    return sorted(path for path in folder.glob("*.toml") if not path.name.endswith(FILE_NAME))
