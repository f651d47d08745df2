"""Pictures of anything but a leaf, drawn: what a model must not take for one.

The same kind, seed and size always give the same picture. Kinds in TRAIN_KINDS may be used in
training and calibration; those in UNSEEN_KINDS are kept for judging alone, so that a figure on
them says something about pictures that nobody thought of.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from pictures.drawn_leaves.noise import Field
from pictures.scenes import bodies, outdoors, patterns, plain, things, writing

Draw = Callable[[np.random.Generator, tuple[int, int]], Field]
_TRAIN: dict[str, Draw] = {
    "bokeh": outdoors.bokeh,
    "document": writing.document,
    "fabric": patterns.fabric,
    "flat": plain.flat,
    "gradient": plain.gradient,
    "hand": bodies.hand,
    "household": things.household,
    "noise": plain.noise,
    "skin": bodies.skin,
    "sky": outdoors.sky,
    "soil": outdoors.soil,
    "stripes": patterns.stripes,
    "table": plain.table_top,
    "wood": patterns.wood,
}
_UNSEEN: dict[str, Draw] = {
    "animal": bodies.animal,
    "bricks": patterns.bricks,
    "checkers": patterns.checkers,
    "face": bodies.face,
    "grass": outdoors.grass,
    "gravel": outdoors.gravel,
    "handwriting": writing.handwriting,
    "screen": writing.screen,
    "street": things.street,
    "water": outdoors.water,
}
TRAIN_KINDS: tuple[str, ...] = tuple(_TRAIN)
UNSEEN_KINDS: tuple[str, ...] = tuple(_UNSEEN)
_DRAW = _TRAIN | _UNSEEN
SCENES: tuple[str, ...] = tuple(_DRAW)


def draw_scene(kind: str, seed: int = 0, size: tuple[int, int] = (240, 240)) -> Image.Image:
    """One scene of `kind`, RGB; `size` is (width, height). Raises ValueError for another kind."""
    if kind not in _DRAW:
        raise ValueError(f"kind is {kind!r}; known are {', '.join(SCENES)}")
    rng = np.random.default_rng([seed, SCENES.index(kind)])
    picture = _DRAW[kind](rng, (size[1], size[0]))
    grain = rng.standard_normal(picture.shape[:2], dtype=np.float32) * rng.uniform(0.0, 0.02)
    exposed = picture * np.float32(rng.uniform(0.85, 1.1)) + grain[..., None]
    return Image.fromarray((np.clip(exposed, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))
