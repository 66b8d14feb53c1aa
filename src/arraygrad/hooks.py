"""Hooks: functions of the user that see gradients on their way."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from .errors import ArgumentError, ArgumentTypeError, GradientError
from .graph import AccumulateGrad, Node, Output, Vertex
from .selection import Selected, settle
from .tensor import Tensor, as_tensor

_number = itertools.count().__next__


class RemovableHandle:
    """Removes a hook; more than once does nothing."""

    def __init__(self, hooks: dict[int, Any], owner: Any = None) -> None:
        self._hooks = hooks
        self._owner = weakref.ref(owner) if owner is not None else None
        self.id = _number()

    def remove(self) -> None:
        """Remove the hook."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def _add(hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def register_tensor_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call `hook` with each gradient of `tensor`, in the order of registration."""
    if tensor.node is None:
        raise GradientError(
            "register_hook: cannot register a hook on a tensor that doesn't require gradient; call requires_grad_() first"
        )
    extra = tensor.node.extras()
    if extra.tensor_hooks is None:
        extra.tensor_hooks = {}
    return _add(extra.tensor_hooks, hook)


def register_node_hook(node: Vertex, kind: str, hook: Callable[..., Any]) -> RemovableHandle:
    """Add a hook to the "prehooks" or "posthooks" of a node."""
    extra = (node.node if isinstance(node, Output) else node).extras()
    if getattr(extra, kind) is None:
        setattr(extra, kind, {})
    return _add(getattr(extra, kind), hook)


def register_accumulated_hook(tensor: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Call `hook` with a leaf tensor each time a backward pass has added to its `.grad`."""
    if not isinstance(tensor.node, AccumulateGrad):
        what = "non-leaf tensors" if tensor.node is not None else "tensors that require no gradient"
        raise GradientError(
            f"register_post_accumulate_grad_hook: post accumulate grad hooks cannot be registered on {what}"
        )
    extra = tensor.node.extras()
    if extra.accumulated_hooks is None:
        extra.accumulated_hooks = {}
    return _add(extra.accumulated_hooks, hook)


def run_tensor_hooks(vertex: Vertex, g: Any, retained: list[tuple[Tensor, Any]] | None) -> Any:
    """What the hooks of a tensor make of its gradient; what `retain_grad` asked for is appended to `retained`."""
    extra = vertex.extra
    assert extra is not None
    if type(g) is Selected:
        g.shared()  # hooks and `retain_grad` see it: it is not to be written to
    if extra.tensor_hooks:
        g = settle(g)
        flowing = as_tensor(g)
        for hook in list(extra.tensor_hooks.values()):
            result = hook(flowing)
            flowing = flowing if result is None else _checked(hook, result, flowing)
        g = flowing if isinstance(g, Tensor) else flowing.array
    if retained is not None and extra.retained is not None:
        tensor = extra.retained()
        if tensor is not None and tensor.node is vertex:
            retained.append((tensor, g))
    return g


def _checked(hook: Callable[..., Any], result: Any, before: Tensor | None) -> Tensor:
    """A hook's result, if it can stand for the gradient that it replaces; None is replaced by any."""
    name = getattr(hook, "__name__", repr(hook))
    if not isinstance(result, Tensor):
        raise ArgumentTypeError(f"expected Variable, but hook returned '{type(result).__name__}' (hook '{name}')")
    if before is None:
        return result
    if result.shape != before.shape:
        raise ArgumentError(
            f"hook '{name}' has changed the size of value: got {result.shape}, expected {before.shape}"
        )
    if result.dtype != before.dtype:
        raise ArgumentTypeError(
            f"hook '{name}' has changed the type of value (was {before.dtype.name} got {result.dtype.name})"
        )
    if result.backend is not before.backend or result.device != before.device:
        raise ArgumentTypeError(
            f"hook '{name}' has changed where the value is (was {before.backend.name} on {before.device} got "
            f"{result.backend.name} on {result.device})"
        )
    return result


def run_prehooks(node: Vertex, g: Any) -> Any:
    """What the pre-hooks of a node make of the gradients of its outputs."""
    extra = node.extra
    assert extra is not None and extra.prehooks is not None
    several = isinstance(g, tuple)
    flowing = _tensors(g if several else (settle(g),))
    for hook in list(extra.prehooks.values()):
        result = hook(flowing)
        if result is not None:
            flowing = _all_checked(hook, result, flowing)
    back = _like(g if several else (settle(g),), flowing)
    return tuple(back) if several else back[0]


def run_accumulated_hooks(leaf: AccumulateGrad) -> None:
    """The hooks that see a leaf after its gradient was accumulated."""
    assert leaf.extra is not None
    for hook in list((leaf.extra.accumulated_hooks or {}).values()):
        tensor = leaf.variable
        result = hook(tensor)
        if result is not None and result is not tensor:
            name = getattr(hook, "__name__", repr(hook))
            raise GradientError(f"hook '{name}', run after the gradient was accumulated, should return None.")
    for hook in list((leaf.extra.posthooks or {}).values()):
        result = hook((), (leaf.grad,))
        if result is not None:
            _all_checked(hook, result, ())


def run_posthooks(node: Node, results: Sequence[Any], g: Any) -> list[Any]:
    """What the post-hooks of a node make of the gradients of its inputs."""
    assert node.extra is not None and node.extra.posthooks is not None
    results = [settle(result) for result in results]
    inputs, outputs = _tensors(results), _tensors(g if isinstance(g, tuple) else (settle(g),))
    for hook in list(node.extra.posthooks.values()):
        result = hook(inputs, outputs)
        if result is not None:
            inputs = _all_checked(hook, result, inputs)
    return _like(results, inputs)


def _all_checked(
    hook: Callable[..., Any], result: Any, before: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """What a node's hook returned, if it can stand for the gradients that it replaces."""
    values = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    if len(values) != len(before):
        raise ArgumentError(
            f"hook '{getattr(hook, '__name__', hook)}' has returned an incorrect number of values "
            f"(got {len(values)}, but expected {len(before)})"
        )
    return tuple(None if value is None else _checked(hook, value, replaced) for value, replaced in zip(values, before))


def _tensors(values: Sequence[Any]) -> tuple[Tensor | None, ...]:
    return tuple(None if value is None else as_tensor(value) for value in values)


def _like(values: Sequence[Any], tensors: Sequence[Tensor | None]) -> list[Any]:
    """Tensors as what flowed before: raw arrays where those were raw."""
    lifted = any(isinstance(value, Tensor) for value in values)
    return [tensor if tensor is None or lifted else tensor.array for tensor in tensors]
