"""What suits a machine."""

from pathlib import Path

import pytest

from cli.serve import machine

GB = 1024**3


@pytest.mark.parametrize(
    ("cores", "memory", "workers"),
    [(1, 24, 1), (2, 24, 2), (2, 2, 1), (4, 6, 3), (16, 128, 4), (2, 1, 1)],
)
def test_a_worker_for_each_core_where_there_is_memory_for_it(
    monkeypatch: pytest.MonkeyPatch, cores: int, memory: int, workers: int
) -> None:
    monkeypatch.setattr(machine, "has_gpu_driver", lambda: False)
    monkeypatch.setattr(machine, "usable_cores", lambda: cores)
    monkeypatch.setattr(machine, "usable_memory", lambda: memory * GB)
    assert machine.suitable_workers() == workers


def test_a_gpu_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "has_gpu_driver", lambda: True)
    assert machine.suitable_workers() == 1


@pytest.mark.parametrize(("cores", "workers", "threads"), [(1, 4, 1), (2, 2, 1), (16, 4, 2)])
def test_models_leave_cores_for_what_comes_before_and_after(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int, threads: int
) -> None:
    monkeypatch.setattr(machine, "usable_cores", lambda: cores)
    assert machine.threads_of_each(workers) == threads


@pytest.mark.parametrize(("said", "limited"), [(f"{GB}\n", True), ("max\n", False), (None, False)])
def test_memory_is_what_the_container_may_take(
    tmp_path: Path, said: str | None, limited: bool
) -> None:
    limit = tmp_path / "memory.max"
    if said is not None:
        limit.write_text(said)
    assert (machine.usable_memory(limit) == GB) is limited
