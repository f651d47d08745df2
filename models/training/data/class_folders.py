"""Which folders are classes, and which files beside their photos are ignored."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.card_errors import CardError
from pictures.photo_files import PhotoFiles, is_hidden, passed_over, photo_files, printable


@dataclass(frozen=True)
class ClassFolder:
    """`name`: of the class, in composed letters (NFC), as in class lists, however the file system
    spells it."""

    name: str
    files: PhotoFiles


def class_folders(root: Path) -> list[ClassFolder]:
    """The folders of `root` by class name, also those without photos; not those of systems and
    editors.

    Raises FileNotFoundError where none has a photo, CardError for a name that is not UTF-8.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {printable(root)}")
    folders = [path for path in root.iterdir() if path.is_dir() and not is_hidden(path.name)]
    found = [ClassFolder(_class_name(path), photo_files(path)) for path in folders]
    if not any(folder.files.paths for folder in found):
        raise FileNotFoundError(_nothing(root))
    return sorted(found, key=lambda folder: (folder.name, folder.files.paths))


def notes_on(root: Path, found: Sequence[ClassFolder]) -> list[str]:
    """Sentences about the files that were ignored."""
    empty = [folder.name for folder in found if not folder.files.paths]
    others = [path for folder in found for path in folder.files.others]
    loose = len(_loose_photos(root))
    notes = [
        f"no photos in {', '.join(empty)}" if empty else "",
        f"photos that lie in no folder of a class were passed over: {loose:,}" if loose else "",
        passed_over(others),
    ]
    return [f"{printable(root)}: {note}" for note in notes if note]


def _class_name(folder: Path) -> str:
    try:
        folder.name.encode()
    except UnicodeEncodeError as error:
        message = f"the name of {printable(folder)} is not UTF-8, so it can be no class; rename it"
        raise CardError(message) from error
    return unicodedata.normalize("NFC", folder.name)


def _loose_photos(root: Path) -> list[Path]:
    return photo_files(root, deep=False).paths


def _nothing(root: Path) -> str:
    if loose := len(_loose_photos(root)):
        return f"{loose:,} photos of {printable(root)} lie in no folder of a class: Crop__disease/"
    return f"there are no photos in folders of {printable(root)}, one folder a class"
