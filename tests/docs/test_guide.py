"""Every block of the guide runs, and gives what the page shows."""

import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine import diagnostics, loading
from engine.selftest import selftest
from tests.docs.guide import GUIDE, pictures, run, same
from tests.docs.pages import ROOT, blocks, rows

_MOST_BYTES = 60_000


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_every_block_gives_what_the_page_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)  # as the pages say
    monkeypatch.setattr(loading, "_loaded", {})
    for step, said in run(page):
        advice = (
            f"{page.name}, line {step.line}: if this is right, run python -m scripts.refresh_docs"
        )
        assert same(step.shown, said), f"{advice}\n{said}"
    for picture in pictures(page):
        with Image.open(picture) as shown, Image.open(tmp_path / picture.name) as made:
            assert shown.size == made.size, f"{picture.name}: run python -m scripts.refresh_docs"
        assert picture.stat().st_size < _MOST_BYTES


def test_figures_may_move_a_little_and_words_not_at_all() -> None:
    assert same("rust: 89%, focus 0.24\n", "rust: 91%, focus 0.27\n")
    assert not same("rust: 89%", "rust: 80%")
    assert not same("focus 0.24", "focus 0.34")
    assert not same("shape (3, 14, 14)", "shape (3, 7, 7)")
    assert not same("rust: 89%", "scab: 89%")


def test_every_warning_stands_there_with_its_limit_and_its_sentence() -> None:
    table = rows("docs/guide/meaning.md", "Warnings")
    assert set(table) == set(diagnostics.WARNINGS)
    for name, (fires, _, sentence) in table.items():
        assert sentence == diagnostics.WARNINGS[name].sentence
        limit = getattr(diagnostics, f"_{name.upper()}")
        assert re.findall(r"\d\.\d+", fires) == [str(limit)]


def test_the_selftest_says_what_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    said: list[str] = []
    assert selftest(said.append)
    shown, *_ = blocks(ROOT / "docs/guide/start.md", "text")
    assert _words(shown).startswith(_words("".join(said)))


def _words(text: str) -> str:
    """Without figures, whatever the model runs in, and what it takes a drawn leaf for."""
    text = re.sub(r"[A-Z]\w+__\w+", "Crop__disease", text)
    return re.sub(r"\d[\w.,+-]*", "#", text).replace("torch runtime", "graph runtime")
