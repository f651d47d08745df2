"""Pictures in memory: by their type, never by guess, and as a file of them would be read."""

import io

import numpy as np
import pytest
from PIL import Image

from pictures.decoding.decode import decode
from pictures.decoding.in_memory import UnusablePicture, array_rgb, upright_rgb
from tests.pictures.files import scene

PIXELS = np.asarray(scene())


@pytest.mark.parametrize(
    "values",
    [
        PIXELS.astype(np.uint16) * 257,
        PIXELS.astype(np.int64),
        PIXELS / 255,
        (PIXELS / 255).astype(np.float32),
        np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)]),
    ],
    ids=["uint16", "int64", "float64", "float32", "opaque"],
)
def test_every_type_of_numbers_has_one_meaning(values: np.ndarray) -> None:
    np.testing.assert_array_equal(array_rgb(values), PIXELS)


def test_one_channel_is_grey_with_or_without_its_axis() -> None:
    grey = PIXELS[..., 0]
    np.testing.assert_array_equal(array_rgb(grey), array_rgb(grey[..., None]))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((4, 4, 3), 1.02), "from 1.02 to 1.02; needed is values from 0 to 1"),
        (np.full((4, 4, 3), np.nan), "needed is values from 0 to 1"),
        (np.full((4, 4, 3), 300, np.int32), "from 300 to 300; needed is values from 0 to 255"),
        (np.zeros((3, 8, 8)), r"\(3, 8, 8\).*channels come last: transpose\(1, 2, 0\)"),
        (np.zeros((2, 8, 8, 3)), r"shape \(2, 8, 8, 3\)"),
        (np.zeros(9), r"shape \(9,\)"),
        (np.ma.array(PIXELS, mask=PIXELS > 9), "a masked array; .* filled"),
        (np.zeros((4, 4), np.complex64), "complex64"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_the_value(
    values: np.ndarray, said: str
) -> None:
    with pytest.raises(UnusablePicture, match=said):
        array_rgb(values)


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "CMYK", "L", "1"])
def test_an_opened_picture_is_what_its_file_is(mode: str) -> None:
    picture, buffer = scene().convert("RGB"), io.BytesIO()
    if mode in ("RGBA", "LA"):
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture = picture.convert(mode)
    picture.save(buffer, "TIFF" if mode == "CMYK" else "PNG")
    read = decode(buffer.getvalue(), min_side=10_000).pixels
    with Image.open(io.BytesIO(buffer.getvalue())) as opened:
        apart = np.abs(np.asarray(upright_rgb(opened)).astype(int) - read)
    assert apart.max() <= 1


def test_a_picture_is_turned_as_its_exif_says() -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    scene().save(buffer, "PNG", exif=exif)
    with Image.open(io.BytesIO(buffer.getvalue())) as opened:
        turned = upright_rgb(opened)
    np.testing.assert_array_equal(np.asarray(turned), np.rot90(PIXELS, -1))


@pytest.mark.parametrize(("mode", "shown"), [("La", 200), ("RGBa", 200)])
def test_premultiplied_pixels_lie_on_white_too(mode: str, shown: int) -> None:
    whole = Image.new("RGBA" if mode == "RGBa" else "LA", (4, 3))
    whole.paste((145, 145, 145, 128) if mode == "RGBa" else (145, 128), (0, 0, 4, 3))
    found = np.asarray(upright_rgb(whole.convert(mode)), int)
    assert np.abs(found - shown).max() <= 2
