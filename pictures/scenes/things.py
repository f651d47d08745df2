"""What people make: crockery, tools, boxes, streets."""

import numpy as np
from PIL import Image, ImageDraw

from pictures.drawn_leaves.noise import Field
from pictures.scenes.canvas import Shape, any_colour, ground, near, shaded, to_image


def household(rng: np.random.Generator, shape: Shape) -> Field:
    """Plates, bottles, boxes and cables in a heap."""
    image = ground(rng, shape)
    pen, side = ImageDraw.Draw(image), min(shape)
    for _ in range(rng.integers(2, 9)):
        x, y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        wide, high = rng.uniform(0.06, 0.3, 2) * side
        box, colour = [x - wide, y - high, x + wide, y + high], any_colour(rng)
        match rng.integers(4):
            case 0:
                pen.rounded_rectangle(box, 0.2 * min(wide, high), fill=colour, outline=(30, 30, 30))
            case 1:
                pen.ellipse(box, fill=colour)
                inner = [x - wide * 0.7, y - high * 0.7, x + wide * 0.7, y + high * 0.7]
                pen.ellipse(inner, fill=near(rng, colour, 25))
            case 2:
                pen.rectangle([x - wide / 3, y - high, x + wide / 3, y + high], fill=colour)
                pen.rectangle([x - wide / 8, y - high * 1.5, x + wide / 8, y - high], fill=colour)
            case _:
                points = np.cumsum(rng.normal(0, 0.12 * side, (6, 2)), axis=0) + np.array([x, y])
                pen.line(
                    [(a, b) for a, b in points.tolist()], fill=colour, width=max(2, side // 60)
                )
    return shaded(rng, image, 0.005 * side, 0.12)


def street(rng: np.random.Generator, shape: Shape) -> Field:
    """Houses with windows over a road with marks."""
    height, width = shape
    sky = np.broadcast_to(np.array(near(rng, (170, 195, 220), 30)) / 255, (*shape, 3))
    image: Image.Image = to_image(np.asarray(sky, np.float32))
    pen, x, kerb = ImageDraw.Draw(image), 0.0, height * rng.uniform(0.6, 0.8)
    while x < width:
        wide, roof, wall = (
            width * rng.uniform(0.15, 0.35),
            height * rng.uniform(0.1, 0.4),
            any_colour(rng, 70, 220),
        )
        pen.rectangle([x, roof, x + wide, kerb], fill=wall)
        pane = wide * rng.uniform(0.12, 0.2)
        for left in np.arange(x + pane, x + wide - pane, 2 * pane):
            for top in np.arange(roof + pane, kerb - 2 * pane, 2.4 * pane):
                pen.rectangle(
                    [left, top, left + pane, top + 1.4 * pane], fill=near(rng, (70, 85, 100), 40)
                )
        x += wide
    pen.rectangle([0, kerb, width, height], fill=near(rng, (95, 95, 98), 15))
    for left in np.arange(0, width, width / 5):
        mark = [left, (kerb + height) / 2, left + width / 12, (kerb + height) / 2 + height / 50]
        pen.rectangle(mark, fill=(225, 225, 220))
    return shaded(rng, image, 0.6)
