"""What the playground shows of one result."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine.diagnostics import WARNINGS
from pictures.drawn_leaves.leaves import draw_leaf
from tests.service.conftest import Service
from tests.web.conftest import NewPage
from tests.web.page import PHONE, difference, explain, job_of, picture, pixels, violations

pytestmark = pytest.mark.service


def test_a_photo_comes_back_with_a_name_and_the_heat_as_the_server_draws_it(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    best = job["result"]["predictions"][0]
    expect(page.locator("#result-title")).to_contain_text(best["crop"])
    expect(page.locator("#verdict")).to_contain_text("Confidence: ")
    expect(page.locator("#predictions li")).to_have_count(len(job["result"]["predictions"]))
    expect(page.locator("#strip button")).to_have_count(3)
    sentence = job["result"]["explanations"][0]["diagnostics"]["sentence"]
    expect(page.locator("#sentence")).to_have_text(sentence)
    overlay = picture(stack, job["links"]["overlay"] + "?colormap=viridis&alpha=0.5&format=png")
    assert difference(pixels(page), overlay) < 3
    assert max(job["image"]["width"], job["image"]["height"]) == 1024


def test_colours_and_opacity_change_at_once_without_the_server(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    path = job_of(page, stack)["links"]["overlay"]
    expect(page.locator("#predictions summary").first).to_be_attached()
    expect(page.locator("#offline")).to_be_visible()  # all that it asks for by itself has come
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.select_option("#colormap", "jet")
    page.locator("#opacity").fill("80")
    shown = pixels(page)
    assert difference(shown, picture(stack, f"{path}?colormap=jet&alpha=0.8&format=png")) < 3
    page.locator("#strip button").nth(1).click()
    assert difference(shown, pixels(page)) > 3
    assert asked == []


def test_boxes_around_the_hot_places_are_switched_on_and_stay_so(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    plain = pixels(page)
    page.get_by_label("Boxes around the hot places").check()
    boxed = pixels(page)
    first = job_of(page, stack)["result"]["explanations"][0]["regions"][0]["box"]
    height, width = boxed.shape[:2]
    middle = round(height * (first["top"] + first["bottom"]) / 2)
    side = round(width * first["left"])
    apart = np.abs(boxed.astype(int) - plain).max(axis=2) > 40
    assert apart[middle, max(0, side - 4) : side + 5].any()
    assert apart.mean() < 0.2
    expect(page.locator("#regions")).to_contain_text("of the heat")
    page.reload()
    expect(page.get_by_label("Boxes around the hot places")).to_be_checked()


def test_about_how_much_of_the_leaf_looks_ill_is_said_where_it_is_known(
    new_page: NewPage, stack: Service
) -> None:
    page, known = new_page(), set[bool]()
    for seed, kind in enumerate(("blight", "healthy", "blight", "blight")):
        job = submitted(stack, draw_leaf(kind, seed, (480, 360)).photo, model="sister")
        share = job["result"]["affected_share"]
        known.add(share is not None)
        page.goto(f"/#job={job['id']}")
        expect(page.locator("#result-title")).to_contain_text(
            job["result"]["predictions"][0]["crop"]
        )
        percent = round(100 * (share or 0))
        words = f"About {percent}% of the leaf looks ill, by its colour."
        expect(page.locator("#affected")).to_have_text("" if share is None else words)
    assert True in known, "the uncalibrated model is confident of some of them"


def submitted(stack: Service, photo: Image.Image, model: str) -> Any:
    photo.save(file := io.BytesIO(), "PNG")
    headers = {"Content-Type": "image/png", "Prefer": "wait=25"}
    answer = stack.http.post(f"/v1/jobs?model={model}", content=file.getvalue(), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_photo_is_seen_while_a_button_or_the_picture_is_held(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[1])
    photo, heated = picture(stack, job_of(page, stack)["links"]["photo"]), pixels(page)
    page.locator("#hold").focus()
    page.keyboard.down("Space")
    assert difference(pixels(page), photo) < 1
    page.keyboard.up("Space")
    assert difference(pixels(page), heated) == 0
    page.locator("#picture").hover()
    page.mouse.down()
    assert difference(pixels(page), photo) < 1
    page.mouse.up()
    assert difference(pixels(page), heated) == 0


@pytest.mark.parametrize("verdict", ["unknown", "not_a_leaf"])
def test_a_photo_of_none_of_the_conditions_is_told_so_and_they_are_one_click_away(
    new_page: NewPage, stack: Service, leaves: list[Path], verdict: str
) -> None:
    page = result_page(new_page, stack, leaves[0], verdict)
    expect(page.locator("#result-title")).to_have_text(re.compile(r"\?$"))
    expect(page.locator("#verdict")).to_contain_text("looks like none of the 32 conditions")
    expect(page.locator("#known li").first).to_be_hidden()
    page.locator("#known summary").click()
    expect(page.locator("#known")).to_contain_text("Tomato: ")
    assert violations(page) == []


def test_a_close_answer_is_told_as_a_question_without_that_list(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = result_page(new_page, stack, leaves[0], "low_margin")
    expect(page.locator("#result-title")).to_have_text(re.compile(r"\?$"))
    expect(page.locator("#verdict")).to_contain_text("This is a guess")
    expect(page.locator("#known")).to_be_hidden()


def result_page(new_page: NewPage, stack: Service, photo: Path, verdict: str) -> Page:
    """A page that shows a result as if it had this verdict."""
    page = new_page()
    explain(page, photo)
    job = job_of(page, stack)
    job["result"]["verdict"] = verdict
    other = new_page(service_workers="block")
    other.route(f"**/v1/jobs/{job['id']}", lambda route: route.fulfill(json=job))
    other.goto(f"/#job={job['id']}")
    return other


def test_what_a_class_is_is_told_below_each_answer_also_offline(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page(**PHONE)
    expect(page.locator("#offline")).to_be_visible()  # all of it is kept
    explain(page, leaves[0])
    best = job_of(page, stack)["result"]["predictions"][0]
    told = stack.http.get(best["links"]["description"]).json()
    for _ in range(2):
        about = page.locator("#predictions details").first
        expect(about.locator("summary")).to_contain_text("About ")
        expect(about.locator("dl")).to_be_hidden()
        about.locator("summary").click()
        expect(about).to_contain_text(told["symptoms"])
        expect(about).to_contain_text(told["next_steps"])
        assert about.locator("a").first.get_attribute("href") == told["sources"][0]["url"]
        assert violations(page) == []
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        page.context.set_offline(True)
        page.reload()
    page.context.set_offline(False)


def test_a_model_that_does_not_describe_its_classes_shows_nothing_of_them(
    new_page: NewPage, leaves: list[Path]
) -> None:
    page = new_page(service_workers="block")  # whose requests could not be waited for
    page.locator("#settings summary").click()
    page.select_option("#model", "sister")
    with page.expect_response("**/v1/classes?model=sister&lang=en"):
        explain(page, leaves[0])
    expect(page.locator("#predictions li").first).to_be_visible()
    expect(page.locator("#predictions details")).to_have_count(0)


def test_the_conditions_of_the_chosen_model_are_one_click_away(
    new_page: NewPage, stack: Service
) -> None:
    page = new_page()
    classes = stack.http.get("/v1/models/cropshield_cnn").json()["classes"]
    expect(page.locator("#conditions li").first).to_be_hidden()
    page.locator("#conditions summary").click()
    items = page.locator("#conditions li").all_inner_texts()
    crops = [item.split(": ") for item in items]
    listed = {f"{crop}__{name}" for crop, names in crops for name in names.split(", ")}
    assert listed == {name.replace("_", " ").replace("  ", "__") for name in classes}


def test_each_warning_comes_with_a_hint_what_to_do(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    hints = set()
    for warning in WARNINGS:
        job["result"]["explanations"][0]["diagnostics"]["warnings"] = [warning]
        hints.add(page.evaluate(HINT, job["result"]["explanations"][0]["diagnostics"]))
    assert len(hints) == 4
    assert all(hint.startswith(("Try", "Take the photo again")) for hint in hints)


HINT = "async (found) => (await import('/playground/messages.js')).hint(found)"


def test_a_class_that_little_speaks_for_is_cold_beside_the_others(
    new_page: NewPage, stack: Service, leaves: list[Path]
) -> None:
    page = new_page()
    explain(page, leaves[0])
    job = job_of(page, stack)
    job["result"]["explanations"][1]["heatmap"]["peak"] = 0
    other = new_page(service_workers="block")
    other.route(f"**/v1/jobs/{job['id']}", lambda route: route.fulfill(json=job))
    other.goto(f"/#job={job['id']}")
    other.locator("#opacity").fill("100")
    assert pixels(other, "#strip canvas", 0).std() > 10
    assert pixels(other, "#strip canvas", 1).std(axis=(0, 1)).max() == 0
