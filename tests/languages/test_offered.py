"""Which language a reader gets."""

import pytest

from languages.offered import OFFERED, UnknownLanguage, language_code, preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("de, ES-es;q=0.4, en;q=0.3", "es"),
        ("en;q=0.5, es;q=0.7", "es"),
        ("es;q=0", "en"),
        ("de, *", "en"),
        ("nonsense;;q=,,es;q=high", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_the_best_offered_language_is_chosen_and_english_without_one(
    header: str, language: str
) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize("given", ["es", "ES", "es-MX", "es_MX"])
def test_a_region_is_its_language(given: str) -> None:
    assert language_code(given) == "es"


@pytest.mark.parametrize("given", ["", "de", "espanol", "es;q=1"])
def test_another_language_is_refused_by_what_is_offered(given: str) -> None:
    with pytest.raises(UnknownLanguage, match="offered are en") as error:
        language_code(given)
    assert repr(given) in str(error.value)
    assert all(name in str(error.value) for name in OFFERED.values())
