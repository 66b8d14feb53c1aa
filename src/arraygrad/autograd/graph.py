"""`ag.autograd.graph`: looking at the graph, and at what its nodes keep, under the names of `torch.autograd.graph`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .. import modes
from ..errors import ArgumentError, GradientError
from ..graph import GradientEdge, Node, Output, Vertex
from ..hooks import RemovableHandle, register_tensor_hook
from ..passes import Pass, current_pass, queue_callback
from ..saved import SavedHooks
from ..tensor import Tensor, new_tensor
from ..views import count_write

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "queue_callback", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of a tensor flows to. It stands for the tensor as it is now, whatever is written to it later."""
    vertex = tensor.node
    if vertex is None:
        raise GradientError(
            "get_gradient_edge: It is not possible to get the gradient edge for a Tensor that does not require gradients; "
            "call requires_grad_() on it before it is used"
        )
    node = vertex.node if isinstance(vertex, Output) else vertex
    return GradientEdge(node, tensor.output_nr, vertex, _without_entries(tensor))


def _without_entries(tensor: Tensor) -> Tensor:
    """One zero in the shape of a tensor, which holds on to nothing. A lazy tensor, of unknown shape, holds no entries."""
    if tensor.size is None:
        return tensor.detach()
    xp, dtype = tensor.backend.xp, tensor.backend.raw_dtype(tensor.dtype)
    return new_tensor(tensor.backend.wrap(xp.broadcast_to(xp.zeros((), dtype=dtype, device=tensor.device), tensor.shape)))


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Count a write in `_version` that was made behind arraygrad's back."""
    for each in (tensor,) if isinstance(tensor, Tensor) else tensor:
        count_write(each)


_allows_mutation: ContextVar[bool] = ContextVar("arraygrad.allows_mutation", default=False)


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Here for programs written for PyTorch: what a node keeps is never overwritten, inside this context or outside.

    Raises GradientError inside itself.
    """
    if _allows_mutation.get():
        raise GradientError("allow_mutation_on_saved_tensors contexts cannot be nested")
    _allows_mutation.set(True)
    try:
        yield
    finally:
        _allows_mutation.set(False)


# -- hooks on what is kept ----------------------------------------------------------------------------------


class saved_tensors_hooks(modes.Switch):
    """Pack what nodes keep, inside: `pack_hook(tensor)` when it is kept, `unpack_hook(packed)` when it is needed.

    Contexts compose: what the inner pair packs, the outer packs again; they unpack in reverse.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def _inside(self) -> modes.Modes:
        """These hooks, inside those that are set."""
        now = modes.current()
        if now.saved_hooks_disabled is not None:
            raise GradientError(now.saved_hooks_disabled)
        return now._replace(saved_hooks=(*now.saved_hooks, SavedHooks(self.pack_hook, self.unpack_hook)))

    def _another(self) -> saved_tensors_hooks:
        return saved_tensors_hooks(self.pack_hook, self.unpack_hook)


class save_on_cpu(saved_tensors_hooks):
    """Keep what nodes keep in the memory of the host, as NumPy arrays, and bring it back to its device when it is needed."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(_to_host, _from_host)

    def _another(self) -> saved_tensors_hooks:
        return save_on_cpu()


def _to_host(tensor: Tensor) -> tuple[Any, Any, Any]:
    return tensor.detach().numpy(), tensor.backend, tensor.device


def _from_host(packed: tuple[Any, Any, Any]) -> Tensor:
    array, backend, device = packed
    return new_tensor(backend.xp.asarray(array, device=device))


class disable_saved_tensors_hooks(modes.Switch):
    """Raise GradientError with this message where hooks on kept tensors are set inside."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def _inside(self) -> modes.Modes:
        """No hooks may be set, and none may be set already."""
        if modes.current().saved_hooks:
            raise GradientError(self.error_message)
        return modes.current()._replace(saved_hooks_disabled=self.error_message)

    def _another(self) -> disable_saved_tensors_hooks:
        return disable_saved_tensors_hooks(self.error_message)


# -- hooks on several gradients -----------------------------------------------------------------------------


class MultiHandle(RemovableHandle):
    """Removes the hooks of several tensors."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self._handles = handles

    def remove(self) -> None:
        """Remove all of them."""
        for handle in self._handles:
            handle.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all") -> MultiHandle:
    """Call `fn` with the gradients of several tensors, once in a backward pass.

    "all": when the last of those that the pass comes to is known, with a sequence that has None for the others. "any":
    with the first.
    """
    if mode not in ("all", "any"):
        raise ArgumentError(f"register_multi_grad_hook: Expects mode to be one of ('all', 'any') but got {mode!r}")
    gather = _All(tensors, fn) if mode == "all" else _First(fn)
    return MultiHandle(
        [register_tensor_hook(tensor, _seeing(gather, position)) for position, tensor in enumerate(tensors)]
    )


def _seeing(gather: Callable[[int, Tensor], None], position: int) -> Callable[[Tensor], None]:
    def hook(g: Tensor) -> None:
        gather(position, g)

    return hook


class _All:
    """Gathers gradients, and hands them on when no other will come in the pass."""

    def __init__(self, tensors: Sequence[Tensor], fn: Callable[[Any], None]) -> None:
        self.vertices: list[Vertex | None] = [tensor.node for tensor in tensors]
        self.fn = fn
        self.lock = threading.Lock()
        self.gathered: dict[Pass | None, tuple[int, list[Any]]] = {}

    def __call__(self, position: int, g: Tensor) -> None:
        this = current_pass()
        with self.lock:
            if this not in self.gathered:
                reached = this.reaches() if this is not None else set(self.vertices)
                self.gathered[this] = sum(vertex in reached for vertex in self.vertices), [None] * len(self.vertices)
            left, found = self.gathered[this]
            found[position] = g
            self.gathered[this] = left - 1, found
            if left > 1:
                return
            del self.gathered[this]
        self.fn(found)


class _First:
    """Hands the first gradient of a pass on."""

    def __init__(self, fn: Callable[[Any], None]) -> None:
        self.fn = fn
        self.lock = threading.Lock()
        self.last: Pass | None = None

    def __call__(self, position: int, g: Tensor) -> None:
        this = current_pass()
        with self.lock:
            if this is not None and this is self.last:
                return
            self.last = this
        self.fn(g)
