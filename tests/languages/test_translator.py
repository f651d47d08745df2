"""Texts, plural forms, numbers, and sentences with values in them."""

import pytest
from babel import Locale

from api.openapi.problem_examples import _DETAILS
from api.problems.http_problems import all_problems
from languages.offered import ENGLISH, OFFERED
from languages.sentences import Templates
from languages.translator import translator
from models.verdicts.verdict import CONDITIONS
from scripts.translations.__main__ import PLURALS

ES = translator("es")
LANGUAGES = [code for code in OFFERED if code != ENGLISH]
_IN_PARTS = {"invalid-request", "not-found", "method-not-allowed", "range-not-satisfiable"}
_AS_RAISED = {"bad-request", "explain-failed", "internal", "storage-failed", "bad-callback"}


def test_a_text_without_a_translation_stays_english() -> None:
    assert ES.text("no such text {size}") == "no such text {size}"
    assert ES.text("no such text {size}", size=3) == "no such text 3"


def test_numbers_and_plural_forms_are_those_of_the_language() -> None:
    assert (ES.number(20_000_000), translator("en").number(20_000_000)) == (
        "20.000.000",
        "20,000,000",
    )
    assert (ES.percent(0.875), translator("en").percent(0.875)) == ("88\u00a0%", "88%")
    assert ES.percent(0.1234, digits=1) == "12,3\u00a0%"
    known = [ES.plural(CONDITIONS.one, CONDITIONS.many, count) for count in (1, 32)]
    assert known == [
        "la única afección que el modelo conoce",
        "las 32 afecciones que el modelo conoce",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_header_of_a_catalogue_counts_as_the_unicode_tables_do(language: str) -> None:
    is_zero_one = PLURALS.get(language, "(n != 1)") == "(n > 1)"
    one = {0, 1} if is_zero_one else {1}
    for count in range(200):
        assert (Locale.parse(language).plural_form(count) == "one") == (count in one)


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            "photo is 23,512,345 bytes; the limit is 20,000,000",
            "la foto tiene 23.512.345 bytes; el límite es 20.000.000",
        ),
        (
            "photo cannot be decoded: it is cut off: rows are missing",
            "la foto no se puede leer: está cortada: faltan filas",
        ),
        (
            "Redis uses 1,932 bytes; the limit is 90% of its 2,147",
            "Redis usa 1.932 bytes; el límite es el 90\u00a0% de sus 2.147",
        ),
        (
            "model resnet18 has no class 'Tomato__mildew'; it has 32, see /v1/models",
            "el modelo resnet18 no tiene la clase 'Tomato__mildew'; tiene 32, vea /v1/models",
        ),
        (
            "Input should be less than or equal to 5 (given: '9')",
            "El valor debe ser menor o igual que 5 (dado: '9')",
        ),
        ("a sentence that nobody wrote", "a sentence that nobody wrote"),
    ],
)
def test_a_sentence_is_recognised_with_its_values(english: str, spanish: str) -> None:
    assert ES.sentence(english) == spanish
    assert translator("en").sentence(english) == english


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.slug)
def test_every_problem_is_translated_with_its_detail(language: str, problem: object) -> None:
    translated, slug = translator(language), problem.slug  # type: ignore[attr-defined]
    assert translated.text(problem.title) != problem.title  # type: ignore[attr-defined]
    if slug not in _IN_PARTS | _AS_RAISED:
        assert translated.sentence(_DETAILS[slug]) != _DETAILS[slug]


def test_what_was_given_is_no_part_of_a_value() -> None:
    templates = Templates(["a value of at most {most} is needed", "{fault} (given: {given})"])
    found = templates.recognise("a value of at most 5 is needed (given: '9')")
    assert found == (
        "{fault} (given: {given})",
        {"fault": "a value of at most 5 is needed", "given": "'9'"},
    )
    end = Templates(["it is at most {most}", "{fault} (given: {given})"])
    assert end.recognise("it is at most 5 (given: '9')") == (
        "{fault} (given: {given})",
        {"fault": "it is at most 5", "given": "'9'"},
    )


def test_of_several_templates_the_one_with_the_most_text_counts() -> None:
    templates = Templates(["{who} is {what}", "the limit is {limit}", "no values"])
    found = templates.recognise("the limit is 5")
    assert found is not None
    assert found == ("the limit is {limit}", {"limit": "5"})
    assert templates.recognise("no values") is None
