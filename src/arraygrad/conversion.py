"""Leaving: a tensor as Python numbers, a NumPy array, a buffer of another library, a copy, a pickle, text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .backends import backend_of, get_backend
from .errors import ArgumentError, ArgumentTypeError, ExportError, GradientError

if TYPE_CHECKING:
    from .attached import Attached
else:
    Attached = object


class Convertible(Attached):
    """What Tensor inherits to be converted, copied and shown."""

    __slots__ = ()

    def numpy(self, *, force: bool = False) -> Any:
        """The values as a NumPy array; without a copy where the backend can. `force`: though they require a gradient."""
        if self.requires_grad and not force:
            raise GradientError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self._carries_tangent:
            raise GradientError(
                "Can't call numpy() on Tensor that carries a tangent, which would be lost. Use tensor.array: its value."
            )
        return self._values()

    @property
    def _carries_tangent(self) -> bool:
        """Whether it is differentiated by in forward mode."""
        return False

    def _values(self) -> Any:
        array = self._innermost()
        return backend_of(array).to_numpy(array)

    def _innermost(self) -> Any:
        array = self.array
        while isinstance(array, Convertible):
            array = array.array
        return array

    def _has_values(self) -> bool:
        """Whether the numbers are there to be looked at: see `Backend.has_values`."""
        array = self._innermost()
        return backend_of(array).has_values(array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy

        return numpy.array(self.numpy(), dtype=dtype, copy=copy)

    def item(self) -> Any:
        """The one element as a Python number."""
        if self.size != 1:
            raise ArgumentError(
                f"item: got a tensor of shape {self.shape}: a Tensor with {self.size} elements cannot be converted to "
                "Scalar; use tolist(), or index one element"
            )
        return self._values().item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self._values().tolist()

    def _scalar(self, conversion: str) -> Any:
        if not self._has_values() and not self.backend.computes_implicitly:
            raise ArgumentTypeError(
                f"{conversion}: got a tensor stored by {self.backend.name} whose values are not computed yet; compute them "
                "first, with x.numpy(); while a program is traced there are none, so choose with arraygrad.where instead"
            )
        if self.size != 1:
            many = "more than one value" if self.size else "no values"
            raise ArgumentTypeError(
                f"bool: got shape {self.shape}; Boolean value of Tensor with {many} is ambiguous; reduce it first, with "
                "arraygrad.all or arraygrad.any"
                if conversion == "bool"
                else f"{conversion}: got shape {self.shape}; only one element can be converted to a Python scalar"
            )
        return self._values().reshape(())[()]

    def __bool__(self) -> bool:
        return bool(self._scalar("bool"))

    def __float__(self) -> float:
        if self.dtype.is_complex:
            raise ArgumentTypeError(f"float: got dtype {self.dtype.name}; take the real part first, with arraygrad.real(x)")
        return float(self._scalar("float"))

    def __int__(self) -> int:
        if self.dtype.is_complex:
            raise ArgumentTypeError(f"int: got dtype {self.dtype.name}; take the real part first, with arraygrad.real(x)")
        return int(self._scalar("int"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex"))

    def __index__(self) -> int:
        if self.shape or not self.dtype.kind.endswith("integer"):
            raise ArgumentTypeError(
                f"index: got shape {self.shape} and dtype {self.dtype.name}; only integer tensors of 0 axes can be an index"
            )
        return int(self._scalar("index"))

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        if self.requires_grad:
            raise ExportError("__dlpack__: Can't export tensors that require gradient, use tensor.detach()")
        if self._carries_tangent:
            raise ExportError("__dlpack__: Can't export tensors that carry a tangent, use tensor.array")
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        return self.backend.dlpack(
            self._innermost(), **{name: value for name, value in options.items() if value is not None}
        )

    def __dlpack_device__(self) -> Any:
        return self.backend.dlpack_device(self._innermost())

    def __copy__(self) -> Any:
        return self.data.requires_grad_(self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        from .copies import copied as copied_entries

        if not self.is_leaf:
            raise GradientError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
                "Copy x.detach() instead."
            )
        if id(self) in memo:
            return memo[id(self)]
        copied = copied_entries(self, memo)  # type: ignore[arg-type]
        memo[id(self)] = copied
        grad = self.grad
        copied.requires_grad_(self.requires_grad)
        if grad is not None:
            copied.grad = grad.__deepcopy__(memo) if grad.is_leaf else grad.detach().__deepcopy__(memo)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.backend.name, self._values(), self.requires_grad)

    def __repr__(self) -> str:
        from .printing import format_tensor

        return format_tensor(self)  # type: ignore[arg-type]

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if specification else repr(self)


def _rebuild(backend: str, values: Any, requires_grad: bool) -> Any:
    from .tensor import new_tensor

    return new_tensor(get_backend(backend).xp.asarray(values)).requires_grad_(requires_grad)
