"""Drawn leaves in folders."""

from pathlib import Path

import pytest

from pictures.drawn_leaves.leaves import KINDS, draw_leaf


@pytest.fixture
def leaves(tmp_path: Path) -> Path:
    """A folder with five drawn leaves in two folders."""
    for number, kind in enumerate(KINDS[:5]):
        target = tmp_path / "leaves" / f"farm {number % 2}" / f"{kind}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        draw_leaf(kind, seed=number, size=(320, 240)).photo.save(target, quality=90)
    return tmp_path / "leaves"
