"""decoding/decode.py: every photo upright, whole, as small as it gets, in eight bits of RGB."""

import numpy as np
import pytest
from PIL import Image

from pictures.decoding.decode import KEPT_PIXELS, decode
from pictures.errors import TooManyPixels, UndecodablePhoto, UnsupportedFormat
from pictures.formats.icc import profile_of_cicp
from tests.pictures.files import SUFFIXES, file_of, png_header, scene
from tests.pictures.odd_files import BACK


def oriented(kind: str, orientation: int) -> bytes:
    """The scene as a camera held otherwise would store it."""
    turn, exif = BACK[orientation], Image.Exif()
    exif[0x0112] = orientation
    stored = scene() if turn is None else scene().transpose(turn)
    return file_of(stored, kind, exif=exif)


@pytest.mark.parametrize("kind", SUFFIXES)
def test_every_format_is_decoded(kind: str) -> None:
    photo = decode(file_of(scene(), kind), min_side=448)
    assert photo.format == ("JPEG" if kind == "MPO" else kind)
    assert (photo.width, photo.height) == (60, 40)
    assert photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels.astype(int) - np.asarray(scene())).mean() < 4


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_photos_are_turned_upright(kind: str, orientation: int) -> None:
    photo = decode(oriented(kind, orientation), min_side=448)
    assert (photo.width, photo.height) == (60, 40)
    assert photo.pixels.shape == (40, 60, 3)
    assert np.abs(photo.pixels.astype(int) - np.asarray(scene())).mean() < 4


def test_a_jpeg_is_decoded_at_a_reduced_scale_that_is_enough() -> None:
    photo = decode(file_of(scene(1600, 1200), "JPEG"), min_side=200)
    assert photo.pixels.shape == (300, 400, 3)
    assert (photo.width, photo.height) == (1600, 1200)


def test_other_formats_are_reduced_to_no_less_than_is_needed() -> None:
    photo = decode(file_of(scene(1600, 1200), "PNG"), min_side=200)
    assert photo.pixels.shape == (200, 267, 3)
    assert (photo.width, photo.height) == (1600, 1200)


