"""The stages of a job, one after the other."""

from pathlib import Path

from benchmarks.common.stage_times import PARTS, TOTAL
from benchmarks.stages import HERE, Version


def test_each_part_of_a_job_takes_its_share_of_the_whole(leaf_jpeg: bytes, tmp_path: Path) -> None:
    photo = tmp_path / "leaf.jpg"
    photo.write_bytes(leaf_jpeg)
    with Version("this", HERE, "cropshield_cnn") as version:
        taken = version.times(photo)
    whole = taken.pop(TOTAL)
    assert abs(sum(taken.values()) - whole) < 0.01
    assert {part for part in PARTS if taken.get(part, 0) > 0} >= {"decode", "prepare", "model"}
