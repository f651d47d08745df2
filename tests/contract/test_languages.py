"""Answers in the language of the client."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from api.problems.http_problems import all_problems
from api.rendering.contact_sheet import PLACEHOLDERS
from api.rendering.renderer import PHOTO
from languages.offered import ENGLISH, OFFERED
from languages.translator import translator
from models.cards.class_names import class_title
from models.catalog import Catalog
from pictures.rendering import text
from pictures.sheets import LEGEND
from tests.api import conftest
from tests.api.conftest import FakeWorker

ES = {"Accept-Language": "es-MX,es;q=0.9"}
LANGUAGES = [code for code in OFFERED if code != ENGLISH]
SENTENCE = "The model looked at one small area, as is expected of a local lesion."


@pytest.fixture
def done(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Path of a job that succeeded with late blight, of which the model is not sure."""
    best, second = (dict(found) for found in conftest.RESULT["predictions"])
    best |= {"class_name": "Tomato__late_blight"}
    maps = [dict(found) for found in conftest.RESULT["explanations"]]
    for found in maps:
        found["diagnostics"] = found["diagnostics"] | {"sentence": SENTENCE}
    result = {"predictions": [best, second], "verdict": "unknown", "explanations": maps}
    monkeypatch.setattr(conftest, "RESULT", result)
    client.post("/v1/jobs?top_k=2", content=leaf_jpeg)
    return f"/v1/jobs/{fake_worker.succeed(leaf_jpeg)}"


def test_a_job_is_told_in_the_language_that_was_asked_for(client: TestClient, done: str) -> None:
    english = client.get(done).json()
    for answer in (client.get(done, headers=ES), client.get(f"{done}?lang=es")):
        assert answer.headers["Content-Language"] == "es"
        assert "Accept-Language" in answer.headers["Vary"]
        spanish = answer.json()
        best = spanish["result"]["predictions"][0]
        assert best["class_name"] == english["result"]["predictions"][0]["class_name"]
        assert best["title"] == "Tomate: tizón tardío"
        assert "ninguna de las 32 afecciones" in spanish["result"]["advice"]
        told = spanish["result"]["explanations"][0]["diagnostics"]["sentence"]
        assert told == "El modelo miró una zona pequeña, como se espera de una lesión local."
        assert spanish["result"]["verdict"] == english["result"]["verdict"] == "unknown"
    assert "none of the 32 conditions" in english["result"]["advice"]
    assert english["result"]["explanations"][0]["diagnostics"]["sentence"] == SENTENCE
    assert english["result"]["predictions"][0]["title"] == "Tomato: late blight"


def test_the_cached_answer_of_one_language_is_no_answer_in_another(
    client: TestClient, done: str
) -> None:
    spanish = client.get(done, headers=ES)
    english = client.get(done, headers={"Accept-Language": "en"})
    again = client.get(done, headers=ES)
    assert spanish.headers["ETag"] == again.headers["ETag"] != english.headers["ETag"]
    assert spanish.content == again.content
    tags = ES | {"If-None-Match": english.headers["ETag"]}
    assert client.get(done, headers=tags).status_code == 200
    unchanged = client.get(done, headers=ES | {"If-None-Match": spanish.headers["ETag"]})
    assert (unchanged.status_code, unchanged.headers["Content-Language"]) == (304, "es")


def test_lang_wins_over_the_header(client: TestClient, done: str) -> None:
    answer = client.get(f"{done}?lang=en", headers=ES)
    assert answer.headers["Content-Language"] == "en"


def test_a_problem_has_a_title_and_a_detail_in_the_language(client: TestClient) -> None:
    english = client.post("/v1/jobs?top_k=9", content=b"x").json()
    answer = client.post("/v1/jobs?top_k=9&lang=es", content=b"x")
    spanish = answer.json()
    assert answer.headers["Content-Language"] == "es"
    assert spanish["title"] == "Petición no válida"
    assert spanish["detail"] == "top_k: El valor debe ser menor o igual que 5 (dado: '9')"
    assert spanish["errors"][0]["field"] == "top_k"
    assert spanish["type"] == english["type"]
    missing = client.get("/v1/jobs/nope", headers=ES).json()
    assert missing["detail"] == "no existe el trabajo 'nope'"


