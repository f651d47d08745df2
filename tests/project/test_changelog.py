"""CHANGELOG.md: by release, newest first, in kinds, and short."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "CHANGELOG.md").read_text("utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
MAX_WORDS = 500  # what is read in two minutes
HEADINGS = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
SECTIONS = dict(zip(HEADINGS, re.split(r"^## .+$", PAGE, flags=re.MULTILINE)[1:], strict=True))


def test_releases_are_dated_and_the_newest_comes_first() -> None:
    assert HEADINGS[0] == "Unreleased"
    found = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (\S+)", heading) for heading in HEADINGS[1:]]
    dates = [date.fromisoformat(one[4]) for one in found if one]
    versions = [tuple(map(int, one.groups()[:3])) for one in found if one]
    assert len(dates) == len(HEADINGS) - 1
    assert all(newer >= older for newer, older in pairwise(dates))
    assert all(newer > older for newer, older in pairwise(versions))


@pytest.mark.parametrize("release", SECTIONS)
def test_a_release_says_what_kind_of_change_each_is(release: str) -> None:
    kinds = re.findall(r"^### (.+)$", SECTIONS[release], re.MULTILINE)
    assert kinds == [kind for kind in KINDS if kind in kinds]
    before, *_ = SECTIONS[release].partition("\n### ")
    assert "\n- " not in before


@pytest.mark.parametrize("release", SECTIONS)
def test_a_release_is_read_in_two_minutes(release: str) -> None:
    assert len(SECTIONS[release].split()) <= MAX_WORDS
