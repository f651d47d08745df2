"""What holds for every input: maps, batches, scales, damaged files."""

import io
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.cam.gradcam import GradCAM
from engine.cam.torch_methods import METHODS, divide_by_peak, get_method
from engine.photos.decode import decode
from pictures.errors import PhotoError
from pictures.rendering.blend import blend
from tests.engine.networks import network, photos
from tests.pictures.files import SUFFIXES, file_of, scene

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize("name", METHODS)
@given(seed=SEEDS, scale=st.floats(1e-3, 1e3), shape=st.tuples(*[st.integers(1, 5)] * 3))
@settings(max_examples=50, deadline=None)
def test_maps_lie_between_0_and_1(
    name: str, seed: int, scale: float, shape: tuple[int, int, int]
) -> None:
    generator = torch.Generator().manual_seed(seed)
    activations, gradients = (torch.randn(2, *shape, generator=generator) for _ in "AG")
    maps = divide_by_peak(get_method(name)(activations * scale, gradients))
    assert maps.shape == (2, *shape[1:])
    assert torch.isfinite(maps).all()
    assert float(maps.min()) >= 0
    assert all(float(one.max()) in (0.0, 1.0) for one in maps)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "gradcam++"])
@given(seed=SEEDS, factor=st.floats(0.01, 100))
@settings(max_examples=50, deadline=None)
def test_logits_scaled_by_a_positive_factor_give_the_same_map(
    name: str, seed: int, factor: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    activations = torch.rand(2, 4, 3, 3, generator=generator)
    gradients = torch.randn(2, 4, 3, 3, generator=generator)
    one, other = (
        divide_by_peak(get_method(name)(activations, gradients * by)) for by in (1.0, factor)
    )
    torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("layer", "kind"), [("block4", torch.float32), ("block2", torch.float64)])
@given(seed=SEEDS, count=st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_a_photos_map_does_not_depend_on_its_batch(
    layer: str, kind: torch.dtype, seed: int, count: int
) -> None:
    # Where positive and negative channels nearly cancel, a map of an early layer is small, and
    # the rounding of float32, which differs with the batch, is large beside it. So the model runs
    # in float64; the maps themselves are always summed in float32.
    cam, batch = GradCAM(network(seed=4).to(kind), layer), photos(count, seed=seed).to(kind)
    classes = [seed % 7] * count
    together = cam(batch, classes)
    alone = np.stack([cam(x, classes[0]) for x in batch])
    np.testing.assert_allclose(together, alone, atol=1e-4)


@cache
def whole(kind: str) -> bytes:
    return file_of(scene(), kind)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", SUFFIXES)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_a_photo_or_one_of_our_errors(kind: str, data: st.DataObject) -> None:
    broken = bytearray(whole(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    start, end = sorted(data.draw(st.integers(0, len(broken))) for _ in "ab")
    if data.draw(st.booleans()):
        del broken[start:end]
    try:
        photo = decode(bytes(broken), min_side=32, max_pixels=1_000_000)
    except PhotoError:
        return
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3


@given(
    width=st.integers(16, 90),
    height=st.integers(16, 90),
    row=st.floats(0.1, 0.9),
    column=st.floats(0.1, 0.9),
    orientation=st.integers(1, 8),
)
@settings(max_examples=60, deadline=None)
def test_a_map_lands_where_it_belongs_at_every_aspect_and_orientation(
    width: int, height: int, row: float, column: float, orientation: int
) -> None:
    # A bright square in the upright photo; the brightness of the stretched input is the map.
    upright = np.zeros((height, width, 3), np.uint8)
    top, left = int(row * (height - 3)), int(column * (width - 3))
    upright[top : top + 3, left : left + 3] = 255
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    stored = Image.fromarray(upright)
    stored = stored if turn is None else stored.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    stored.save(stream, "PNG", exif=exif)
    photo = decode(stream.getvalue(), min_side=112)
    small = np.asarray(Image.fromarray(photo.pixels).resize((14, 14), Image.Resampling.BILINEAR))
    heat = small[..., 0].astype(np.float32)
    made = blend(photo.pixels, heat / heat.max(), "bone", 1.0)[..., 0].astype(float)
    y, x = np.unravel_index(made.argmax(), made.shape)
    assert abs(y - (top + 1)) <= max(1.5, height / 14)
    assert abs(x - (left + 1)) <= max(1.5, width / 14)
