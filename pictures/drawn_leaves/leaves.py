"""Sample leaves that the project draws itself, with lesions at known places.

The same seed always gives the same leaf, ground and light, whatever the kind: the healthy leaf is
the twin of every sick one, and `lesions` says exactly where the two differ.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pictures.drawn_leaves.diseases import DISEASES
from pictures.drawn_leaves.grounds import GROUNDS, Ground
from pictures.drawn_leaves.lesions import DrawnLesions, draw_lesions
from pictures.drawn_leaves.noise import Field, mixed, softened
from pictures.drawn_leaves.shapes import SHAPES, Points, Shape
from pictures.drawn_leaves.surface import Surface, lit, surface

KINDS: tuple[str, ...] = ("healthy", *DISEASES)
_FINE = 3  # outlines are drawn this much larger, then averaged


@dataclass(frozen=True)
class DrawnLeaf:
    """`lesions` and `leaf` are masks of the photo's size (h, w)."""

    photo: Image.Image
    lesions: NDArray[np.bool_]
    leaf: NDArray[np.bool_]
    kind: str


@dataclass(frozen=True)
class _Place:
    """Where the leaf lies in a photo of `size`."""

    size: tuple[int, int]
    shape: Shape
    centre: tuple[float, float]
    length: float
    angle: float

    def pixels(self, points: Points) -> list[tuple[float, float]]:
        u, v = points[:, 0], points[:, 1]
        along, across = (u - self.shape.middle) * self.length, (v + self.shape.bow(u)) * self.length
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        x = self.centre[0] + along * cos - across * sin
        y = self.centre[1] + along * sin + across * cos
        return [(float(a) * _FINE, float(b) * _FINE) for a, b in zip(x, y, strict=True)]

    def coordinates(self) -> tuple[Field, Field]:
        """`u` and `v` of every pixel."""
        rows, columns = np.mgrid[0 : self.size[1], 0 : self.size[0]].astype(np.float32)
        right, down = columns - self.centre[0], rows - self.centre[1]
        cos, sin = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        u = (right * cos + down * sin) / np.float32(self.length) + np.float32(self.shape.middle)
        v = (down * cos - right * sin) / np.float32(self.length)
        return u, (v - self.shape.bow(u)).astype(np.float32)


@dataclass(frozen=True)
class _Outlines:
    """What of each pixel is blade, blade or stalk, and vein, 0 to 1."""

    blade: Field
    leaf: Field
    veins: Field


def _placed(rng: np.random.Generator, seed: int, size: tuple[int, int]) -> _Place:
    shape = SHAPES[seed % len(SHAPES)](rng)
    width, height = size
    x, y = (side / 2.0 + min(size) * rng.uniform(-0.05, 0.05) for side in (width, height))
    tilt = rng.uniform(0.2, 0.75) if shape.ribbed else rng.uniform(-0.5, 0.5)
    upright = -np.pi / 2.0 if height > width or shape.name == "lobed" else -0.35
    angle = upright + tilt * (1.0 if rng.random() < 0.5 else -1.0)
    return _Place(size, shape, (x, y), shape.length * min(size), angle)


def _drawn(size: tuple[int, int], lines: list[tuple[list[tuple[float, float]], float]]) -> Field:
    """Lines of (points, width at the start), each tapering to a third of its width."""
    canvas = Image.new("L", (size[0] * _FINE, size[1] * _FINE))
    pen = ImageDraw.Draw(canvas)
    for points, width in lines:
        steps = len(points) - 1
        for step in range(steps):
            thick = max(1, round(width * _FINE * (1.0 - 0.67 * step / steps)))
            pen.line(points[step : step + 2], fill=255, width=thick, joint="curve")
    return np.asarray(canvas.reduce(_FINE), dtype=np.float32) / 255.0


def _outlines(place: _Place) -> _Outlines:
    canvas = Image.new("L", (place.size[0] * _FINE, place.size[1] * _FINE))
    ImageDraw.Draw(canvas).polygon(place.pixels(place.shape.outline), fill=255)
    blade = np.asarray(canvas.reduce(_FINE), dtype=np.float32) / 255.0
    lines = [(place.pixels(vein.points), vein.width * place.length) for vein in place.shape.veins]
    veins = _drawn(place.size, lines)
    stalk = _drawn(place.size, lines[:1])
    return _Outlines(blade, np.maximum(blade, stalk), veins)


def _with_lesions(clean: Surface, lesions: DrawnLesions, blade: Field) -> Surface:
    colour = mixed(clean.colour, lesions.colour, lesions.opacity * blade)
    return Surface(colour, clean.height + lesions.relief)


def _shadowed(ground: Ground, leaf: Field, sun: tuple[float, float], reach: float) -> Field:
    """The ground with the leaf's shadow, which falls away from the sun."""
    if not ground.shadow:
        return ground.picture
    down, right = round(-sun[1] * reach), round(-sun[0] * reach)
    room = max(abs(down), abs(right))
    moved = np.roll(np.pad(leaf, room, mode="edge"), (down, right), axis=(0, 1))
    fallen = softened(moved[room : -room or None, room : -room or None], max(2.0, reach / 7.0))
    return ground.picture * (1.0 - ground.shadow * np.clip(fallen, 0.0, 1.0))[..., None]


def _exposed(rng: np.random.Generator, picture: Field) -> Image.Image:
    """The picture as a camera takes it: vignette and grain."""
    rows, columns = (np.linspace(-1.0, 1.0, side, dtype=np.float32) for side in picture.shape[:2])
    vignette = 1.0 - 0.1 * (rows[:, None] ** 2 + columns[None, :] ** 2)
    grain = rng.standard_normal(picture.shape[:2], dtype=np.float32) * 0.012
    exposed = picture * (vignette * rng.uniform(0.95, 1.08))[..., None] + grain[..., None]
    return Image.fromarray((np.clip(exposed, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))


def draw_leaf(kind: str = "spots", seed: int = 0, size: tuple[int, int] = (640, 480)) -> DrawnLeaf:
    """One leaf of `kind` on some ground; `size` is (width, height)."""
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; known are {', '.join(KINDS)}")
    rng = np.random.default_rng(seed)
    place = _placed(rng, seed, size)
    ground = GROUNDS[(seed + seed // 3) % 3](rng, (size[1], size[0]), min(size) / 480)
    drawn = _outlines(place)
    skin = surface(rng, place.shape, place.coordinates(), drawn.veins, place.length)
    ill = np.zeros(drawn.blade.shape, dtype=np.bool_)
    if kind != "healthy":
        sick = np.random.default_rng([seed, KINDS.index(kind)])
        lesions = draw_lesions(DISEASES[kind], sick, drawn.blade > 0.99, place.angle)
        skin = _with_lesions(skin, lesions, drawn.blade)
        ill = (lesions.rho < 1.0) & (drawn.blade > 0.5)
    sun = (float(rng.choice([-0.7, 0.7])), float(rng.uniform(-0.9, -0.4)))
    behind = _shadowed(ground, drawn.leaf, sun, rng.uniform(0.03, 0.07) * min(size))
    photo = _exposed(rng, mixed(behind, lit(rng, skin, sun), drawn.leaf))
    return DrawnLeaf(photo, ill, drawn.leaf > 0.5, kind)
