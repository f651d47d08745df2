"""pictures/rendering/text.py: names are drawn in their own script."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, features

from pictures.rendering.text import draw_text, shortened, text_width

SIZE = 24
SCRIPTS = {
    "Latin": "brûlée Frühfäule łódź Đắk Lắk ŋɓẹ",
    "Cyrillic": "Томат",
    "Greek": "ντομάτα",
    "Devanagari": "टमाटर",
    "Bengali": "টমেটো",
    "Gurmukhi": "ਟਮਾਟਰ",
    "Gujarati": "ટામેટા",
    "Oriya": "ଟମାଟୋ",
    "Tamil": "தக்காளி",
    "Telugu": "టమోటా",
    "Kannada": "ಟೊಮೇಟೊ",
    "Malayalam": "തക്കാളി",
    "Sinhala": "තක්කාලි",
    "Thai": "มะเขือเทศ",
    "Lao": "ໝາກເລັ່ນ",
    "Khmer": "ប៉េងប៉ោះ",
    "Myanmar": "ခရမ်းချဉ်သီး",
    "Ethiopic": "ቲማቲም",
    "Arabic": "طماطم",
    "Hebrew": "עגבנייה",
    "Georgian": "პომიდორი",
    "Armenian": "լոլիկ",
    "Chinese": "番茄早疫病",
    "Japanese": "トマトの葉",
    "Korean": "토마토 잎",
    "signs": "– … ° € ₹ →",
}


def drawn(text: str, anchor: str = "la", place: tuple[int, int] = (4, 4)) -> np.ndarray:
    """Ink, bool (60, 900)."""
    sheet = Image.new("L", (900, 60), "white")
    draw_text(ImageDraw.Draw(sheet), place, text, "black", SIZE, anchor)
    return np.asarray(sheet) < 128


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_no_letter_of_a_script_is_a_box(text: str) -> None:
    """A letter without a glyph looks as a sign does that none of the fonts has."""
    unknown = drawn("\U0001f9ff")
    for letter in filter(str.isalpha, text):
        ink = drawn(letter)
        assert ink.any(), letter
        assert not np.array_equal(ink, unknown), letter


@pytest.mark.parametrize(
    "sign",
    ["🍅", "𠮷", "\U00030000", "★", "ꀀ", "⠿", "\ue000", "\U000f0000", "\U0010ffff", "\ufffe"],
)
def test_what_no_font_has_is_a_question_mark_and_no_box(sign: str) -> None:
    assert np.array_equal(drawn(sign), drawn("\ufffd"))
    assert np.array_equal(drawn(f"Tomate {sign} 2"), drawn("Tomate \ufffd 2"))


def test_a_sign_that_stands_for_letters_is_drawn_as_these() -> None:
    assert np.array_equal(drawn("① 𝐓𝐨𝐦𝐚𝐭𝐨 𝔏"), drawn("1 Tomato L"))


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d🌾",
        "🍅\ufe0f",
        "❤️",
        "\ufe0f",
        "\u200d",
        "葛\U000e0100",
        "1️⃣",
        "\u0301",
        "\U000e0041",
    ],
)
def test_parts_of_a_sign_are_no_crash(text: str) -> None:
    assert text_width(text, SIZE) == pytest.approx(text_width(shortened(text, SIZE, 900), SIZE))
    drawn(text)
    drawn(f"Ähre {text} 토마토 {text} 番茄{text}")


def test_scripts_may_stand_in_one_line() -> None:
    mixed = "93 % Tomate: 番茄 토마토 टमाटर"
    assert text_width(mixed, SIZE) == pytest.approx(
        sum(text_width(part, SIZE) for part in ("93 % Tomate: ", "番茄", " ", "토마토", " टमाटर")),
        abs=1,
    )


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no raqm")
def test_letters_that_join_are_joined() -> None:
    """The vowel sign of कि stands before its consonant."""
    assert not np.array_equal(drawn("कि")[:, :16], drawn("क")[:, :16])
    assert text_width("क्षि", SIZE) < text_width("क", SIZE) + text_width("ष", SIZE)


def test_anchors_place_a_text_as_pillow_does() -> None:
    width = text_width("leaf", SIZE)
    left, right, middle = (
        np.nonzero(drawn("leaf", anchor, (450, 30)).any(0))[0] for anchor in ("la", "ra", "mm")
    )
    assert left[0] - right[0] == pytest.approx(width, abs=1)
    assert left[0] - middle[0] == pytest.approx(width / 2, abs=1)
    rows = np.nonzero(drawn("leaf", "mm", (450, 30)).any(1))[0]
    assert 18 < rows.mean() < 36


def test_a_name_that_is_not_utf_8_is_drawn_all_the_same() -> None:
    name = b"leaf-\xe9.jpg".decode("utf-8", "surrogateescape")
    assert drawn(name).sum() > drawn("leaf-.jpg").sum()
    assert np.array_equal(drawn("two\nlines"), drawn("two lines"))
    assert np.array_equal(drawn("\u202eleaf"), drawn("leaf"))


def test_a_long_text_loses_its_middle() -> None:
    long = "Crop__a_very_long_name_of_a_disease"
    short = shortened(long, SIZE, 150)
    assert text_width(short, SIZE) <= 150
    assert short.startswith("Crop")
    assert short.endswith("e")
    assert shortened("leaf", SIZE, 150) == "leaf"
