"""What a training run was given, so that a resumed or finished run notices other photos."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.card_errors import CardError
from models.cards.card import file_sha256
from models.cards.recipe import Training
from models.training.data.data_folders import DataFolder
from models.training.data.leaf_folder import LeafFolder


@dataclass(frozen=True)
class RunData:
    """`classes` by index; digests of the photos and labels of all folders (`train` and `val`), of
    the masks of lesions (`outlines`), and of the [training] table (`recipe`)."""

    classes: list[str]
    train: str
    val: str
    recipe: str
    outlines: str

    @classmethod
    def of(
        cls, recipe: Training, folders: Sequence[DataFolder], outlines: Mapping[str, Path]
    ) -> "RunData":
        """`outlines`: by the photos that they belong to."""
        text = recipe.model_dump_json(exclude_defaults=True)
        train, val = (
            _sha256("\n".join(map(_labelled, photos)))
            for photos in zip(*((folder.train, folder.val) for folder in folders), strict=True)
        )
        drawn = (file_sha256(outlines[photo]) for photo in sorted(outlines))
        return cls(folders[0].train.classes, train, val, _sha256(text), _sha256("\n".join(drawn)))

    def refuse_other_classes(self, file: Path) -> None:
        """Raises CardError where the run that `file` tells of was begun with other classes."""
        before = _read(file)
        if before and before.classes != self.classes:
            new = _not_among(before.classes, self.classes)
            gone = _not_among(self.classes, before.classes)
            message = f"it was begun without {new} and with {gone}"
            raise CardError(f"the training in {file.parent} cannot go on: {message}; {_ANEW}")

    def check(self, file: Path, *, done: bool) -> list[str]:
        """Compare with what `file` says of the run. Returns sentences about what has changed, and
        writes the present state to the file.

        Raises CardError where the run is over, so that a change would have no effect.
        """
        before = _read(file)
        changed = _changes(before, self) if before else []
        if changed and done:
            why = " and ".join(changed)
            raise CardError(f"the training in {file.parent} is over, but {why}; {_ANEW}")
        file.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", "utf-8")
        return [f"{one}; it goes on with what is here now" for one in changed]


_ANEW = "to train anew, remove that folder or give another --out"


def _not_among(others: list[str], names: list[str]) -> str:
    """The names that are not among the others, in words."""
    return ", ".join(name for name in names if name not in others) or "any other class"


def _changes(before: RunData, now: RunData) -> list[str]:
    names = {
        "train": "photos or labels of train/ have changed since it began",
        "val": "photos or labels of val/ have changed since it began",
        "recipe": "the recipe has changed since it began",
        "outlines": "outlines of lesions have changed since it began",
    }
    old, new = asdict(before), asdict(now)
    return [message for name, message in names.items() if old[name] != new[name]]


def _labelled(photos: LeafFolder) -> str:
    """A digest that is the same for the same photos under the same classes, whatever the files are
    called."""
    pairs = zip(photos.labels.tolist(), photos.paths, strict=True)
    lines = sorted(f"{photos.classes[label]} {photos.digests[path]}" for label, path in pairs)
    return _sha256("\n".join(lines))


def _read(file: Path) -> RunData | None:
    """None for a run that recorded nothing: a new one, or one of an earlier version."""
    if not file.exists():
        return None
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return RunData(**content)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
