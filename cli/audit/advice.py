"""What to look at first, in sentences; each filters the page's gallery with a click."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cli.audit.findings import DUPLICATE, LABEL, MISTAKE, Findings
from cli.audit.photos import AuditedPhoto
from engine.diagnostics import WARNINGS
from languages.translator import IN_ENGLISH, Translator
from models.cards.class_names import class_title

_CERTAIN, _GAP, _HABIT = 0.9, 0.03, 3


class Advice(NamedTuple):
    """`only`: the filter of the gallery."""

    sentence: str
    only: dict[str, Any]


def advice(found: Findings, translated: Translator = IN_ENGLISH) -> list[Advice]:
    topics = (_about_mistakes, _about_trust, _about_labels, _about_duplicates, _about_heat)
    return [one for about in topics for one in about(found, translated)]


def _about_mistakes(found: Findings, say: Translator) -> Iterator[Advice]:
    if all(photo.is_right for photo in found.photos):
        return
    yield _mistakes(found, say)
    yield _most_frequent_mix_up(found, say)
    yield _weakest_class(found, say)


def _mistakes(found: Findings, say: Translator) -> Advice:
    wrong = [photo for photo in found.photos if not photo.is_right]
    text = say.plural(
        "{count} photo of {total} is taken for another class than labelled; more than "
        "{percent} certain: {certain}.",
        "{count} photos of {total} are taken for another class than labelled; more than "
        "{percent} certain: {certain}.",
        len(wrong),
        total=say.number(len(found.photos)),
        percent=say.percent(_CERTAIN),
        certain=say.number(sum(photo.confidence >= _CERTAIN for photo in wrong)),
    )
    return Advice(text, {"reason": MISTAKE, "sort": "most certain first"})


def _most_frequent_mix_up(found: Findings, say: Translator) -> Advice:
    truth, predicted, count = found.confusions[0]
    text = say.text(
        "The most frequent mix-up: {label} taken for {predicted}, {count} of {total} photos.",
        label=_title(found, truth, say),
        predicted=_title(found, predicted, say),
        count=say.number(count),
        total=say.number(sum(found.figures.confusion[truth])),
    )
    return Advice(text, {"truth": found.names[truth], "said": found.names[predicted]})


def _weakest_class(found: Findings, say: Translator) -> Advice:
    weakest = min(found.classes, key=lambda one: one.figures.recall)
    text = say.plural(
        "The weakest class: {title}, {percent} of {count} photo recognised.",
        "The weakest class: {title}, {percent} of {count} photos recognised.",
        weakest.figures.support,
        title=_title(found, weakest.index, say),
        percent=say.percent(weakest.figures.recall),
    )
    return Advice(text, {"reason": MISTAKE, "name": found.names[weakest.index]})


def _about_trust(found: Findings, say: Translator) -> Iterator[Advice]:
    sure = sum(photo.confidence for photo in found.photos) / len(found.photos)
    right = found.figures.accuracy
    values = {"sure": say.percent(sure), "right": say.percent(right)}
    if sure - right > _GAP:
        told = say.text(
            "On average it is {sure} certain and {right} right: it promises too much.", **values
        )
        yield Advice(told, {"sort": "most certain first"})
    elif right - sure > _GAP:
        told = say.text(
            "On average it is {sure} certain and {right} right: it is better than it says.",
            **values,
        )
        yield Advice(told, {"sort": "least certain first"})


def _about_labels(found: Findings, say: Translator) -> Iterator[Advice]:
    if not (count := len(found.label_errors)):
        return
    yield Advice(
        say.plural(
            "{count} label may be wrong: the model is as sure of another class as it usually "
            "is of that class's own photos.",
            "{count} labels may be wrong: the model is as sure of another class as it usually "
            "is of that class's own photos.",
            count,
        ),
        {"reason": LABEL},
    )


def _about_duplicates(found: Findings, say: Translator) -> Iterator[Advice]:
    if not found.duplicates:
        return
    mixed = sum(
        len({found.photos[index].label for index in group}) > 1 for group in found.duplicates
    )
    yield Advice(
        say.plural(
            "{photos} photos are nearly the same as another one, in {count} group; "
            "{mixed} with different labels.",
            "{photos} photos are nearly the same as another one, in {count} groups; "
            "{mixed} with different labels.",
            len(found.duplicates),
            photos=say.number(sum(map(len, found.duplicates))),
            mixed=say.number(mixed),
        ),
        {"reason": DUPLICATE},
    )


def _about_heat(found: Findings, say: Translator) -> Iterator[Advice]:
    for warning, count in found.warned.most_common():
        own = [one for one in found.photos if warning in one.warnings]
        wrong = sum(not photo.is_right for photo in own) / len(own)
        label = WARNINGS[warning].label
        yield Advice(
            say.plural(
                "{count} photo with {warning}{mostly}; mistakes among them: {wrong}, among all "
                "photos: {overall}.",
                "{count} photos with {warning}{mostly}; mistakes among them: {wrong}, among all "
                "photos: {overall}.",
                count,
                warning=say.text(label),
                mostly=_mostly(found, own, say),
                wrong=say.percent(wrong),
                overall=say.percent(1 - found.figures.accuracy),
            ),
            {"reason": label},
        )


def _mostly(found: Findings, photos: Sequence[AuditedPhoto], say: Translator) -> str:
    """Names the class that at least half of these photos are taken for; else ""."""
    ((predicted, count),) = Counter(photo.predicted for photo in photos).most_common(1)
    if count < max(_HABIT, len(photos) / 2):
        return ""
    title = _title(found, predicted, say)
    return say.text(", {count} of them taken for {title}", count=say.number(count), title=title)


def _title(found: Findings, index: int, say: Translator) -> str:
    return say.text(class_title(found.names[index]))
