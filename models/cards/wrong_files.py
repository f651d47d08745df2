"""Files that are something else than their name says. Never imports torch."""

from pathlib import Path

_STARTS = {
    b"version https://git-lfs.github.com/spec/": (
        "is a Git LFS pointer, not the file itself; `git lfs pull` fetches that"
    ),
    b"<!doctype html": "is a web page, not the file itself; download that",
    b"<html": "is a web page, not the file itself; download that",
    b"\x89hdf\r\n": "is an HDF5 file, as Keras writes it, not one of PyTorch",
}


def mistaken_for(path: Path) -> str:
    """What the file evidently is instead, as the rest of a sentence; "" where nothing is evident.

    Raises OSError where it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(256).lower()
    if not start:
        return "is empty (0 bytes)"
    kinds = (kind for mark, kind in _STARTS.items() if start.lstrip().startswith(mark.lower()))
    return next(kinds, "")
