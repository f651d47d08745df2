"""docs/explanation/verdicts.md: every verdict, with the advice that the page gives."""

from models.verdict import VERDICTS
from tests.docs.pages import rows

PAGE = "docs/explanation/verdicts.md"


def test_every_verdict_stands_there_with_its_advice() -> None:
    table = rows(PAGE)
    assert list(table) == list(VERDICTS)
    for name, (_, what_to_do) in table.items():
        _, _, advice = VERDICTS[name].advice.rpartition("{conditions}. ")
        assert what_to_do.startswith(advice), name
