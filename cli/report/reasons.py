"""Why a photo is worth a look, in words for people who read a report."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.diagnostics import WARNINGS
from languages.translator import Translator
from models.verdicts.verdict import VERDICTS

VERDICT_LABELS = [text.label for text in VERDICTS.values() if text.label]
WARNING_LABELS = [text.label for text in WARNINGS.values()]

SAID, LABEL = ROLES = "said", "label"
"""What the two maps of a mistake are of: the predicted class, and the label."""


class Reason(NamedTuple):
    """What a reason means. `style`: the class of its mark in `style.css`, "" for the usual one."""

    meaning: str
    style: str = ""


LEGEND = {
    "mistake": Reason("the prediction is not the label", "bad"),
    "label?": Reason(
        "the model is as sure of another class as it usually is of that class's own photos: "
        "check the label first",
        "bad",
    ),
    **{
        text.label: Reason(text.finding, "" if text.is_familiar else "bad")
        for text in reversed(VERDICTS.values())
        if text.label
    },
    **{text.label: Reason(text.meaning) for text in WARNINGS.values()},
    "near duplicate": Reason("nearly the same as another photo"),
    "odd": Reason(
        "of the photos rightly recognised, the heat is least like that of its class", "plain"
    ),
    "typical": Reason(
        "of the photos rightly recognised, the heat is most like that of its class", "plain"
    ),
}


def meaning_of(photos: Sequence[dict[str, Any]], translated: Translator) -> list[tuple[str, str]]:
    """The reasons that some photo of a gallery has, each with what it means."""
    met = {reason for photo in photos for reason in photo["reasons"]}
    say = translated.text
    return [(say(name), say(reason.meaning)) for name, reason in LEGEND.items() if name in met]
