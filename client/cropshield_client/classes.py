"""What the server says of a class. Members that this version does not know stay in `raw`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Cause:
    """What makes a plant ill: a `kind` ("fungus") with its scientific `name`."""

    kind: str
    name: str
    other_names: list[str] = field(default_factory=list)
    eppo_code: str | None = None


@dataclass(frozen=True)
class Lookalike:
    """What a class is confused with, and how to tell. `class_name`: where the model knows it."""

    name: str
    difference: str
    class_name: str | None = None


@dataclass(frozen=True)
class Source:
    """Where the facts can be read."""

    publisher: str
    title: str
    url: str


@dataclass(frozen=True)
class ClassDescription:
    """A class in plain words: general knowledge, not a diagnosis of a photo. `title`: its name in
    words, in the client's language."""

    class_name: str
    title: str = ""
    common_names: list[str] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    symptoms: str = ""
    expected_heat: str = ""
    lookalikes: list[Lookalike] = field(default_factory=list)
    next_steps: str = ""
    sources: list[Source] = field(default_factory=list)
    crop: str = ""
    disease: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
