"""Maps as reports hold them; `static/heat.js` draws them."""

from base64 import b64encode
from typing import Any

from pictures.maps import Box, Map
from pictures.rendering.blend import levels


def encode_map(heatmap: Map, box: Box) -> dict[str, Any]:
    """A map as JSON: 8-bit rows in base64, about 350 characters, and the box that it covers."""
    height, width = heatmap.shape
    data = b64encode(levels(heatmap).tobytes()).decode()
    return {"width": width, "height": height, "box": box.to_dict(), "data": data}
