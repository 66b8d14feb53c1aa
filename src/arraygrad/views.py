"""Writes in place, and the views that follow them.

A write gives a tensor new entries and a new history. Through a view it goes up to the tensor that the view came from,
operation by operation, and on to the top of the family; all others of the family become stale, and are made again, with
their history, when somebody looks at them. So the arrays that nodes keep are never overwritten, and a write means the same
on every backend. Where it is certain that nobody else sees a buffer, the entries are written into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import modes
from .backends import backend_of
from .call import deepest, dispatch, level_of, record
from .dual import Dual
from .errors import GradientError, explain
from .family import View, ancestors, join, replace, shared, top, view_of
from .graph import AccumulateGrad
from .modes import DEFAULT, current, is_grad_enabled
from .op import Op
from .overlaps import Step, check_places, has_overlaps, steps_of_write
from .ownership import is_alone
from .rules import Spec
from .stale import give_entries, give_history, spread
from .tensor import PLAIN, InferenceTensor, Tensor, constant, new_tensor


def ALWAYS(options: dict[str, Any]) -> bool:
    """Whether a result is a view, where it always is."""
    return True


# -- making views -------------------------------------------------------------------------------------------


def viewing(op: Op, call: Callable[[Any, dict[str, Any]], Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """The call of an operation whose result is a view of its argument."""
    is_view = op.view
    assert is_view is not None

    always = is_view is ALWAYS

    def viewed(x: Any, options: dict[str, Any]) -> Any:
        result = call(x, options)
        if isinstance(x, Tensor) and (always or is_view(options)):
            if type(result) is not type(x):
                _adapt(result, x)
            cut = current() is not DEFAULT and not is_grad_enabled()
            join(result, View(x, op, options, cut, UNRECORDED if cut else ""))
            if op.written_by is not None and x.rest.version[0]:  # type: ignore[union-attr]
                _unshare(result)
        return result

    def viewed_in_parts(x: Any, options: dict[str, Any]) -> Any:
        results = call(x, options)
        if isinstance(x, Tensor):
            cut = current() is not DEFAULT and not is_grad_enabled()
            for index, part in enumerate(results):
                _adapt(part, x)
                join(part, View(x, *op.part_as_view(options, index, x.ndim), cut, UNRECORDED if cut else _MULTIPLE))
        return results

    return viewed_in_parts if op.multiple else viewed


def _adapt(result: Tensor, x: Tensor) -> None:
    """Make a view an inference tensor or none, as what it is a view of: what counts is where the entries were made."""
    if type(x) in PLAIN:
        result.__class__ = type(x)


def unlock(parts: Sequence[Tensor]) -> None:
    """Let the outputs of an operation be written to, as if each had been taken by its index."""
    for part in parts:
        view = view_of(part)
        if view is not None and view.lock is _MULTIPLE:
            view.lock = ""


def _unshare(part: Tensor) -> None:
    """A copy of what was read of a tensor that is written to: a node that keeps it need not keep the whole of that."""
    array = part.array
    if not isinstance(array, Tensor) and getattr(array, "base", None) is not None:
        part.array = backend_of(array).xp.clone(array)


UNRECORDED = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled: make the view and write to "
    "it both inside the no_grad block (so that neither is recorded) or both outside (so that both are)"
)
_MULTIPLE = (
    "Output of an operation with several outputs is a view and is being modified inplace. This view is the output of a "
    "function that returns multiple views; write to x[index] instead, or to a copy, x.clone()"
)


# -- writing ------------------------------------------------------------------------------------------------


def check_writable(x: Tensor, operation: str, in_part: bool = False) -> None:
    """Raise GradientError for a leaf that requires a gradient, or a view of one, where operations are recorded, and for
    entries that share their place. A write `in_part` counts as one through a view."""
    if type(x) is InferenceTensor and not current().inference:
        raise GradientError(
            f"{operation}: Inplace update to inference tensor outside InferenceMode is not allowed; make a normal tensor of "
            "it first, with x.clone()"
        )
    enabled = modes.is_grad_enabled()
    if enabled and isinstance(x.node, AccumulateGrad):
        raise _of_leaf(operation, is_view=in_part)
    check_places(x, operation)
    for _, view in ancestors(x):
        enabled = enabled and view.op is not None and not view.cut
        if enabled and isinstance(view.parent.node, AccumulateGrad):
            raise _of_leaf(operation, is_view=True)


def _of_leaf(operation: str, is_view: bool) -> GradientError:
    what = "a view of a leaf" if is_view else "a leaf"
    return GradientError(
        f"{operation}: {what} Variable that requires grad is being used in an in-place operation. "
        "Do it under arraygrad.no_grad(), or on a copy: x.clone()"
    )


def write(x: Tensor, value: Tensor, is_done: bool = False) -> None:
    """Give x the entries and the history of a value of its shape and dtype; `is_done` says that the entries are in the
    buffer already."""
    with shared:
        _write(x, value, is_done)


def _write(x: Tensor, value: Tensor, is_done: bool) -> None:
    steps = steps_of_write(x)
    _check_recordable(steps, value)
    summit = steps[-1][1].parent if steps else x
    buffer = summit.array if not is_done and _goes_through_index(steps) and is_alone(summit) else None
    change = value
    for tensor, view in steps:
        if view.cut:
            _give_history_of_write(tensor, change)
            change = new_tensor(change.array)
        change, is_done = _written_to_parent(view, view.up(change, tensor), buffer, is_done)
    if not is_done:
        give_entries(summit, change.array)
    _give_history_of_write(summit, change)
    count_write(x)
    spread(summit)


def become(x: Tensor, view: Callable[[Tensor], Tensor]) -> None:
    """Let x be a view of what it was, which another tensor goes on to be in its family."""
    with shared, modes.enable_grad():
        former, version = new_tensor(x.array, None if x.is_leaf else x.node), x._rest().version
        replace(x, former)
        made = view(former)
        join(x, View(former, None, {}) if made is former else made.rest.view)  # type: ignore[union-attr, arg-type]
        x._rest().version = version
        give_entries(x, made.array)
        give_history(x, made)
        count_write(x)


def count_write(x: Tensor) -> None:
    """Count a write in `_version`."""
    x._rest().version[0] += 1


def _goes_through_index(steps: Sequence[Step]) -> bool:
    return any(view.op is not None and view.op.written_by is not None for _, view in steps)


def _check_recordable(steps: Sequence[Step], value: Tensor) -> None:
    for _, view in steps:
        if view.op is None:
            return
        if view.lock and modes.is_grad_enabled() and (value.requires_grad or view.parent.requires_grad):
            raise GradientError(view.lock)


def _give_history_of_write(tensor: Tensor, change: Tensor) -> None:
    if modes.is_grad_enabled() or isinstance(change, Dual) or isinstance(tensor, Dual):
        give_history(tensor, change)


def _written_to_parent(view: View, change: Tensor, buffer: Any, is_done: bool) -> tuple[Tensor, bool]:
    """What a change of a view makes of its parent; whether that is in the family's buffer already."""
    op, parent = view.op, view.parent
    if op is None:
        return change, is_done
    if view.cut:
        parent = new_tensor(parent.array)
    if op.merge is not None:
        return op.merge(parent, change), is_done
    if op.written_by is None:
        back = op.pulls[0](change, (Spec(parent),), view.options)  # type: ignore[misc]
        return (back if back.shape == parent.shape else back.reshape(parent.shape)), is_done
    if not is_done and not _write_into(buffer, parent, change, view.options["key"]):
        return dispatch(op.written_by, (parent, change), view.options), False
    return _recorded(op.written_by, (parent, change), view.options, parent.array), True


