"""Files of a training run, which a kill never leaves half written."""

import csv
from pathlib import Path
from typing import Any

import torch


def write_atomically(path: Path, content: object) -> None:
    """torch.save that leaves the old file whole if the process dies in the middle."""
    part = path.with_name(path.name + ".part")
    torch.save(content, part)
    part.replace(path)


def append_row(file: Path, row: dict[str, Any]) -> None:
    """Append a line to a CSV file; write the column names first when it is new."""
    new = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
