"""Adding to `.grad` what a backward pass found: all of it or nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from . import modes
from .backends import backend_of
from .errors import ArgumentError, ArgumentTypeError, GradientError
from .family import Rest
from .graph import AccumulateGrad
from .hooks import run_accumulated_hooks, run_prehooks
from .selection import Selected, settle
from .tensor import Tensor, as_tensor, new_tensor
from .views import write

Holder = AccumulateGrad | Rest

_commit = threading.RLock()
"""One gradient is added to a `.grad` at a time, whichever thread it comes from."""


def holder_of(tensor: Tensor) -> Holder:
    """What holds the tensor's `.grad`."""
    return tensor.node if type(tensor.node) is AccumulateGrad else tensor._rest()


def accumulate(entries: Sequence[tuple[Holder, list[Any]]], create_graph: bool) -> None:
    """Add each gradient, alone in a list, to the `.grad` of its holder: all or none.

    Everything that can fail comes before the first `.grad` changes; an interrupt among the changes undoes them.
    """
    for leaf, cell in entries:
        if type(leaf) is AccumulateGrad and leaf.extra is not None and leaf.extra.prehooks:
            cell.append(run_prehooks(leaf, cell.pop()))  # type: ignore[arg-type]
    with _commit:
        changes = [_change(holder, cell, create_graph) for holder, cell in entries if cell[0] is not None]
        try:
            for owner, attribute, _, after in changes:
                _set(owner, attribute, after)
        except BaseException:
            for owner, attribute, before, _ in changes:
                _set(owner, attribute, before)
            raise
    for leaf, _ in entries:
        if type(leaf) is AccumulateGrad and leaf.extra is not None:
            run_accumulated_hooks(leaf)


def _change(holder: Holder, cell: list[Any], create_graph: bool) -> tuple[Any, str, Any, Any]:
    """What to set: whose attribute, from what, to what. A `.grad` that is there stays the same object, if it is a leaf's."""
    before = holder.grad
    if before is None:
        return holder, "grad", None, own(cell)
    g = settle(cell.pop())
    if create_graph or isinstance(g, Tensor):
        return holder, "grad", before, before + as_tensor(g)
    total = backend_of(g).wrap(before.array + g)
    return (holder, "grad", before, new_tensor(total)) if type(holder) is Rest else (before, "array", before.array, total)


def _set(owner: Any, attribute: str, value: Any) -> None:
    """Set the attribute of a change. A `.grad` may share its entries: with its views, or with what it is a view of."""
    if attribute == "array" and owner.rest is not None:
        with modes.no_grad():
            write(owner, new_tensor(value))
    else:
        setattr(owner, attribute, value)


def own(cell: list[Any]) -> Tensor:
    """The gradient that is alone in a list as a Tensor whose array nobody else can see."""
    if type(cell[0]) is Selected:
        cell.append(cell.pop().settle())
    return cell.pop() if isinstance(cell[0], Tensor) else new_tensor(backend_of(cell[0]).own(cell))


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
            f"grad: got a gradient stored by {value.backend.name} for a tensor stored by {tensor.backend.name}; convert it "
            f"first, with g.to_backend({tensor.backend.name!r})"
        )
