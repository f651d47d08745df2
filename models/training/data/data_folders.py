"""The folders that a model is trained on, such as one of the laboratory and one of the field."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.card_errors import CardError
from models.training.data.leaf_folder import LeafFolder


@dataclass(frozen=True)
class DataFolder:
    """`root`/train and `root`/val. `name` is that of `root`; no two folders of a run share one."""

    root: Path
    name: str
    train: LeafFolder
    val: LeafFolder


def open_data_folders(roots: Sequence[Path]) -> list[DataFolder]:
    """The folders, with class numbers over all of them in alphabetical order.

    Raises FileNotFoundError without photos; CardError for two folders of one name, and for a class
    in some val/ that no train/ has.
    """
    names = [root.resolve().name for root in roots]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise CardError(f"two folders of photos are called {twice[0]}; rename one")
    classes = sorted({name for root in roots for name in LeafFolder(root / "train").classes})
    return [
        DataFolder(
            root, name, LeafFolder(root / "train", classes), LeafFolder(root / "val", classes)
        )
        for root, name in zip(roots, names, strict=True)
    ]
