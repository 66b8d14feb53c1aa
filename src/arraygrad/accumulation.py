"""Adding to `.grad` what a backward pass found: all of it or nothing."""

from __future__ import annotations

import threading
from typing import Any

from .errors import ArgumentError, ArgumentTypeError, GradientError
from .graph import AccumulateGrad
from .hooks import run_accumulated_hooks, run_prehooks
from .selection import Selected, settle
from .tensor import Tensor, as_tensor, new_tensor

_commit = threading.RLock()
"""One gradient is added to a `.grad` at a time, whichever thread it comes from."""


def accumulate(entries: list[tuple[Tensor, list[Any]]], create_graph: bool) -> None:
    """Add each gradient, alone in a list, to its `.grad`: all or none.

    Everything that can fail comes before the first `.grad` changes; an interrupt among the changes undoes them.
    """
    for tensor, cell in entries:
        node = tensor.node
        if isinstance(node, AccumulateGrad) and node.extra is not None and node.extra.prehooks:
            cell.append(run_prehooks(node, cell.pop()))
    with _commit:
        changes = [_change(tensor, cell, create_graph) for tensor, cell in entries]
        done: list[tuple[Any, str, Any, Any]] = []
        try:
            for change in changes:
                done.append(change)
                owner, attribute, _, after = change
                setattr(owner, attribute, after)
        except BaseException:
            for owner, attribute, before, _ in done:
                setattr(owner, attribute, before)
            raise
    for tensor, _ in entries:
        if isinstance(tensor.node, AccumulateGrad):
            run_accumulated_hooks(tensor, tensor.node)


def _change(tensor: Tensor, cell: list[Any], create_graph: bool) -> tuple[Any, str, Any, Any]:
    """What to set: whose attribute, from what, to what. A `.grad` that is there stays the same object."""
    holder = tensor.node if isinstance(tensor.node, AccumulateGrad) else tensor._rest()
    before = holder.grad
    if before is None:
        return holder, "grad", None, own(tensor, cell)
    g = settle(cell.pop())
    if create_graph or isinstance(g, Tensor):
        return holder, "grad", before, before + as_tensor(g)
    return before, "array", before.array, tensor.backend.wrap(before.array + g)


def own(tensor: Tensor, cell: list[Any]) -> Tensor:
    """The gradient in a list as a Tensor of the tensor's dtype, whose array nobody else can see."""
    if type(cell[0]) is Selected:
        cell.append(cell.pop().settle())
    if isinstance(cell[0], Tensor):
        return cell.pop()
    return new_tensor(tensor.backend.own(cell))


def check_grad(tensor: Tensor, value: object) -> None:
    """Raise unless `value` may be the gradient of a tensor."""
    if not isinstance(value, Tensor):
        raise ArgumentTypeError(f"grad: got {type(value).__name__}; expected a Tensor or None")
    if value is tensor:
        raise GradientError("grad: can't assign Variable as its own grad; assign a detached copy, x.detach().clone()")
    if value.shape != tensor.shape:
        raise ArgumentError(
            f"grad: attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
            f"'{list(tensor.shape)}'. Please ensure that the gradient and the tensor are the same size"
        )
    if value.dtype != tensor.dtype:
        raise ArgumentTypeError(
            f"grad: attempting to assign a gradient with dtype '{value.dtype.name}' to a tensor with grad_dtype "
            f"'{tensor.dtype.name}'. Convert it with value.astype(x.dtype)"
        )
    if value.backend is not tensor.backend:
        raise ArgumentTypeError(
            f"grad: got a gradient stored by {value.backend.name} for a tensor stored by {tensor.backend.name}"
        )
