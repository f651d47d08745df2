"""What each disease does to a leaf: how many lesions, what shape, what colour from middle to rim.

A colour stop is (rho, red, green, blue, opacity); `rho` is 0 in a lesion's middle and 1 at its rim.
"""

from dataclasses import dataclass

Stop = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Disease:
    """Sizes are shares of the photo's short side. `apart` is the least distance between two
    lesions in radii, `ragged` how far noise moves the rim, `grain` the size of that noise in radii,
    `stretch` the longest side over the shortest, `rise` the height of the lesion in radii."""

    count: tuple[int, int]
    radius: tuple[float, float]
    stops: tuple[Stop, ...]
    apart: float = 0.0
    ragged: float = 0.2
    grain: float = 0.6
    stretch: float = 1.3
    rise: float = 0.0
    rough: float = 0.0


DISEASES: dict[str, Disease] = {
    "spots": Disease(
        count=(9, 20),
        radius=(0.014, 0.036),
        apart=1.5,
        ragged=0.16,
        rise=-0.06,
        rough=0.10,
        stops=(
            (0.00, 0.62, 0.50, 0.36, 1.0),
            (0.30, 0.48, 0.34, 0.20, 1.0),
            (0.42, 0.34, 0.22, 0.13, 1.0),
            (0.58, 0.46, 0.31, 0.18, 1.0),
            (0.74, 0.29, 0.18, 0.10, 1.0),
            (0.95, 0.19, 0.12, 0.07, 0.97),
            (1.08, 0.58, 0.56, 0.16, 0.72),
            (1.70, 0.66, 0.68, 0.22, 0.0),
        ),
    ),
    "blight": Disease(
        count=(1, 3),
        radius=(0.11, 0.19),
        apart=1.1,
        ragged=0.34,
        grain=0.55,
        stretch=1.7,
        rise=-0.02,
        rough=0.22,
        stops=(
            (0.00, 0.60, 0.46, 0.30, 1.0),
            (0.55, 0.52, 0.38, 0.23, 1.0),
            (0.84, 0.38, 0.25, 0.14, 1.0),
            (0.97, 0.24, 0.17, 0.10, 0.95),
            (1.06, 0.30, 0.32, 0.14, 0.75),
            (1.22, 0.60, 0.64, 0.26, 0.45),
            (1.50, 0.62, 0.68, 0.28, 0.0),
        ),
    ),
    "rust": Disease(
        count=(170, 300),
        radius=(0.004, 0.0095),
        apart=1.0,
        ragged=0.12,
        grain=0.8,
        stretch=2.0,
        rise=0.28,
        stops=(
            (0.00, 0.72, 0.38, 0.14, 1.0),
            (0.60, 0.60, 0.28, 0.09, 1.0),
            (0.98, 0.46, 0.20, 0.06, 0.95),
            (1.20, 0.60, 0.56, 0.20, 0.55),
            (2.10, 0.66, 0.64, 0.28, 0.0),
        ),
    ),
    "scab": Disease(
        count=(6, 12),
        radius=(0.026, 0.062),
        apart=1.0,
        ragged=0.30,
        grain=0.55,
        stretch=1.5,
        rise=0.03,
        rough=0.16,
        stops=(
            (0.00, 0.17, 0.155, 0.10, 0.96),
            (0.55, 0.21, 0.19, 0.11, 0.94),
            (0.92, 0.28, 0.26, 0.13, 0.80),
            (1.10, 0.36, 0.38, 0.16, 0.30),
            (1.40, 0.40, 0.44, 0.20, 0.0),
        ),
    ),
    "mosaic": Disease(
        count=(24, 36),
        radius=(0.032, 0.075),
        apart=0.5,
        ragged=0.30,
        grain=0.7,
        stretch=2.2,
        stops=(
            (0.00, 0.76, 0.78, 0.42, 0.9),
            (0.60, 0.72, 0.75, 0.39, 0.78),
            (1.00, 0.58, 0.66, 0.28, 0.45),
            (1.45, 0.50, 0.60, 0.25, 0.0),
        ),
    ),
}
