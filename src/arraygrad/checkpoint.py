"""Checkpoints: keep nothing of a part of a program, and run it again when its values are needed.

The graph is recorded as it is; only what its nodes would keep is dropped. The first value that a backward pass asks for
runs the function again, once, and all are there. So it works with `grad`, with parts of the graph, nested, and for
derivatives of derivatives.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

from . import modes
from .autograd.graph import saved_tensors_hooks
from .errors import GradientError
from .structure import flatten
from .tensor import Tensor


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = False, preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """`function(*args, **kwargs)`, run again in the backward pass instead of keeping its intermediate values.

    With `preserve_rng_state` random numbers come out the same the second time. Raises GradientError for
    `use_reentrant=True`, which PyTorch has for old programs: it cannot serve `grad`.
    """
    if use_reentrant:
        raise GradientError("checkpoint: got use_reentrant=True; expected False: the other kind does not work with grad()")
    backends = {leaf.backend: None for leaf in flatten((args, kwargs))[0] if isinstance(leaf, Tensor)}
    states = {backend: copy.deepcopy(backend.generator) for backend in backends} if preserve_rng_state else {}
    frame = _Frame(lambda: function(*args, **kwargs), states)
    with saved_tensors_hooks(frame.drop, frame.recompute):
        return function(*args, **kwargs)


class _Frame:
    """One run of a function whose kept values were dropped."""

    def __init__(self, run: Callable[[], Any], states: dict[Any, Any]) -> None:
        self.run = run
        self.states = states
        self.count = 0
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

        now = {backend: backend.generator for backend in self.states}
        before = modes.replace(modes.with_blocked(modes.RECORD_ALL))
        try:
            for backend, state in self.states.items():
                backend.generator = copy.deepcopy(state)
            with saved_tensors_hooks(gather, kept.__getitem__):
                self.run()
        finally:
            modes.replace(before)
            for backend, generator in now.items():
                backend.generator = generator
        if len(kept) != self.count:
            raise GradientError(
                f"checkpoint: the function kept {self.count} values when it was called and {len(kept)} when it was run "
                "again; expected the same: it must not depend on what changed in between"
            )
        self.found = dict(enumerate(kept))


__all__ = ["checkpoint"]
