"""Why a photo is worth a look, in words for people who read a report."""

from collections.abc import Sequence
from typing import Any

MEANING = {
    "mistake": "the prediction is not the label",
    "label?": "the model is as sure of another class as it usually is of that class's own photos: "
    "check the label first",
    "no leaf": "this does not look like a leaf that the model knows",
    "nothing fits": "nothing that the model knows fits this photo well",
    "close call": "the second class is close behind the first",
    "heat everywhere": "the map is nearly the same everywhere and names no place",
    "heat scattered": "the map names no clear place",
    "heat on the border": "much of the heat lies along the photo's edge",
    "heat off the leaf": "less than a quarter of the heat lies on the leaf",
    "near duplicate": "nearly the same as another photo",
    "odd": "of the photos rightly recognised, the heat is least like that of its class",
    "typical": "of the photos rightly recognised, the heat is most like that of its class",
}


def meaning_of(cards: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """The reasons that some card has, each with what it means."""
    met = {reason for card in cards for reason in card["reasons"]}
    return [(name, words) for name, words in MEANING.items() if name in met]