def test_a_turned_photo_tells_its_upright_size_after_a_reduced_decode() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = decode(file_of(scene(1600, 800), "JPEG", exif=exif), min_side=200)
    assert (photo.width, photo.height) == (800, 1600)
    assert photo.pixels.shape == (400, 200, 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_greys_are_divided_by_257(kind: str) -> None:
    grey = np.array([[0, 257, 25_700, 65_535]], np.uint16)
    photo = decode(file_of(Image.fromarray(grey), kind), min_side=448)
    assert photo.pixels[0, :, 0].tolist() == [0, 1, 100, 255]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_laid_on_white(kind: str) -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    photo = decode(file_of(image, kind, lossless=True), min_side=448)
    assert (photo.pixels == 255).all()


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((1, 0), 1)
    photo = decode(file_of(image, "PNG", transparency=0), min_side=448)
    assert photo.pixels[0, :2].tolist() == [[255, 255, 255], [0, 200, 0]]


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "CMYK", "YCbCr"])
def test_other_colour_modes_become_rgb(mode: str) -> None:
    image = Image.new("RGB", (30, 20), (128, 128, 128)).convert(mode)
    kind = "TIFF" if mode in ("LA", "YCbCr") else "JPEG" if mode == "CMYK" else "PNG"
    photo = decode(file_of(image, kind), min_side=448)
    assert photo.pixels.shape == (20, 30, 3)
    assert abs(photo.pixels.mean() - 128) < 4


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    data = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert decode(data, min_side=448).pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", SUFFIXES)
@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_a_truncated_file_is_never_half_a_picture(kind: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    data = file_of(Image.fromarray(noise), kind)
    with pytest.raises(UndecodablePhoto):
        decode(data[: int(len(data) * part)], min_side=448)


def test_a_truncated_progressive_jpeg_is_refused_at_a_reduced_scale() -> None:
    data = file_of(scene(1600, 1200), "JPEG", progressive=True)
    with pytest.raises(UndecodablePhoto):
        decode(data[: len(data) // 2], min_side=100)


def test_bombs_and_texts_are_refused() -> None:
    with pytest.raises(TooManyPixels):
        decode(png_header(12_000, 12_000), min_side=448)
    with pytest.raises(UnsupportedFormat):
        decode(b"hello", min_side=448)
    with pytest.raises(UndecodablePhoto):
        decode(png_header(20, 20), min_side=448)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_leaves_the_photo_as_it_is() -> None:
    data = file_of(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xee" * 40)
    assert decode(data, min_side=448).pixels.shape == (40, 60, 3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1280, 720), (1280, 720)),
        ((1600, 1200), (1600, 1200)),
        ((2560, 1920), (960, 720)),
        ((4032, 3024), (1008, 756)),
    ],
)
def test_a_jpeg_has_as_many_pixels_as_both_sides_ask_for(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    photo = decode(file_of(scene(*size), "JPEG"), min_side=512, min_long_side=960)
    assert photo.pixels.shape == (expected[1], expected[0], 3)
    assert (photo.width, photo.height) == size


@pytest.mark.parametrize("size", [(1000, 20_000), (20_000, 1000), (32_768, 600), (1999, 1999)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_no_photo_keeps_more_pixels_than_are_of_use(kind: str, size: tuple[int, int]) -> None:
    photo = decode(file_of(scene(*size), kind), min_side=512, min_long_side=960)
    height, width, _ = photo.pixels.shape
    assert KEPT_PIXELS / 4 < height * width <= KEPT_PIXELS
    assert width / height == pytest.approx(size[0] / size[1], rel=0.01)


def test_a_photo_of_one_pixel_is_a_photo() -> None:
    assert decode(file_of(scene(1, 1), "PNG"), min_side=512).pixels.shape == (1, 1, 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_is_converted_in_bands_is_as_in_one_piece(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = file_of(scene(901, 607), kind, icc_profile=profile_of_cicp(12, 13))
    whole = decode(data, min_side=100).pixels
    monkeypatch.setattr("pictures.decoding.decode._BAND", 5_000)
    np.testing.assert_array_equal(decode(data, min_side=100).pixels, whole)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_hidden_pixels_do_not_shine_through_at_a_reduced_scale(kind: str) -> None:
    image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 201, 400))
    pixels = decode(file_of(image, kind, lossless=True), min_side=100).pixels
    assert pixels.shape == (100, 100, 3)
    assert pixels[0, 50].tolist() == pytest.approx([191, 191, 255], abs=2)


def test_grey_with_transparency_keeps_both() -> None:
    image = Image.new("LA", (8, 8), (50, 255))
    image.putpixel((0, 0), (50, 0))
    pixels = decode(file_of(image, "PNG"), min_side=100).pixels
    assert pixels[0, :2].tolist() == [[255, 255, 255], [50, 50, 50]]


@pytest.mark.parametrize("turned", [1, 6])
def test_an_mpo_and_what_hangs_behind_a_jpeg_are_passed_over(turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    more = [Image.new("RGB", (60, 40), "yellow")]
    data = file_of(scene(), "MPO", save_all=True, append_images=more, exif=exif)
    photo = decode(data + b"\xff\xd8\xff\xda motion photo" * 50, min_side=100)
    assert (photo.width, photo.height) == ((60, 40) if turned == 1 else (40, 60))
    assert photo.format == "JPEG"


def test_metadata_of_any_kind_changes_no_pixel() -> None:
    data = file_of(scene(), "JPEG")
    junk = b"\xff\xfe\x00\x06junk" + b"\xff\xe1\x00\x08\xff\xda\xff\xd9\xff\xd8" + b"\xff\xff"
    np.testing.assert_array_equal(
        decode(data[:2] + junk + data[2:], min_side=100).pixels, decode(data, min_side=100).pixels
    )