def write_at(x: Tensor, key: Any, value: Tensor, op: Op) -> None:
    """x[key] = value, by the operation that makes a copy of x with it."""
    options = {"key": key}
    with shared:
        summit = top(x)
        if is_alone(summit) and not has_overlaps(x) and _write_into(summit.array, x, value, key):
            _write(x, _recorded(op, (x, value), options, x.array), is_done=True)
        else:
            _write(x, dispatch(op, (x, value), options), is_done=False)


def _write_into(buffer: Any, x: Tensor, values: Tensor, key: Any) -> bool:
    """Write into the array of x if it is one of the buffer, which the family sees alone, or None; whether it was done."""
    if buffer is None or isinstance(values.array, Tensor) or isinstance(x, Dual) or isinstance(values, Dual):
        return False
    if x.array is not buffer and (x.array.base is not buffer or not x.array.flags.writeable):
        return False
    try:
        backend_of(buffer).write_at(x.array, values.array, key=key)
    except Exception as error:
        raise explain("setitem", f"x: shape {x.shape}, key={key!r}, value: shape {values.shape}", error) from error
    return True


def _recorded(op: Op, arguments: tuple[Tensor, Tensor], options: dict[str, Any], out: Any) -> Tensor:
    """The result of a call that was made, with its history."""
    level = deepest(arguments, op)
    if level is None:
        return new_tensor(out)
    values = [argument.array if level_of(argument) is level else constant(argument) for argument in arguments]
    return record(level, op, arguments, values, out, options)
