"""Random numbers of a backend: NumPy's, unless the library has its own."""

from __future__ import annotations

import copy
import functools
from typing import Any


class RandomNumbers:
    """Draws arrays, and can go back to where it was."""

    xp: Any

    @functools.cached_property
    def generator(self) -> Any:
        """The source of random numbers: NumPy's, unless the library's own is put in its place."""
        import numpy

        return numpy.random.default_rng()

    def seed(self, seed: int) -> None:
        """Start the random numbers anew from `seed`."""
        import numpy

        self.generator = numpy.random.default_rng(seed)

    def random_state(self) -> Any:
        """What the random numbers to come depend on, for `set_random_state`."""
        return copy.deepcopy(self.generator)

    def set_random_state(self, state: Any) -> None:
        """Let the random numbers come out as they did after `random_state` gave `state`."""
        self.generator = copy.deepcopy(state)

    def random_array(self, draw: str, args: tuple[Any, ...], dtype: Any, device: Any = None) -> Any:
        """Random numbers: `draw` is "random", "standard_normal" or "integers", with the arguments of NumPy's generator."""
        return self.xp.asarray(getattr(self.generator, draw)(*args), dtype=dtype, device=device)
