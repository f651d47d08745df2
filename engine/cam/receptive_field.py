"""Which part of a photo the cells of a feature map stand for.

Cell i of a layer is centred on pixel `first` + `step` * i of the input; both follow from kernels,
strides and paddings on the way (Araujo et al. 2019, "Computing receptive fields of convolutional
neural networks"). Where each halving pads both sides alike, as in most networks, cell 0 is centred
on pixel 0 and not on the middle of the first `step` pixels: drawn as if it covered the photo, the
map lies half a cell too far to the lower right.
"""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from engine.cam.hooks import eval_mode, replace_output
from pictures.rendering.blend import WHOLE, Box


class Axis(NamedTuple):
    """Pixels of the input from one cell to the next, and the one that cell 0 is centred on."""

    step: float = 1.0
    first: float = 0.0

    def after(self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> "Axis":
        """The cells of a window that slides over these."""
        middle = dilation * (kernel - 1) / 2 - padding
        return Axis(self.step * stride, self.first + middle * self.step)

    def span(self, cells: int, pixels: int) -> tuple[float, float]:
        """Where `cells` begin and end, in parts of `pixels`."""
        start = (self.first + 0.5 - self.step / 2) / pixels
        return start, start + cells * self.step / pixels


Grid = tuple[Axis, Axis]
_known: WeakKeyDictionary[nn.Module, dict[tuple[nn.Module, torch.Size], Box]] = WeakKeyDictionary()


def receptive_field_box(model: nn.Module, layer: nn.Module, inputs: Tensor) -> Box:
    """The part of `inputs` (N, 3, H, W) that the map of `layer` covers: left, top, right and
    bottom, in parts of width and height. As a rule it begins about half a cell left of 0.

    Costs one forward pass of one photo, once for each model, layer and size. Where sliding windows
    alone do not lead to the layer, as behind the tokens of a transformer, the map is taken to cover
    the photo.
    """
    known, key = _known.setdefault(model, {}), (layer, inputs.shape[1:])
    if key not in known:
        known[key] = _trace_box(model, layer, torch.zeros_like(inputs[:1]))
    return known[key]


def _trace_box(model: nn.Module, layer: nn.Module, photo: Tensor) -> Box:
    tracker = _Tracker(photo)
    boxes = [WHOLE]

    def keep(output: Any) -> Any:
        if isinstance(output, Tensor) and (grid := tracker.grids.get(output)):
            (top, bottom), (left, right) = map(Axis.span, grid, output.shape[2:], photo.shape[2:])
            boxes[:] = [Box(left, top, right, bottom)]
        return output

    with torch.no_grad(), eval_mode(model), replace_output(layer, keep), tracker:
        model(photo)
    return boxes[0]


class _Tracker(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows the grid of `photo` through every operation that is applied to it."""

    def __init__(self, photo: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.grids: MutableMapping[Any, Grid] = WeakTensorKeyDictionary()
        self.grids[photo] = Axis(), Axis()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        source = next((x for x in _tensors(args) if x in self.grids), None)
        made = next(iter(_tensors((output,))), None)
        if source is not None and made is not None:
            windows = _WINDOWS.get(func.overloadpacket)
            if windows and (grid := windows(self.grids[source], *args)):
                self.grids[made] = grid
            elif not windows and made.shape[2:] == source.shape[2:]:
                self.grids[made] = self.grids[source]
        return output


def _tensors(values: Sequence[Any]) -> Sequence[Tensor]:
    """The maps among values, and among the members of those that are lists."""
    flat = [x for value in values for x in (value if isinstance(value, (list, tuple)) else [value])]
    return [x for x in flat if isinstance(x, Tensor) and x.ndim == 4]


def _slid(grid: Grid, *sizes: Sequence[int]) -> Grid:
    """Kernel, stride, padding and dilation, each for rows and columns, or one for both."""
    rows, columns = ([size[axis % len(size)] for size in sizes] for axis in (0, 1))
    return grid[0].after(*rows), grid[1].after(*columns)


def _convolved(
    grid: Grid,
    _: Tensor,
    kernels: Tensor,
    _bias: Any,
    stride: Any,
    pad: Any,
    dilation: Any,
    transposed: bool,
    *__: Any,
) -> Grid | None:
    return None if transposed else _slid(grid, kernels.shape[2:], stride, pad, dilation)


def _pooled(
    grid: Grid, _: Tensor, kernel: Any, stride: Any = (), pad: Any = (0,), *__: Any
) -> Grid:
    return _slid(grid, kernel, stride or kernel, pad)


def _padded(grid: Grid, _: Tensor, pad: Sequence[int], *__: Any) -> Grid:
    """pad: left, right, top, bottom."""
    return grid[0].after(1, 1, pad[2]), grid[1].after(1, 1, pad[0])


_WINDOWS: dict[Any, Callable[..., Grid | None]] = {
    torch.ops.aten.convolution: _convolved,
    torch.ops.aten.max_pool2d_with_indices: _pooled,
    torch.ops.aten.avg_pool2d: _pooled,
    torch.ops.aten.constant_pad_nd: _padded,
    torch.ops.aten.reflection_pad2d: _padded,
    torch.ops.aten.replication_pad2d: _padded,
}
