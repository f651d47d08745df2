"""What tests need beside Python."""

import pytest

from tests import programs


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any of the programs, and nobody who may install them."""
    monkeypatch.setattr(programs, "_PLACES", "/nonexistent")
    monkeypatch.setattr("os.geteuid", lambda: 1000)


@pytest.mark.usefixtures("bare")
def test_on_ci_a_program_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="chromium"):
        programs.main()


@pytest.mark.usefixtures("bare")
def test_elsewhere_a_missing_program_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    programs.main()
    assert "skipped: chromium" in capsys.readouterr().out
