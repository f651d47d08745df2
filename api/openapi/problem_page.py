"""The page of a problem type, which its `type` leads to, in the language of the reader."""

from html import escape

from api.openapi.reference_page import prose
from api.problems.http_problems import status_of
from jobs.problems import PATH, Problem
from languages.offered import OFFERED
from languages.translator import Translator

_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<title>{title}</title><link rel="stylesheet" href="/assets/docs/style.css">'
    '<link rel="icon" href="/assets/swagger-ui/favicon-32x32.png">'
    '<header><strong translate="no">CropShield</strong><nav>{pages}</nav></header>'
    "<main><article><h1>{title}</h1>{meaning}<p>{languages}</p></article></main></html>"
)


def problem_page(problem: Problem, translated: Translator) -> str:
    """HTML: the status, what the problem means, and whether to try again."""
    text = translated.text
    retry = text("The same request may succeed later.") if problem.retryable else ""
    status = text("Status {status}.", status=status_of(problem))
    pages = {"/": text("Playground"), "/start": text("First steps"), "/docs": text("API")}
    return _PAGE.format(
        language=translated.language,
        title=escape(text(problem.title)),
        pages="".join(f'<a href="{path}">{escape(name)}</a>' for path, name in pages.items()),
        meaning=prose(f"{status} {text(problem.meaning)} {retry}".strip()),
        languages=" · ".join(_in_language(problem, *each) for each in OFFERED.items()),
    )


def _in_language(problem: Problem, code: str, name: str) -> str:
    path = f"{PATH}{problem.slug}?lang={code}"
    return f'<a href="{path}" hreflang="{code}" lang="{code}">{name}</a>'
