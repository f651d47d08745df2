"""The log by which a run is resumed."""

from pathlib import Path
from typing import Any

from cli.explain.find_photos import FoundPhoto
from cli.explain.result_log import ResultLog, key_of


def _row(name: str, **more: Any) -> dict[str, Any]:
    return {"path": f"/photos/{name}", "key": "k", "ok": True, "place": name[:-4]} | more


def _found(name: str) -> FoundPhoto:
    return FoundPhoto(Path(f"/photos/{name}"), Path(Path(name).name))


def test_what_was_appended_is_done(tmp_path: Path) -> None:
    with ResultLog(tmp_path / "log") as log:
        log.append(_row("a.jpg"))
        log.append(_row("b.jpg", ok=False))
    again = ResultLog(tmp_path / "log")
    assert again.is_done(_found("a.jpg"), "k")
    assert not again.is_done(_found("a.jpg"), "another key")
    assert not again.is_done(_found("b.jpg"), "k")
    assert not again.is_done(_found("c.jpg"), "k")


def test_a_line_cut_off_by_a_kill_costs_that_photo_alone(tmp_path: Path) -> None:
    with ResultLog(tmp_path / "log") as log:
        log.append(_row("a.jpg"))
        log.append(_row("b.jpg"))
    whole = (tmp_path / "log").read_bytes()
    (tmp_path / "log").write_bytes(whole[:-20])
    with ResultLog(tmp_path / "log") as log:
        assert set(log.rows) == {"/photos/a.jpg"}
        log.append(_row("c.jpg"))
    assert set(ResultLog(tmp_path / "log").rows) == {"/photos/a.jpg", "/photos/c.jpg"}


def test_the_key_is_of_the_file_and_of_the_options(tmp_path: Path) -> None:
    photo = FoundPhoto(tmp_path / "a.jpg", Path("a.jpg"))
    photo.path.write_bytes(b"one")
    before = key_of(photo, {"alpha": 0.5})
    assert key_of(photo, {"alpha": 0.5}) == before
    assert key_of(photo, {"alpha": 0.6}) != before
    photo.path.write_bytes(b"other")
    assert key_of(photo, {"alpha": 0.5}) != before


def test_no_two_photos_ever_share_a_place(tmp_path: Path) -> None:
    names = ["x/a.jpg", "y/a.jpg", "y/a.png", "y/a-2.jpg"]
    log = ResultLog(tmp_path / "log")
    targets = log.targets(map(_found, names))
    assert len({place.as_posix() for place in targets.values()}) == len(names)
    assert targets[Path("/photos/x/a.jpg")] == Path("a")


def test_a_photo_keeps_its_place_whatever_is_given_beside_it(tmp_path: Path) -> None:
    with ResultLog(tmp_path / "log") as log:
        log.append({"path": "/photos/y/a.jpg", "key": "k", "ok": True, "place": "a"})
    targets = ResultLog(tmp_path / "log").targets([_found("x/a.jpg"), _found("y/a.jpg")])
    assert targets[Path("/photos/y/a.jpg")] == Path("a")
    assert targets[Path("/photos/x/a.jpg")] == Path("a-2")
