"""What people need to know about the classes of a model. Never imports torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from languages.translator import Translator
from models.card_errors import InvalidCard, did_you_mean
from models.cards.toml_files import fault, read_toml

FILE_NAME = "descriptions.toml"
"""The end of the name of every such file, by which it is told from a card."""

Kind = Literal[
    "fungus",
    "oomycete",
    "bacterium",
    "phytoplasma",
    "virus",
    "viroid",
    "nematode",
    "mite",
    "insect",
]


def _one_line(text: object) -> object:
    """Lines may be broken anywhere in the file."""
    return " ".join(text.split()) if isinstance(text, str) else text


Text = Annotated[str, Field(min_length=1, max_length=800), BeforeValidator(_one_line)]


class Part(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cause(Part):
    """What makes the plant ill. `other_names`: other scientific names that are met."""

    kind: Kind
    name: Text
    other_names: tuple[Text, ...] = ()
    eppo_code: Annotated[str, Field(pattern="^[0-9A-Z]{5,6}$")] | None = None


class Lookalike(Part):
    """What a class is confused with, and how to tell. `class_name`: where the model knows it."""

    name: Text
    difference: Text
    class_name: str | None = None


class Source(Part):
    """Where the facts can be read."""

    publisher: Text
    title: Text
    url: Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$")]


class ClassDescription(Part):
    """A class in plain words. `causes`: none for a healthy plant."""

    common_names: Annotated[tuple[Text, ...], Field(min_length=1)]
    causes: tuple[Cause, ...] = ()
    symptoms: Text
    expected_heat: Text
    lookalikes: tuple[Lookalike, ...] = ()
    next_steps: Text
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


_FILE = TypeAdapter(dict[str, ClassDescription])
_PARTS = (ClassDescription, Cause, Lookalike, Source)
_SENTENCES = ("symptoms", "expected_heat", "next_steps")
_KEYS = {key for part in _PARTS for key in part.model_fields}


def read_descriptions(path: Path, class_names: Sequence[str]) -> Mapping[str, ClassDescription]:
    """The descriptions of a file by class name, in the order of `class_names`; a class may have
    none.

    Raises CardError that names the file, the line and the key: of a value that is wrong, and of a
    class that is not among `class_names`.
    """
    try:
        found = _FILE.validate_python(read_toml(path, "class descriptions"))
    except ValidationError as error:
        raise InvalidCard(path, *(fault(wrong, _KEYS) for wrong in error.errors())) from error
    if unknown := _unknown(found, class_names):
        raise InvalidCard(path, *unknown)
    return {name: found[name] for name in class_names if name in found}


def in_language(description: ClassDescription, translated: Translator) -> ClassDescription:
    """What people read of it translated; scientific names and sources stay as they are."""
    say = translated.text
    others = (
        other.model_copy(update={"name": say(other.name), "difference": say(other.difference)})
        for other in description.lookalikes
    )
    update = {name: say(getattr(description, name)) for name in _SENTENCES}
    names = tuple(map(say, description.common_names))
    return description.model_copy(
        update=update | {"common_names": names, "lookalikes": tuple(others)}
    )


def _unknown(
    found: Mapping[str, ClassDescription], class_names: Sequence[str]
) -> list[tuple[str, str]]:
    """Every class that the model does not have, with its key."""
    named = [(name, name) for name in found]
    for name, description in found.items():
        others = (other.class_name for other in description.lookalikes)
        named += [(f"{name}.lookalikes", other) for other in others if other is not None]
    return [
        (key, f"the model has no class {name!r}{did_you_mean(name, class_names)}")
        for key, name in named
        if name not in class_names
    ]
