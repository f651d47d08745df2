"""What is said of a photo's row of `results.jsonl` in reports and on sheets."""

from cli.explain.result_log import Row
from languages.translator import IN_ENGLISH, Translator
from models.verdicts.verdict import VERDICTS, VerdictText


def verdict_text(row: Row) -> VerdictText:
    """What the verdict on a photo says. Servers of older versions give none."""
    return VERDICTS.get(row.get("verdict") or "confident", VERDICTS["confident"])


def affected_words(row: Row, translated: Translator = IN_ENGLISH) -> str:
    """ "About 12% of the leaf looks ill, by its colour."; "" where that is not known.

    The page says the same (web/playground/messages.js); a test compares them.
    """
    share = row.get("affected_share")
    if share is None:
        return ""
    if share < 0.005:
        most = translated.percent(0.01)
        return translated.text(
            "Less than {percent} of the leaf looks ill, by its colour.", percent=most
        )
    about = translated.percent(int(share * 100 + 0.5) / 100)
    return translated.text("About {percent} of the leaf looks ill, by its colour.", percent=about)
