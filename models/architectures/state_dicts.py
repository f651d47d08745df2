"""The state dict of a network, taken out of what training scripts wrap around it."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

StateDict = dict[str, Tensor]
_COMPILED = "_orig_mod."
_SHOWN = 3


def find_state(content: object) -> StateDict:
    """The one mapping of names to tensors in a weight file: the file's content itself, or a member
    such as `state_dict` of a checkpoint (PyTorch Lightning, timm, most training scripts).

    Raises ValueError where there is none, or several.
    """
    if not isinstance(content, Mapping):
        raise ValueError(f"holds a {type(content).__name__}, not a state dict")  # noqa: TRY004
    if _is_state(content):
        return dict(content)
    found = {str(key): value for key, value in content.items() if _is_state(value)}
    if len(found) == 1:
        return dict(found.popitem()[1])
    if not found:
        held = ", ".join(map(str, list(content)[:8])) or "nothing"
        raise ValueError(f"holds no state dict, but {held}")
    names = " and ".join(sorted(found))
    raise ValueError(f"holds several state dicts, {names}; save the one that is meant alone")


def _is_state(content: object) -> bool:
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(key, str) for key in content)
        and all(isinstance(value, Tensor) for value in content.values())
    )


def fit_state(state: StateDict, needed: Mapping[str, Tensor]) -> StateDict:
    """`state` under the names that a network needs, without what wrappers put before them:
    `module.` (DataParallel), `_orig_mod.` (torch.compile), the attribute of a Lightning module.

    A wrapper's own tensors, such as those of its loss, are left out. Raises ValueError that says
    what is missing and what does not belong there.
    """
    plain = {name.replace(_COMPILED, ""): tensor for name, tensor in state.items()}
    if plain.keys() == needed.keys():
        return plain
    prefixes = [one for one in _prefixes(plain, needed) if _has_all(plain, one, needed)]
    if len(prefixes) > 1:
        raise ValueError(f"holds several such networks, {', '.join(sorted(prefixes))}; save one")
    if not prefixes or prefixes == [""]:
        raise ValueError(_difference(plain, needed))
    return {name: plain[prefixes[0] + name] for name in needed}


def _prefixes(state: StateDict, needed: Mapping[str, Tensor]) -> set[str]:
    """The text before the first of the names that are needed, "" for none."""
    first = next(iter(needed), "")
    ends = (name.removesuffix(first) for name in state if name.endswith(first))
    return {one for one in ends if not one or one.endswith(".")}


def _has_all(state: StateDict, prefix: str, needed: Mapping[str, Tensor]) -> bool:
    return all(prefix + name in state for name in needed)


def check_shapes(state: StateDict, needed: Mapping[str, Tensor]) -> None:
    """Raises ValueError that names the tensors of another shape; both have the same names."""
    wrong = [name for name in needed if state[name].shape != needed[name].shape]
    if wrong:
        faults = (f"{name} is {_size(state[name])}, not {_size(needed[name])}" for name in wrong)
        more = f" and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
        raise ValueError("; ".join(list(faults)[:_SHOWN]) + more)


def _size(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"


def _difference(state: Mapping[str, Any], needed: Mapping[str, Any]) -> str:
    lacking = [name for name in needed if name not in state]
    strange = [name for name in state if name not in needed]
    faults = []
    if lacking:
        faults.append(f"lacks {len(lacking):,} of {len(needed):,} tensors ({_some(lacking)})")
    if strange:
        faults.append(f"has {len(strange):,} that do not belong there ({_some(strange)})")
    return " and ".join(faults)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
