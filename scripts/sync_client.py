"""Write the client that waits, `sync.py`, out of the one to be awaited, `aio.py`:
`python -m scripts.sync_client`. A test compares the two."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "client/cropshield_client"
_REPLACEMENTS = {
    r'^""".*': '"""The client that waits. Made of `aio.py` by `python -m scripts.sync_client`."""',
    r"await asyncio\.to_thread\((\S+), ": r"\1(",
    r"\basync |\bawait ": "",
    r"\basyncio\b": "time",
    r"for (\w+) in (\S+):\n +yield \1\n": r"yield from \2\n",
    r"AsyncIterator, Iterable": "Iterable, Iterator",
    r"AsyncIterator": "Iterator",
    r"Async(CropShield|Client)": r"\1",
    r"\ba(close|read|iter_body)\b": r"\1",
    r"__a(enter|exit)__": r"__\1__",
}


def sync_source() -> str:
    """What `sync.py` has to be."""
    source = (FOLDER / "aio.py").read_text("utf-8")
    for pattern, replacement in _REPLACEMENTS.items():
        source = re.sub(pattern, replacement, source)
    return source


def main() -> None:
    (FOLDER / "sync.py").write_text(sync_source(), "utf-8")


if __name__ == "__main__":
    main()
