"""Who shares entries with whom, as the user says: `copy.deepcopy` of a tensor together with its views; `x.data = other`."""

from __future__ import annotations

from typing import Any

from .call import dispatch
from .errors import ArgumentTypeError
from .family import View, ancestors, join, replace, shared, top
from .modes import no_grad
from .tensor import Tensor, detached, new_tensor


def copied(tensor: Tensor, memo: dict[Any, Any]) -> Tensor:
    """A copy of a tensor without a history. Of one family all whose copies are in the same `memo` share their entries."""
    summit = top(tensor)
    key = ("entries", id(summit))
    if key not in memo:
        memo[key] = new_tensor(summit.backend.xp.asarray(summit.array, copy=True))
        if summit is tensor:
            return memo[key]
    parent = memo[key]
    with no_grad():
        for _, view in reversed(list(ancestors(tensor))):
            if view.op is not None:
                made = dispatch(view.op, (parent,), view.options)
                join(made, View(parent, view.op, view.options))
                parent = made
    result = new_tensor(parent.array)
    join(result, View(parent, None, {}, cut=True))
    result._rest().version = [0]
    return result


def check_data(tensor: Tensor, value: object) -> None:
    """Raise ArgumentTypeError unless `value` may be the data of a tensor."""
    if not isinstance(value, Tensor) or value.backend is not tensor.backend:
        got = f"one stored by {value.backend.name}" if isinstance(value, Tensor) else type(value).__name__
        raise ArgumentTypeError(f"data: got {got}; expected a Tensor stored by {tensor.backend.name}")
    if tensor.requires_grad and not value.dtype.is_differentiable:
        raise ArgumentTypeError(
            f"data: got dtype {value.dtype.name}; data set to a tensor that requires gradients must be floating point or "
            "complex dtype"
        )


def share(tensor: Tensor, source: Tensor) -> None:
    """Let a tensor have the entries of another, with which it shares them from now on; what came from it keeps the old."""
    if source.array is tensor.array and top(source) is top(tensor):
        return
    with shared:
        version, alias = tensor._rest().version, detached(source, counts=False)
        replace(tensor, new_tensor(tensor.array, None if tensor.is_leaf else tensor.node))
        join(tensor, alias.rest.view)  # type: ignore[union-attr, arg-type]
        tensor._rest().version = version
        tensor.set_array(alias.array)
