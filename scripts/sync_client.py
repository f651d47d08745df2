"""Write what waits out of what is to be awaited, `sync.py` of `aio.py` and `outbox_sync.py` of
`outbox_aio.py`: `python -m scripts.sync_client`. A test compares them."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "client/cropshield_client"
SYNC_FILES = {"aio.py": "sync.py", "outbox_aio.py": "outbox_sync.py"}
_REPLACEMENTS = {
    r"to be awaited\. (`.*`) makes .*": r'that waits. Made of `NAME` by \1."""',
    r"await asyncio\.to_thread\((\S+), ": r"\1(",
    r"await asyncio\.to_thread\((\S+)\)": r"\1()",
    r"\basync |\bawait ": "",
    r"\bimport asyncio\n(?!(.|\n)*asyncio)": "",
    r"\basyncio\b": "time",
    r"for (\w+) in (\S+):\n +yield \1\n": r"yield from \2\n",
    r"AsyncIterator, Iterable": "Iterable, Iterator",
    r"AsyncIterator": "Iterator",
    r"Async(CropShield|Client|Outbox)": r"\1",
    r"(from \S+)\.aio( import .*\n)((from cropshield_client.*\n)+)": r"\3\1.sync\2",
    r"\ba(close|read|iter_body|iter_bytes)\b": r"\1",
    r"__a(enter|exit)__": r"__\1__",
}


def sync_source(name: str) -> str:
    """What the file has to be that is made of `name`."""
    source = (FOLDER / name).read_text("utf-8")
    for pattern, replacement in _REPLACEMENTS.items():
        source = re.sub(pattern, replacement.replace("NAME", name), source)
    return source


def main() -> None:
    for name, sync_name in SYNC_FILES.items():
        (FOLDER / sync_name).write_text(sync_source(name), "utf-8")


if __name__ == "__main__":
    main()
