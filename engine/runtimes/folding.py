"""Batch norms folded into the convolutions before them: the same function, fewer passes."""

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """Fold in place what can be folded, and return the model, which must be in evaluation mode.

    The names and modules of the model stay, so that hooks on its layers still work; a folded norm
    becomes an identity. A model that cannot be traced stays unchanged.
    """
    modules = dict(model.named_modules())
    for conv_name, norm_name in _foldable(model, modules):
        conv, norm = modules[conv_name], modules[norm_name]
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            fused = fuse_conv_bn_eval(conv, norm)
            conv.weight, conv.bias = fused.weight, fused.bias
            _replace(model, norm_name, nn.Identity())
    return model


def _foldable(model: nn.Module, modules: dict[str, nn.Module]) -> list[tuple[str, str]]:
    """The names of convolutions and norms, each called once, where only the norm uses the
    convolution's output."""
    try:
        nodes = fx.Tracer().trace(model).nodes
    except Exception:  # noqa: BLE001 -- data-dependent control flow raises what it likes
        return []
    calls = [node for node in nodes if node.op == "call_module"]
    used = [modules[str(node.target)] for node in calls]
    return [
        (str(before.target), str(node.target))
        for node in calls
        if isinstance(modules[str(node.target)], nn.BatchNorm2d)
        and isinstance(before := node.args[0], fx.Node)
        and before.op == "call_module"
        and isinstance(modules[str(before.target)], nn.Conv2d)
        and len(before.users) == 1
        and used.count(modules[str(node.target)]) == 1
        and used.count(modules[str(before.target)]) == 1
    ]


def _replace(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, module)
