"""Text files as editors write them. Never imports torch."""

import codecs
from pathlib import Path

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_text(path: Path) -> str:
    """A text file in UTF-8, with a byte order mark or without, or in UTF-16 with one. Raises
    ValueError for another encoding, OSError for a file that cannot be read."""
    data = path.read_bytes()
    encoding = next((name for mark, name in _BOMS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        byte = f"byte 0x{data[error.start]:02x} at {error.start}"
        raise ValueError(f"is not UTF-8: {byte}; save it as UTF-8") from error
