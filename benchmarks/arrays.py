"""The array libraries that arraygrad stands on, each as somebody uses it who has no library for derivatives."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
from timing import Clock, EventClock, processor_clock, wall_clock

_FUNCTIONS = (
    "sin", "cos", "exp", "log", "sqrt", "tanh", "sum", "max", "maximum", "reshape", "concat", "ones_like", "zeros_like",
    "broadcast_to", "isfinite", "zeros", "arange",
)  # fmt: skip
"""What the problems and their derivatives by hand use."""


class ArrayLibrary:
    """A library by the name of its backend. Those that differ from NumPy derive from this class."""

    module = "numpy"
    renamed: dict[str, str] = {}
    """Functions that the library has under other names than the standard's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.library = import_module(self.module)
        functions = {name: getattr(self.library, self.renamed.get(name, name)) for name in _FUNCTIONS}
        self.xp = SimpleNamespace(**functions)

    def asarray(self, array: np.ndarray) -> Any:
        """An array of the library, with memory of its own."""
        return self.library.asarray(array)

    def to_numpy(self, array: Any) -> np.ndarray:
        """One of its arrays as NumPy's."""
        return np.asarray(array)

    def wait(self, result: Any) -> None:
        """Return when the arrays of a result have been computed."""

    @property
    def clock(self) -> Clock:
        """How to measure calls."""
        return wall_clock(self.wait)

    @property
    def call_clock(self) -> Clock:
        """How to measure calls on arrays so tiny that computing takes no time."""
        return processor_clock

    @property
    def version(self) -> str:
        """The version of the library."""
        return import_module(self.module.partition(".")[0]).__version__

    @property
    def device(self) -> str:
        """What computes."""
        return "CPU"

    def use_threads(self, count: int) -> None:
        """Compute with that many threads, if the library can be told."""


class Strict(ArrayLibrary):
    """array-api-strict."""

    module = "array_api_strict"

    def asarray(self, array: np.ndarray) -> Any:
        """A copy."""
        return self.library.asarray(array, copy=True)

    def to_numpy(self, array: Any) -> np.ndarray:
        """Through DLPack."""
        return np.from_dlpack(array)


class Torch(ArrayLibrary):
    """PyTorch, on the GPU if there is one and it is asked for."""

    module = "torch"
    renamed = {"max": "amax", "maximum": "clamp_min"}

    def __init__(self, name: str, device: str = "cpu") -> None:
        super().__init__(name)
        self._device = device

    def asarray(self, array: np.ndarray) -> Any:
        """A copy on the device."""
        return self.library.tensor(array, device=self._device)

    def to_numpy(self, array: Any) -> np.ndarray:
        """On the host."""
        return array.detach().cpu().numpy()

    @property
    def clock(self) -> Clock:
        """Events of the GPU; on the CPU nothing is under way when a call returns."""
        cuda = self.library.cuda
        if self._device == "cpu":
            return super().clock
        return EventClock(lambda: cuda.Event(enable_timing=True), lambda start, end: start.elapsed_time(end))

    @property
    def device(self) -> str:
        """The name of the GPU."""
        return "CPU" if self._device == "cpu" else self.library.cuda.get_device_name()

    def use_threads(self, count: int) -> None:
        """For one operation."""
        self.library.set_num_threads(count)


class Jax(ArrayLibrary):
    """JAX, which computes while Python goes on."""

    module = "jax.numpy"

    def __init__(self, name: str) -> None:
        self.jax = import_module("jax")
        self.jax.config.update("jax_enable_x64", True)
        super().__init__(name)

    def wait(self, result: Any) -> None:
        """`block_until_ready`, of the arrays in Tensors too."""
        self.jax.block_until_ready([getattr(each, "array", each) for each in _arrays(result)])

    @property
    def device(self) -> str:
        """The first of its devices."""
        return self.jax.devices()[0].device_kind


class Dask(ArrayLibrary):
    """Dask, by one thread, as chunks of a million."""

    module = "dask.array"
    renamed = {"concat": "concatenate"}

    def asarray(self, array: np.ndarray) -> Any:
        """In chunks."""
        return self.library.from_array(array, chunks=_chunks(array.shape))

    def wait(self, result: Any) -> None:
        """Compute, and drop what comes of it."""
        import_module("dask").compute(
            *(getattr(each, "array", each) for each in _arrays(result)), scheduler="synchronous", optimize_graph=True
        )


class Cupy(ArrayLibrary):
    """CuPy, by the current stream of the current GPU."""

    module = "cupy"
    renamed = {"concat": "concatenate"}

    def to_numpy(self, array: Any) -> np.ndarray:
        """On the host."""
        return self.library.asnumpy(array)

    @property
    def clock(self) -> Clock:
        """Events of the GPU."""
        cuda = self.library.cuda
        return EventClock(cuda.Event, cuda.get_elapsed_time)

    @property
    def call_clock(self) -> Clock:
        """The same."""
        return self.clock

    @property
    def device(self) -> str:
        """The name of the GPU."""
        runtime = self.library.cuda.runtime
        return runtime.getDeviceProperties(self.library.cuda.Device().id)["name"].decode()


_CLASSES: dict[str, type[ArrayLibrary]] = {
    "numpy": ArrayLibrary, "array_api_strict": Strict, "torch": Torch, "jax": Jax, "dask": Dask, "cupy": Cupy,
}  # fmt: skip


def installed(*names: str) -> list[ArrayLibrary]:
    """The libraries of these backends, all if none is named, that are installed. CuPy is measured by `gpu.py`."""
    wanted = names or tuple(name for name in _CLASSES if name != "cupy")
    return [_CLASSES[name](name) for name in wanted if find_spec(_CLASSES[name].module.partition(".")[0]) is not None]


def _arrays(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def _chunks(shape: tuple[int, ...]) -> Any:
    return -1 if len(shape) != 1 else min(shape[0], 1_000_000)

