"""jobs/spreadsheet.py: what a spreadsheet would run is text."""

import csv
import io

import pytest

from jobs.spreadsheet import csv_line, guarded


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1"),
        *("＝1+1", "＋1", "－1", "＠A1", "\ufeff=1", '"=1', "\t", "\r\nx", "\x00=1", "﹦1"),
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; =1;＝2", "a;' =1;'＝2"),
        ("a\t@A1", "a\t'@A1"),
        ("first\n-second", "first\n'-second"),
        ('a;"=1"', 'a;\'"=1"'),
    ],
)
def test_a_part_that_another_separator_makes_a_cell_of_gets_an_apostrophe(
    text: str, expected: str
) -> None:
    assert guarded(text) == expected
    for delimiter in ",;\t":
        rows = csv.reader(io.StringIO(csv_line(["x", text]), newline=""), delimiter=delimiter)
        cells = [cell.lstrip(' "') for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "＝", "-"))]


def test_a_cell_has_no_nul() -> None:
    assert csv_line(["a\0b"]) == "a\ufffdb\r\n"


@pytest.mark.parametrize("value", ["leaf - spotted", "a=b", "x, -5 °C", "", -0.5, 3, None, True])
def test_a_cell_that_is_no_formula_stays_as_it_is(value: object) -> None:
    assert guarded(value) == value
