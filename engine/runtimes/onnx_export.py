"""The graph of a card's model as one ONNX file, which needs no torch to run.

It takes `photos`, float32 (N, 3, size, size), as `prepare` makes them, and gives `logits`
(N, classes), the target layer's `activations` (N, K, h, w), and two constants: the head's `weights`
(classes, K), and `box` (4,), what the maps stand for.
"""

import io
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

from engine.cam.closed_form import Array
from engine.cam.gradcam import find_layer
from engine.errors import WrongLayer
from engine.runtimes.openvino import GraphFile
from engine.runtimes.openvino_export import WithMaps
from engine.runtimes.parity import disagreement, probe_batch
from engine.runtimes.torch import TorchRuntime, torch_runtime
from models.card import Card
from models.weights import load_network

_OPSET = 18
_LEAST = 256  # numbers; what is smaller saves nothing


def export_onnx(card: Card) -> bytes:
    """The file, after its graph has said of drawn leaves what torch says.

    Weights that float16 holds without a loss are kept in it. Raises CardError, or WrongLayer for a
    target layer behind which is more than pooling and one linear layer, and for a graph that
    disagrees.
    """
    reference = torch_runtime(load_network(card), card, torch.device("cpu"))
    if reference.head is None:
        raise WrongLayer(
            f"{card.id} has no graph without torch: what follows {card.target_layer} is not "
            "pooling and one linear layer"
        )
    model = _traced(load_network(card), card)  # its norms not folded: their product is no float16
    _halve(model)
    _add_constant(model, "weights", reference.head.weight.detach().numpy())
    _add_constant(model, "box", np.array(reference.box(card.preprocessing.size), np.float32))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    _prove(content, reference, card)
    return content


def _traced(network: nn.Module, card: Card) -> onnx.ModelProto:
    side = card.preprocessing.size
    layer = find_layer(network, card.target_layer)
    names, file = ("photos", "logits", "activations"), io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's newer exporter cannot follow hooks
        torch.onnx.export(
            WithMaps(network, layer),
            (torch.zeros(2, 3, side, side),),
            file,
            dynamo=False,
            opset_version=_OPSET,
            input_names=names[:1],
            output_names=names[1:],
            dynamic_axes={name: {0: "N"} for name in names},
            do_constant_folding=False,
        )
    return onnx.load_model_from_string(file.getvalue())


def _halve(model: onnx.ModelProto) -> None:
    """Weights that are the same in float16 are kept in it, and widened where they are used."""
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


def _prove(content: bytes, reference: TorchRuntime, card: Card) -> None:
    """Raises WrongLayer where the file says something else about drawn leaves than torch."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.onnx"
        file.write_bytes(content)
        runtime = GraphFile(file).runtime(half=False, threads=0)
        batch = probe_batch(card)
        found = disagreement(reference.forward(batch), runtime.forward(batch))
    if found:
        raise WrongLayer(f"the graph of {card.id} is not what torch says: {found}")
