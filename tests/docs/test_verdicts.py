"""docs/explanation/verdicts.md: every verdict, with the advice that the page gives."""

from models.verdicts.verdict import VERDICTS
from tests.docs.pages import rows

PAGE = "docs/explanation/verdicts.md"


def test_every_verdict_stands_there_with_its_advice() -> None:
    table = rows(PAGE)
    assert list(table) == list(VERDICTS)
    for text, (_, what_to_do) in zip(VERDICTS.values(), table.values(), strict=True):
        _, _, advice = text.advice.rpartition("{conditions}. ")
        assert what_to_do.startswith(advice)
