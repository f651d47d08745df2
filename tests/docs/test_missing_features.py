"""No page says that something is missing which may have come since."""

import re

from tests.docs.pages import PAGES, ROOT

MISSING = re.compile(r"\b(not yet|no \w+ yet|there are no)\b", re.IGNORECASE)
TRUE_TODAY = {
    "docs/reference/errors.md": {
        "409, retryable. The job has no picture yet: wait for `succeeded`, as `Retry-After` says."
    },
    "docs/how-to/add-a-model.md": {
        "Weights that do not yet say on what they are good: [judge them](judge-a-model.md). "
        "To take a model away,"
    },
    "docs/how-to/monitor.md": {
        "the answer. There are no file names, queries or addresses of clients in the log."
    },
}
"""By page, the lines that are meant."""


def test_what_a_page_calls_missing_is_listed_in_this_test() -> None:
    found = {}
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        if "decisions/" in name or name == "CHANGELOG.md":  # true on their day
            continue
        lines = {line.strip() for line in page.read_text("utf-8").splitlines()}
        said = {line for line in lines if MISSING.search(line)}
        if said - TRUE_TODAY.get(name, set()):
            found[name] = said - TRUE_TODAY.get(name, set())
    assert found == {}
