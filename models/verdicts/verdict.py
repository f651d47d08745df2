"""Whether an answer may be relied on: the verdicts, what each says, and the rule."""

from typing import Literal, NamedTuple

import numpy as np

from models.cards.calibration import Thresholds
from models.cards.card import Card
from models.verdicts.confidence import Array, confidences, temperatures_of
from models.verdicts.prototypes import Prototypes, read_prototypes, unit_length

Verdict = Literal["confident", "low_margin", "unknown", "not_a_leaf"]
DEFAULT_MARGIN = 0.2
"""The margin threshold of models that were never calibrated."""


class VerdictText(NamedTuple):
    """What a verdict says, wherever people read it.

    `label`: a mark on a photo of a report, "" for none. `finding`: what the model found, for a
    legend. `advice`: what to do with the answer; "{conditions}" stands for how many the model
    knows. `is_reliable`: the answer may be used. `is_familiar`: the photo is like those that the
    model learnt from.
    """

    label: str
    finding: str
    advice: str
    is_reliable: bool
    is_familiar: bool


VERDICTS: dict[Verdict, VerdictText] = {
    "confident": VerdictText(
        "", "one class stands out", "Use it as one opinion.", is_reliable=True, is_familiar=True
    ),
    "low_margin": VerdictText(
        "close call",
        "the second class is close behind the first",
        "This is a guess. Look at the second answer too.",
        is_reliable=False,
        is_familiar=True,
    ),
    "unknown": VerdictText(
        "nothing fits",
        "nothing that the model knows fits this photo well",
        "This photo looks like none of {conditions}. Do not use the answer.",
        is_reliable=False,
        is_familiar=False,
    ),
    "not_a_leaf": VerdictText(
        "no leaf",
        "this does not look like a leaf that the model knows",
        "This may not be a leaf: the photo looks like none of {conditions}. Do not use the answer.",
        is_reliable=False,
        is_familiar=False,
    ),
}
"""The page has a copy (web/playground/messages.js); a test compares them."""


class ConditionsText(NamedTuple):
    """What stands for "{conditions}": `known` where nobody can tell how many there are."""

    known: str
    one: str
    many: str


CONDITIONS = ConditionsText(
    "the conditions that the model knows",
    "the one condition that the model knows",
    "the {count} conditions that the model knows",
)
QUESTION = "{title}?"
"""The name of a class that is not to be relied on."""


def verdict_of(score: float | None, margin: float, thresholds: Thresholds | None) -> Verdict:
    """The verdict on one photo.

    score: `Prototypes.similarity`. margin: by how much the best confidence exceeds the second.
    Without thresholds, or a score, only the margin counts.
    """
    if thresholds is None or score is None:
        return "low_margin" if margin < DEFAULT_MARGIN else "confident"
    if score < thresholds.not_a_leaf:
        return "not_a_leaf"
    if score < thresholds.unknown:
        return "unknown"
    return "low_margin" if margin < thresholds.margin else "confident"


def top_two_margins(confidence: Array) -> Array:
    """The best confidence minus the second best, (N, classes) -> (N,) in [0, 1].

    The second best of a model with a single class is 0.
    """
    rising = np.sort(confidence, axis=1)
    margins: Array = rising[:, -1] - (rising[:, -2] if rising.shape[1] > 1 else np.float32(0))
    return margins


class CalibratedAnswers(NamedTuple):
    """Of N photos: `confidences` float32 (N, classes), in [0, 1]; `scores`, None where the card has
    no [doubt] table; `verdicts`."""

    confidences: Array
    scores: list[float | None]
    verdicts: list[Verdict]


class Calibrator:
    """What a model's outputs are worth, by its card's [doubt] table and the class means that it
    names.

    Raises CardError for means that are missing or not those of the card.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._prototypes = read_prototypes(card) if card.doubt else None

    def __call__(self, logits: Array, pooled: Array) -> CalibratedAnswers:
        """Confidences, score and verdict of each photo.

        logits: (N, classes); pooled: the mean of each of the target layer's maps, (N, K). Raises
        CardError where the prototypes have other channels.
        """
        if (doubt := self._card.doubt) is None or self._prototypes is None:
            shares = confidences(logits)
            margins = top_two_margins(shares).tolist()
            verdicts = [verdict_of(None, margin, None) for margin in margins]
            return CalibratedAnswers(shares, [None] * len(shares), verdicts)
        scores = self._scores(pooled, self._prototypes)
        shares = confidences(logits, temperatures_of(logits, scores, doubt.temperatures))
        pairs = zip(scores.tolist(), top_two_margins(shares).tolist(), strict=True)
        verdicts = [verdict_of(score, margin, doubt.thresholds) for score, margin in pairs]
        return CalibratedAnswers(shares, scores.tolist(), verdicts)

    def _scores(self, pooled: Array, prototypes: Prototypes) -> Array:
        needed, had = pooled.shape[1], len(prototypes.centre)
        if needed != had:
            message = f"{had} channels, but {self._card.target_layer} has {needed}"
            raise self._card.wrong("doubt.means", f"{message}; run cropshield calibrate")
        return prototypes.similarity(unit_length(pooled))
