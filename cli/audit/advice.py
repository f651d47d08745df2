"""What to look at first, in sentences; each filters the page's gallery with a click."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cli.audit.findings import DUPLICATE, LABEL, MISTAKE, Findings
from cli.audit.photos import AuditedPhoto
from engine.diagnostics import WARNINGS
from models.labels import class_title

_CERTAIN, _GAP, _HABIT = 0.9, 0.03, 3


class Advice(NamedTuple):
    """`only`: the filter of the gallery."""

    sentence: str
    only: dict[str, Any]


def advice(found: Findings) -> list[Advice]:
    topics = (_about_mistakes, _about_trust, _about_labels, _about_heat)
    return [one for about in topics for one in about(found)]


def _about_mistakes(found: Findings) -> Iterator[Advice]:
    wrong = [photo for photo in found.photos if not photo.is_right]
    if not wrong:
        return
    certain = sum(photo.confidence >= _CERTAIN for photo in wrong)
    yield Advice(
        f"{_many(len(wrong), 'photo')} of {len(found.photos):,} "
        f"{'is' if len(wrong) == 1 else 'are'} taken for another class than labelled; the model is "
        f"more than {_CERTAIN:.0%} certain of {certain:,} of them.",
        {"reason": MISTAKE, "sort": "most certain first"},
    )
    truth, predicted, count = found.confusions[0]
    total = sum(found.figures.confusion[truth])
    yield Advice(
        f"The most frequent mix-up: {class_title(found.names[truth])} taken for "
        f"{class_title(found.names[predicted])}, {count:,} of {total:,} photos.",
        {"truth": found.names[truth], "said": found.names[predicted]},
    )
    weakest = min(found.classes, key=lambda one: one.figures.recall)
    yield Advice(
        f"The weakest class: {class_title(found.names[weakest.index])}, "
        f"{weakest.figures.recall:.0%} of {_many(weakest.figures.support, 'photo')} recognised.",
        {"reason": MISTAKE, "name": found.names[weakest.index]},
    )


def _about_trust(found: Findings) -> Iterator[Advice]:
    sure = sum(photo.confidence for photo in found.photos) / len(found.photos)
    right = found.figures.accuracy
    if abs(sure - right) > _GAP:
        yield Advice(
            f"On average it is {sure:.0%} certain and {right:.0%} right: it "
            f"{'promises too much' if sure > right else 'is better than it says'}.",
            {"sort": "most certain first" if sure > right else "least certain first"},
        )


def _about_labels(found: Findings) -> Iterator[Advice]:
    if count := len(found.label_errors):
        yield Advice(
            f"{_many(count, 'label')} may be wrong: the model is as sure of another class as it "
            "usually is of that class's own photos.",
            {"reason": LABEL},
        )
    if found.duplicates:
        photos = sum(map(len, found.duplicates))
        mixed = sum(
            len({found.photos[index].label for index in group}) > 1 for group in found.duplicates
        )
        yield Advice(
            f"{photos:,} photos are nearly the same as another one, in "
            f"{_many(len(found.duplicates), 'group')}; {mixed:,} with different labels.",
            {"reason": DUPLICATE},
        )


def _about_heat(found: Findings) -> Iterator[Advice]:
    for warning, count in found.warned.most_common():
        own = [one for one in found.photos if warning in one.warnings]
        wrong = sum(not photo.is_right for photo in own) / len(own)
        overall = 1 - found.figures.accuracy
        label = WARNINGS[warning].label
        yield Advice(
            f"{label.capitalize()} in {_many(count, 'photo')}{_mostly(found, own)}; "
            f"{wrong:.0%} of them are mistakes, {overall:.0%} of all photos are.",
            {"reason": label},
        )


def _mostly(found: Findings, photos: Sequence[AuditedPhoto]) -> str:
    """Names the class that at least half of these photos are taken for; else ""."""
    ((predicted, count),) = Counter(photo.predicted for photo in photos).most_common(1)
    if count < max(_HABIT, len(photos) / 2):
        return ""
    return f", {count:,} of them taken for {class_title(found.names[predicted])}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
