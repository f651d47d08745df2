"""The pixels of a picture, as an array."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""uint8 (h, w, 3) RGB, or (h, w) of greys."""
