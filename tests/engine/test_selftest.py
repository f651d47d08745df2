"""engine/selftest.py: says what works, and what does not."""

from pathlib import Path

import pytest

from engine import selftest
from models.catalog import Catalog
from tests.engine.networks import network, save_model


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, str]:
    said: list[str] = []
    monkeypatch.setattr(selftest, "Catalog", lambda: Catalog(folder))
    return selftest.selftest(said.append), "".join(said)


def test_a_model_that_works_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(tmp_path, network())
    good, said = run(tmp_path, monkeypatch)
    assert good
    assert "tiny: Crop__disease_" in said
    assert "equal to autograd's" in said


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(tmp_path, network()).weights_path.unlink()
    good, said = run(tmp_path, monkeypatch)
    assert not good
    assert "tiny.pth is missing" in said
