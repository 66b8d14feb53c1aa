"""A case on a backend: as a function of its arrays, with its derivatives, given and returned as NumPy arrays."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import arraygrad as ag
from arraygrad import Tensor
from arraygrad.backends import Backend
from arraygrad.namespace import calls
from arraygrad.tensor import as_tensor

from .calls import Call
from .cases import Case
from .observed import OBSERVED
from .parameters import BACKEND, DEVICE

Arrays = list[Any]


class Rejected(Exception):
    """The case says nothing about the property."""


class Lacking(Rejected):
    """The library cannot do what the property is about."""


class Problem:
    """`outputs = call(primals)` for a case on a backend, on one of its devices or on that of its choice.

    What differentiates is `vjp` and `jvp`, which nest: another library's stand for them in `conformance/peers`.
    """

    vjp = staticmethod(ag.func.vjp)
    jvp = staticmethod(ag.func.jvp)

    def __init__(self, case: Case, backend: Backend, device: Any = None) -> None:
        self.case = case
        self.backend = backend
        self.device = device
        self.options = {name: self._option(value) for name, value in case.options.items()}

    # -- between NumPy and the backend --------------------------------------------------------------

    def raw(self, value: Any) -> Any:
        """A NumPy array as one of the backend, on the device; anything else as it is."""
        if not isinstance(value, (np.ndarray, np.generic)):
            return value
        dtype = None
        if self.device is not None and value.dtype.kind == "i":  # a device need not have integers of 64 bits
            dtype = self.backend.library.__array_namespace_info__().default_dtypes(device=self.device)["indexing"]
        return self.backend.xp.asarray(value, copy=True, device=self.device, dtype=dtype)

    def _option(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._option(part) for part in value)
        if isinstance(value, str) and value == BACKEND:
            return self.backend
        if isinstance(value, str) and value == DEVICE:
            return self.backend.devices()[0] if self.device is None else self.device
        return self.raw(value)

    def plain(self, values: Sequence[Any]) -> Arrays:
        """Tensors as NumPy arrays, which are the test's own."""
        arrays = [as_tensor(value).detach().array for value in values]
        if self.device is not None:
            arrays = [self.backend.kernel("to_device")(array, self.backend.devices()[0]) for array in arrays]
        return [np.array(self.backend.to_numpy(array)) for array in arrays]

    # -- the call -----------------------------------------------------------------------------------

    def call(self, *active: Any) -> tuple[Any, ...]:
        """The outputs that have a derivative, from the arrays that can be differentiated by. Raises Lacking if shapes of
        outputs are not known before they are computed: nobody could give a cotangent then."""
        given = dict(zip(self.case.active, active, strict=True))
        every = [given.get(position, self.raw(array)) for position, array in enumerate(self.case.arrays)]
        positional, named = self.case.call.bind(every, self.options)
        outs = outputs_of(self.case.call, self.case.call.function(*positional, **named))
        if any(length is None or math.isnan(length) for out in outs for length in out.shape):
            raise Lacking("the shape of the result depends on values that are not computed yet")
        return outs

    def value(self, arrays: Sequence[Any]) -> Arrays:
        """The outputs for other values of the arrays."""
        return self.plain(self.call(*(self.raw(array) for array in arrays)))

    def library(self, function: Callable[..., Any]) -> Arrays:
        """The outputs of a function of the library for the arrays of the case. Raises Lacking if it raises."""
        every = [self.raw(array) for array in self.case.arrays]
        options = {name: self.backend.raw_dtype(value) if name == "dtype" and value is not None else value
                   for name, value in self.options.items()}  # fmt: skip
        positional, named = self.case.call.bind(every, options)
        try:
            outs = function(*positional, **named)
            outs = outs if isinstance(outs, (tuple, list)) else (outs,)
            return self.plain(outs)
        except Exception as error:
            raise Lacking(f"the library: {type(error).__name__}: {error}") from error

    # -- derivatives --------------------------------------------------------------------------------

    def cotangents(self) -> Arrays:
        """A random cotangent for each output."""
        return [self.case.source.directions(out.shape, str(out.dtype)) for out in self.value(self.case.primals)]

    def pulled(self, primals: Sequence[Any], cotangents: Sequence[Any]) -> tuple[Any, ...]:
        """The gradients by reverse mode, as Tensors."""
        _, pull = self.vjp(self.call, *primals)
        return pull(tuple(cotangents))

    def pushed(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        """The tangents of the outputs by forward mode, as Tensors."""
        _, pushed = self.jvp(self.call, tuple(primals), tuple(tangents))
        return pushed

    def gradients(self, cotangents: Sequence[Any], primals: Sequence[Any] | None = None) -> Arrays:
        """`pulled`, of NumPy arrays."""
        primals = self.case.primals if primals is None else primals
        return self.plain(self.pulled(self.given(primals), self.given(cotangents)))

    def tangents(self, directions: Sequence[Any], primals: Sequence[Any] | None = None) -> Arrays:
        """`pushed`, of NumPy arrays."""
        primals = self.case.primals if primals is None else primals
        return self.plain(self.pushed(self.given(primals), self.given(directions)))

    def given(self, arrays: Sequence[Any]) -> Arrays:
        """NumPy arrays as Tensors."""
        return [as_tensor(self.raw(array)) for array in arrays]

    def function(self, name: str) -> Callable[..., Any]:
        """Another function, by its name in the namespace."""
        return calls()[name]


def outputs_of(call: Call, value: Any) -> tuple[Any, ...]:
    """The floating-point outputs of a call, and of what is defined only up to a gauge what does not depend on it."""
    outs = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if call.name in OBSERVED:
        outs = OBSERVED[call.name](*outs)
    return tuple(out for out in outs if isinstance(out, Tensor) and out.dtype.is_differentiable)


def quietly(function: Callable[..., Any], *args: Any) -> Any:
    """The result of a function without NumPy's warnings of infinities and of means of nothing."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(*args)
