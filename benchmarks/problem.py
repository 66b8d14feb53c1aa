"""What a case asks every library to compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = Sequence[Any]


@dataclass(frozen=True)
class Problem:
    """A function, where to differentiate it, and the same by hand.

    `function(ops, parameters, constants)` is written once for all libraries; `ops` holds the library's own functions.
    `by_hand` has, for each task ("forward", "gradients", "hessian", "jacobian"), a function of a namespace, parameters and
    constants that does it with the functions of an array library alone, and the temporaries that a library without fusion
    has to make.
    """

    function: Callable[[Any, Arrays, Arrays], Any]
    parameters: Sequence[np.ndarray]
    constants: Sequence[np.ndarray]
    by_hand: Mapping[str, Callable[[Any, Arrays, Arrays], Any]]
    rtol: float = 1e-9


class WrongResult(Exception):
    """A library computed something else than the hand-written reference."""


def compare(name: str, task: str, result: Sequence[np.ndarray], expected: Sequence[np.ndarray], rtol: float) -> None:
    """Raise WrongResult unless all arrays agree, relative to the largest entry of each."""
    if len(result) != len(expected):
        raise WrongResult(f"{name}: {task}: got {len(result)} arrays; expected {len(expected)}")
    for index, (one, other) in enumerate(zip(result, expected, strict=True)):
        scale = float(np.max(np.abs(other), initial=0.0))
        if np.shape(one) != np.shape(other) or not np.allclose(one, other, rtol=rtol, atol=rtol * scale):
            error = np.max(np.abs(one - other)) if np.shape(one) == np.shape(other) else "other shape"
            raise WrongResult(f"{name}: {task}: array {index} of shape {np.shape(one)} differs by {error} from {scale}")