def test_a_failed_job_tells_its_error_in_the_language_though_it_is_stored_in_english(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg)
    path = f"/v1/jobs/{fake_worker.fail()}"
    english, spanish = (
        client.get(path).json()["error"],
        client.get(f"{path}?lang=es").json()["error"],
    )
    assert spanish["title"] == "La explicación falló"
    assert {**spanish, "title": "", "detail": ""} == {**english, "title": "", "detail": ""}


def test_a_language_that_is_not_offered_falls_to_english_by_header_and_is_refused_by_lang(
    client: TestClient,
) -> None:
    answer = client.get("/v1/classes", headers={"Accept-Language": "de, tlh;q=0.3"})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "en")
    refused = client.get("/v1/models?lang=tlh", headers=ES)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {
            "field": "lang",
            "message": "el idioma 'tlh' no se ofrece; se ofrecen en (English), es (Español), "
            "pt (Português), fr (Français), hi (हिन्दी), sw (Kiswahili)",
        }
    ]
    twice = client.get("/v1/models?lang=es&lang=en")
    assert twice.status_code == 422
    assert "se da dos veces" in twice.json()["detail"]


def test_a_photo_and_its_options_are_read_beside_lang(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.post("/v1/jobs?client_ref=a%26b&lang=es&top_k=2", content=leaf_jpeg)
    assert (answer.status_code, answer.headers["Content-Language"]) == (202, "es")
    assert answer.json()["client_ref"] == "a&b"


def test_the_words_on_a_comparison_are_in_the_language(client: TestClient, done: str) -> None:
    english, spanish = (
        client.get(f"{done}/comparison?format=png&lang={language}") for language in ("en", "es")
    )
    assert spanish.headers["Content-Language"] == "es"
    pixels = [np.asarray(Image.open(io.BytesIO(one.content))) for one in (english, spanish)]
    assert pixels[0].shape == pixels[1].shape
    assert (pixels[0] != pixels[1]).any()


@pytest.mark.parametrize("language", sorted(OFFERED))
def test_every_word_on_a_picture_is_in_a_font(language: str) -> None:
    """A letter that no font has is drawn as a question mark in a diamond; any space as a space."""
    translated = translator(language)
    names = [class_title(name) for name in Catalog()["cropshield_cnn"].class_names]
    for english in (*names, *LEGEND, PHOTO, *PLACEHOLDERS):
        words = translated.text(english).replace("\u00a0", " ")
        assert "".join(map(text._drawn, words)) == words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", ["cropshield_cnn", "efficientnet_b0", "resnet18"])
def test_a_model_tells_its_title_and_limits_in_the_language(
    client: TestClient, model: str, language: str
) -> None:
    path = f"/v1/models/{model}"
    english, answer = client.get(path).json(), client.get(path, params={"lang": language})
    told = answer.json()
    assert answer.headers["Content-Language"] == language
    assert {name for name in told if told[name] != english[name]} == {"title", "limits"}
    listed = client.get("/v1/models", headers={"Accept-Language": language})
    assert listed.headers["Content-Language"] == language
    assert told in listed.json()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_every_problem_is_in_the_language(client: TestClient, language: str) -> None:
    for problem in all_problems():
        path = f"/problems/{problem.slug}"
        page, english = client.get(path, headers={"Accept-Language": language}), client.get(path)
        assert page.headers["Content-Language"] == language
        assert "Accept-Language" in page.headers["Vary"]
        assert f'<html lang="{language}">' in page.text
        assert client.get(f"{path}?lang={language}").text == page.text
        assert _sentences(english.text)
        assert _sentences(page.text) & _sentences(english.text) == set(), path


def _sentences(page: str) -> set[str]:
    """Title, names of pages and paragraphs but the last, which names the languages."""
    texts = re.findall(r"<(?:title|h1|p|a)\b[^>]*>(.*?)</(?:title|h1|p|a)>", page)
    names = {*OFFERED.values(), "API"}
    return {text for text in texts if text not in names and "hreflang" not in text}


def test_a_problem_page_leads_to_every_other_language(client: TestClient) -> None:
    page = client.get("/problems/too-slow?lang=hi").text
    for code, name in OFFERED.items():
        assert (
            f'href="/problems/too-slow?lang={code}" hreflang="{code}" lang="{code}">{name}<' in page
        )


@pytest.mark.parametrize("path", ["/v1/colormaps", "/livez"])
def test_what_has_no_words_has_no_language(client: TestClient, path: str) -> None:
    assert "Content-Language" not in client.get(path, headers=ES).headers
