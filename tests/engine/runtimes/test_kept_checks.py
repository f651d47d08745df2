"""engine/runtimes/kept_checks.py: what is found out once, and when again."""

from pathlib import Path

import pytest

from engine.runtimes.kept_checks import kept_outcome


class Check:
    """Says the same each time, and counts how often it is asked."""

    def __init__(self, outcome: str = "") -> None:
        self.outcome, self.calls = outcome, 0

    def __call__(self) -> str:
        self.calls += 1
        return self.outcome


@pytest.mark.parametrize("outcome", ["", "maps 0.03 apart (limit 0.02)"])
def test_an_outcome_is_kept_for_the_next_start(tmp_path: Path, outcome: str) -> None:
    check, folder = Check(outcome), tmp_path / "made when needed"
    assert [kept_outcome(folder, "a model", check) for _ in range(3)] == [outcome] * 3
    assert check.calls == 1
    kept_outcome(folder, "another model", check)
    assert check.calls == 2


def test_what_is_kept_of_other_code_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Check()
    kept_outcome(tmp_path, "a model", check)
    monkeypatch.setattr("engine.runtimes.kept_checks._code", lambda: "changed")
    kept_outcome(tmp_path, "a model", check)
    assert check.calls == 2


def test_half_a_file_is_found_out_again(tmp_path: Path) -> None:
    check = Check("maps apart")
    kept_outcome(tmp_path, "a model", check)
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text()[:-3])
    assert kept_outcome(tmp_path, "a model", check) == "maps apart"
    assert check.calls == 2


def test_without_a_folder_and_where_none_can_be_made_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder in (None, tmp_path / "file"):
        check = Check("maps apart")
        assert [kept_outcome(folder, "a model", check) for _ in range(2)] == ["maps apart"] * 2
        assert check.calls == 2
