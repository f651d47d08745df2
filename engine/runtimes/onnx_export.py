"""The graph of a card's model as one ONNX file, which needs no torch to run.

It takes `photos`, float32 (N, 3, size, size), as `prepare` makes them, and gives `logits`
(N, classes), the target layer's `activations` (N, K, h, w), and a constant `box` (4,), what a map
stands for. Where pooling and one linear layer follow the target layer, their `weights` (classes, K)
are a constant too. For any other head there are `gradients` (1, K, h, w) of choice * logits by two
more inputs: `maps`, the activations of a photo, and `choice` (1, classes).
"""

import io
import tempfile
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from engine.cam.array_output import Array
from engine.cam.gradcam import find_layer
from engine.errors import WrongLayer
from engine.runtimes.gradient_graph import trace_gradients
from engine.runtimes.openvino import GraphFile
from engine.runtimes.openvino_export import WithMaps
from engine.runtimes.parity import disagreement, probe_batch
from engine.runtimes.torch import TorchRuntime, torch_runtime
from models.cards.card import Card
from models.networks.weights import load_network

_OPSET = 18
_LEAST = 256  # numbers; what is smaller saves nothing


def export_onnx(card: Card) -> bytes:
    """The file, after its graph has been compared with torch on drawn leaves.

    Weights that float16 holds without a loss are kept in it. Raises CardError for a wrong card,
    WrongLayer for a graph that disagrees with torch.
    """
    reference = torch_runtime(load_network(card), card, torch.device("cpu"))
    network = load_network(card)  # its norms are not folded: the products are no float16
    model = _trace(network, card, with_gradients=reference.head is None)
    _store_in_float16(model)
    if reference.head is not None:
        _add_constant(model, "weights", reference.head.weight.detach().numpy())
    _add_constant(model, "box", np.array(reference.box(card.preprocessing.size), np.float32))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    _compare_with_torch(content, reference, card)
    return content


def _trace(network: nn.Module, card: Card, *, with_gradients: bool) -> onnx.ModelProto:
    side = card.preprocessing.size
    layer = find_layer(network, card.target_layer)
    forward, photos = WithMaps(network, layer), torch.zeros(2, 3, side, side)
    if not with_gradients:
        return _to_onnx(forward, {"photos": photos}, ["logits", "activations"])
    with torch.no_grad():
        logits, maps = forward(photos[:1])
    backward = trace_gradients(network, layer, photos[:1], maps, logits.shape[1])
    inputs = {"photos": photos, "maps": maps, "choice": torch.ones_like(logits)}
    return _to_onnx(
        _WithGradients(forward, backward), inputs, ["logits", "activations", "gradients"]
    )


class _WithGradients(nn.Module):
    """Two graphs side by side, which share their weights."""

    def __init__(self, forward: nn.Module, backward: nn.Module) -> None:
        super().__init__()
        self.both = nn.ModuleList([forward, backward])

    def forward(self, photos: Tensor, maps: Tensor, choice: Tensor) -> tuple[Tensor, ...]:
        logits, activations = self.both[0](photos)
        return logits, activations, self.both[1](maps, choice)


def _to_onnx(module: nn.Module, inputs: dict[str, Tensor], outputs: list[str]) -> onnx.ModelProto:
    file = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # torch's newer exporter cannot follow hooks
        try:
            torch.onnx.export(
                module,
                tuple(inputs.values()),
                file,  # type: ignore[arg-type] # its declaration leaves files out
                dynamo=False,
                opset_version=_OPSET,
                input_names=list(inputs),
                output_names=outputs,
                dynamic_axes={name: {0: "N"} for name in ("photos", "logits", "activations")},
                do_constant_folding=False,
            )
        except torch.onnx.OnnxExporterError as error:  # with the whole graph on stdout
            raise WrongLayer(
                f"what follows the target layer is not known to ONNX: {error}"
            ) from error
    return onnx.load_model_from_string(file.getvalue())


def _store_in_float16(model: onnx.ModelProto) -> None:
    """Keep weights that float16 holds without a loss in float16, and widen them where they are
    used."""
    casts = []
    for weight in model.graph.initializer:
        values, name = numpy_helper.to_array(weight), weight.name
        if values.dtype == np.float32 and values.size >= _LEAST and _fits_half(values):
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _fits_half(values: Array) -> bool:
    with np.errstate(over="ignore"):
        return np.array_equal(values.astype(np.float16).astype(np.float32), values)


def _add_constant(model: onnx.ModelProto, name: str, values: Array) -> None:
    """An output that is the same for every photo."""
    graph = model.graph
    graph.initializer.append(numpy_helper.from_array(values, f"{name}.values"))
    graph.node.append(helper.make_node("Identity", [f"{name}.values"], [name]))
    shape = list(values.shape)
    graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))


def _compare_with_torch(content: bytes, reference: TorchRuntime, card: Card) -> None:
    """Raises WrongLayer where the file disagrees with torch about drawn leaves."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.onnx"
        file.write_bytes(content)
        runtime = GraphFile(file).runtime(half=False, threads=0)
        batch = probe_batch(card)
        found = disagreement(reference.forward(batch), runtime.forward(batch))
    if found:
        raise WrongLayer(f"the graph of {card.id} is not what torch says: {found}")
