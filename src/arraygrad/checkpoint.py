"""Checkpoints: keep nothing of a part of a program, and run it again when its values are needed.

The graph is recorded as it is; only what its nodes would keep is dropped. The first value that a backward pass asks for
runs the function again, once, and all are there. So it works with `grad`, with parts of the graph, nested, and for
derivatives of derivatives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from . import modes
from .autograd.graph import saved_tensors_hooks
from .backends import default_backend
from .dual import Dual
from .errors import GradientError
from .structure import flatten, rebuild
from .tensor import Tensor, new_tensor


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = False, preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """`function(*args, **kwargs)`, run again in the backward pass instead of keeping its intermediate values.

    The second run sees the arguments as they are now, whatever is written to them later. With `preserve_rng_state` random
    numbers come out the same, of the default backend and those of the arguments. Raises GradientError for
    `use_reentrant=True`, which PyTorch has for old programs: it cannot serve `grad`.
    """
    if use_reentrant:
        raise GradientError("checkpoint: got use_reentrant=True; expected False: the other kind does not work with grad()")
    leaves, structure = flatten((args, kwargs))
    backends = {leaf.backend: None for leaf in leaves if isinstance(leaf, Tensor)} | {default_backend(): None}
    states = {backend: backend.random_state() for backend in backends} if preserve_rng_state else {}
    given = [_as_it_is_now(leaf) for leaf in leaves]

    def run() -> None:
        args, kwargs = rebuild(structure, [_as_it_is_now(leaf) for leaf in given])
        function(*args, **kwargs)

    frame = _Frame(run, states)
    with saved_tensors_hooks(frame.drop, frame.recompute):
        result = function(*args, **kwargs)
    frame.is_complete = True
    return result


def _as_it_is_now(value: Any) -> Any:
    """Another tensor with a tensor's entries and history, which what is written to that one does not change."""
    if isinstance(value, Dual):
        return Dual(value.array, value.tangent, value.level)
    return new_tensor(value.array, value.node) if isinstance(value, Tensor) else value


class _Frame:
    """One run of a function whose kept values were dropped."""

    def __init__(self, run: Callable[[], None], states: dict[Any, Any]) -> None:
        self.run = run
        self.modes = modes.current()._replace(saved_hooks=(), saved_hooks_disabled=None)
        self.states = states
        self.count = 0
        self.is_complete = False
        """Whether the run is over: until then the function itself may ask for what it dropped, by a `grad` inside."""
        self.found: dict[int, Any] = {}
        self.lock = threading.RLock()

    def drop(self, tensor: Tensor) -> int:
        """Stands for a kept value: its number."""
        self.count += 1
        return self.count - 1

    def recompute(self, number: int) -> Any:
        """The value with a number, from a second run. Each is handed out once for each run."""
        with self.lock:
            if number not in self.found:
                self._run_again()
            return self.found.pop(number)

    def _run_again(self) -> None:
        kept: list[Any] = []

        def gather(content: Any) -> int:  # a tensor, or what a checkpoint inside this one put in its place
            kept.append(content.detach() if isinstance(content, Tensor) else content)
            return len(kept) - 1

        now = {backend: backend.random_state() for backend in self.states}
        before = modes.replace(self.modes)
        try:
            for backend, state in self.states.items():
                backend.set_random_state(state)
            with saved_tensors_hooks(gather, kept.__getitem__):
                self.run()
        finally:
            modes.replace(before)
            for backend, state in now.items():
                backend.set_random_state(state)
        if len(kept) < self.count or (self.is_complete and len(kept) > self.count):
            raise GradientError(
                f"checkpoint: the function kept {self.count} values when it was called and {len(kept)} when it was run "
                "again; expected the same: it must not depend on what changed in between"
            )
        self.found = dict(enumerate(kept[: self.count]))


__all__ = ["checkpoint"]
