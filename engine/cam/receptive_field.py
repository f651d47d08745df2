"""Which part of a photo the cells of a feature map stand for.

Cell i of a layer is centred on pixel `first` + `step` * i of the input. Both follow from kernels,
strides and paddings on the way (Araujo et al. 2019, "Computing receptive fields of convolutional
neural networks"), and from where in its window a trained kernel has its weight: the middle of the
window is seldom what counts most (Luo et al. 2016, "Understanding the effective receptive field in
deep convolutional neural networks").
"""

from collections.abc import Callable, MutableMapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from engine.cam.hooks import eval_mode, replace_output
from pictures.maps import WHOLE, Box


class Axis(NamedTuple):
    """Pixels of the input from one cell to the next, and the one that cell 0 is centred on."""

    step: float = 1.0
    first: float = 0.0

    def after(self, centre: float, stride: float = 1) -> "Axis":
        """The cells of a window that moves by `stride` of these cells, and is first centred on cell
        `centre`."""
        return Axis(self.step * stride, self.first + centre * self.step)

    def span(self, cells: int, pixels: int) -> tuple[float, float]:
        """Where `cells` begin and end, in parts of `pixels`."""
        start = (self.first + 0.5 - self.step / 2) / pixels
        return start, start + cells * self.step / pixels


Grid = tuple[Axis, Axis]
_known: WeakKeyDictionary[nn.Module, dict[tuple[nn.Module, torch.Size], Box]] = WeakKeyDictionary()


def receptive_field_box(model: nn.Module, layer: nn.Module, inputs: Tensor) -> Box:
    """The part of `inputs` (N, 3, H, W) that the map of `layer` covers: left, top, right and
    bottom, in parts of width and height. It may begin a cell left of 0, or right of it.

    Costs one forward pass of one photo, once for each model, layer and size. Where sliding windows
    do not lead to the layer, as behind the tokens of a transformer, the map is taken to cover the
    photo.
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
        sources = [x for x in _tensors(args) if x in self.grids]
        made = next(iter(_tensors((output,))), None)
        if sources and made is not None and (grid := self._followed(func, args, sources, made)):
            self.grids[made] = grid
        return output

    def _followed(
        self, func: Any, args: tuple[Any, ...], sources: Sequence[Tensor], made: Tensor
    ) -> Grid | None:
        if windows := _WINDOWS.get(func.overloadpacket):
            return windows(self.grids[sources[0]], *args)
        return _middle([self.grids[x] for x in sources if x.shape[2:] == made.shape[2:]])


def _tensors(values: Sequence[Any]) -> Sequence[Tensor]:
    """The maps among values, and among the members of those that are lists."""
    flat = [x for value in values for x in (value if isinstance(value, (list, tuple)) else [value])]
    return [x for x in flat if isinstance(x, Tensor) and x.ndim == 4]


def _middle(grids: Sequence[Grid]) -> Grid | None:
    """The grid of maps that are added or joined: cells as wide, centred in between."""
    if not grids:
        return None
    rows, columns = zip(*grids, strict=True)
    return _mean(rows), _mean(columns)


def _mean(axes: Sequence[Axis]) -> Axis:
    return axes[0]._replace(first=fmean(axis.first for axis in axes))


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
    if transposed:
        return None
    centres = [each * apart for each, apart in zip(_centres(kernels), dilation, strict=True)]
    return _slid(grid, centres, stride, pad)


def _centres(kernels: Tensor) -> tuple[float, float]:
    """The row and the column that the filters (K, C, h, w) are centred on: the centre of mass of
    the squared weights of each, and of these the mean.

    Each filter counts alike, so that a norm that is folded into them moves nothing; one without any
    weight is centred on its middle.
    """
    energy = kernels.detach().cpu().double().square().sum(1)
    total = energy.sum((1, 2), keepdim=True)
    parts = torch.where(total > 0, energy / total, 1 / energy[0].numel()).mean(0)
    rows, columns = (torch.arange(count, dtype=parts.dtype) for count in parts.shape)
    return float(parts.sum(1) @ rows), float(parts.sum(0) @ columns)


def _pooled(
    grid: Grid, _: Tensor, kernel: Sequence[int], stride: Any = (), pad: Any = (0,), *__: Any
) -> Grid:
    return _slid(grid, [(size - 1) / 2 for size in kernel], stride or kernel, pad)


def _slid(grid: Grid, *sizes: Sequence[float]) -> Grid:
    """Centre in the window, stride and padding, each for rows and columns, or one for both."""
    sides = [[size[axis % len(size)] for size in sizes] for axis in (0, 1)]
    rows, columns = (
        axis.after(centre - pad, stride)
        for axis, (centre, stride, pad) in zip(grid, sides, strict=True)
    )
    return rows, columns


def _padded(grid: Grid, _: Tensor, pad: Sequence[int], *__: Any) -> Grid:
    """pad: left, right, top, bottom."""
    return grid[0].after(-pad[2]), grid[1].after(-pad[0])


def _enlarged(grid: Grid, cells: Tensor, size: Sequence[int], *__: Any) -> Grid:
    """Each cell repeated, to as many as `size` says: their own cell is the middle of them."""
    parts = [old / new for old, new in zip(cells.shape[2:], size, strict=True)]
    rows, columns = (
        axis.after((part - 1) / 2, part) for axis, part in zip(grid, parts, strict=True)
    )
    return rows, columns


_WINDOWS: dict[Any, Callable[..., Grid | None]] = {
    torch.ops.aten.convolution: _convolved,
    torch.ops.aten.max_pool2d_with_indices: _pooled,
    torch.ops.aten.avg_pool2d: _pooled,
    torch.ops.aten.constant_pad_nd: _padded,
    torch.ops.aten.reflection_pad2d: _padded,
    torch.ops.aten.replication_pad2d: _padded,
    torch.ops.aten.upsample_nearest2d: _enlarged,
}
