"""The Tensor: an array of any library, the vertex of the graph that made it, and what a PyTorch user expects of it.

Operators and the methods named after operations are attached by `methods`, once the operations are declared.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .backends import Backend, backend_of, learn_dtypes
from .dtypes import HALVES, STANDARD, DType
from .errors import ArgumentError, ArgumentTypeError, ExportError, GradientError
from .graph import ROOT, AccumulateGrad, Level, Output, Vertex

if TYPE_CHECKING:
    from .attached import Attached
else:
    Attached = object


class Rest:
    """What few tensors have, behind one slot that is None for the others."""

    __slots__ = ("grad", "version")

    def __init__(self) -> None:
        self.grad: Tensor | None = None
        self.version = 0


class Tensor(Attached):
    """An array that records what is done to it.

    `array` is the backend's own array; inside transforms it may be a Tensor of a lower level. `node` is the vertex that
    made it: None where nothing is recorded, an AccumulateGrad for a leaf that requires a gradient.
    """

    __slots__ = ("__weakref__", "array", "node", "rest")

    array: Any
    node: Vertex | None
    rest: Rest | None

    # -- the array ----------------------------------------------------------------------------------

    @property
    def backend(self) -> Backend:
        """The backend that stores the numbers."""
        array = self.array
        while isinstance(array, Tensor):
            array = array.array
        return backend_of(array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> DType:
        """Data type, the same object for all backends."""
        array = self.array
        return array.dtype if isinstance(array, Tensor) else backend_of(array).neutral_dtype(array.dtype)

    @property
    def device(self) -> Any:
        """Device, in the backend's own terms."""
        return self.array.device

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.array.shape)

    @property
    def size(self) -> int | None:
        """Number of elements, None where a lazy backend does not know it."""
        count = 1
        for length in self.shape:
            if length is None or length != length:  # noqa: PLR0124 - lazy libraries say NaN for unknown
                return None
            count *= length
        return count

    def __len__(self) -> int:
        if not self.shape:
            raise ArgumentTypeError("len: got a tensor with 0 axes; expected at least 1")
        return self.shape[0]

    __hash__ = object.__hash__

    # -- the graph ----------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded. Settable on leaves of floating or complex dtype."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if not self.is_leaf:
            raise GradientError(
                "requires_grad: you can only change requires_grad flags of leaf variables."
                + ("" if flag else " If you want to use a computed variable in a subgraph that doesn't require "
                   "differentiation use var_no_grad = var.detach().")
            )
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` and return the tensor itself."""
        if not requires_grad and not self.is_leaf:
            self.requires_grad = False
        elif requires_grad and self.node is None:
            if not self.dtype.is_differentiable:
                raise ArgumentTypeError(
                    f"requires_grad: got a tensor of dtype {self.dtype.name}. Only Tensors of floating point and complex "
                    "dtype can require gradients; convert it first, with x.astype(arraygrad.float32)"
                )
            grad = self.grad
            self.node = AccumulateGrad(self)
            self.node.grad = grad
        elif not requires_grad and isinstance(self.node, AccumulateGrad):
            grad, self.node.requires_grad, self.node = self.node.grad, False, None
            self._rest().grad = grad
        return self

    @property
    def is_leaf(self) -> bool:
        """True for tensors that no recorded operation made."""
        return self.node is None or isinstance(self.node, AccumulateGrad)

    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor, None for leaves."""
        if self.is_leaf:
            return None
        return self.node.node if isinstance(self.node, Output) else self.node

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` this is."""
        return self.node.index if isinstance(self.node, Output) else 0

    def _rest(self) -> Rest:
        if self.rest is None:
            self.rest = Rest()
        return self.rest

    @property
    def retains_grad(self) -> bool:
        """Whether `.grad` is filled although the tensor is not a leaf."""
        extra = self.node.extra if self.node is not None else None
        return extra is not None and extra.retained is not None and extra.retained() is self

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes accumulated here, or None."""
        if isinstance(self.node, AccumulateGrad):
            return self.node.grad
        if self.node is not None and self.node.level is ROOT and not self.retains_grad and self.rest is None:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
                "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
                "Tensor, use .retain_grad() on the non-leaf Tensor.",
                UserWarning,
                stacklevel=2,
            )
        return self.rest.grad if self.rest is not None else None

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        if isinstance(self.node, AccumulateGrad):
            self.node.grad = value
        else:
            self._rest().grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def _check_grad(self, value: object) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentTypeError(f"grad: got {type(value).__name__}; expected a Tensor or None")
        if value is self:
            raise GradientError("grad: can't assign Variable as its own grad; assign a detached copy, x.detach().clone()")
        if value.shape != self.shape:
            raise ArgumentError(
                f"grad: attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
                f"'{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
        if value.dtype != self.dtype:
            raise ArgumentTypeError(
                f"grad: attempting to assign a gradient with dtype '{value.dtype.name}' to a tensor with grad_dtype "
                f"'{self.dtype.name}'. Convert it with value.astype(x.dtype)"
            )
        if value.backend is not self.backend:
            raise ArgumentTypeError(
                f"grad: got a gradient stored by {value.backend.name} for a tensor stored by {self.backend.name}"
            )

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add to each leaf's `.grad` the derivative of this tensor, weighted by `gradient` (1 for a scalar)."""
        from .autograd import backward

        backward((self,), (gradient,), retain_graph=retain_graph, create_graph=create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Fill `.grad` of this tensor in backward passes although it is not a leaf."""
        if self.node is None:
            raise GradientError(
                "retain_grad: can't retain_grad on Tensor that has requires_grad=False; "
                "call requires_grad_() before using it"
            )
        if not self.is_leaf:
            self._rest()
            self.node.extras().retained = weakref.ref(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Call `hook` with each gradient computed for this tensor; what it returns, if not None, replaces the gradient."""
        from .hooks import register_tensor_hook

        return register_tensor_hook(self, hook)

    def detach(self) -> Tensor:
        """The same array, cut off from the graph."""
        return new_tensor(self.array.detach() if isinstance(self.array, Tensor) else self.array)

    def detach_(self) -> Tensor:
        """Cut this tensor off from the graph: it becomes a leaf that requires no gradient."""
        if isinstance(self.node, AccumulateGrad):
            return self.requires_grad_(False)
        self.node = None
        return self

    @property
    def data(self) -> Tensor:
        """The same array, cut off from the graph."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentTypeError(f"data: got {type(value).__name__}; expected a Tensor")
        if value.dtype != self.dtype or value.backend is not self.backend:
            raise ArgumentTypeError(
                f"data: got {value.dtype.name} stored by {value.backend.name}; "
                f"expected {self.dtype.name} stored by {self.backend.name}"
            )
        self.set_array(value.array)

    def set_array(self, array: Any) -> None:
        """Give this tensor another array. The old one is not overwritten: a node may keep it."""
        self.array = array
        self._rest().version += 1
        if isinstance(self.node, AccumulateGrad):
            self.node.array = array

    @property
    def _version(self) -> int:
        return self.rest.version if self.rest is not None else 0

    # -- leaving ------------------------------------------------------------------------------------

    def numpy(self) -> Any:
        """The values as a NumPy array; without a copy where the backend can."""
        if self.requires_grad:
            raise GradientError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self._values()

    def _values(self) -> Any:
        array = self.array
        while isinstance(array, Tensor):
            array = array.array
        return backend_of(array).to_numpy(array)

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
        if self.backend.lazy:
            raise ArgumentTypeError(
                f"{conversion}: the values of a tensor stored by {self.backend.name} are not known before they are "
                "computed; compute it first, with x.numpy()"
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
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        return self.array.__dlpack__(**{name: value for name, value in options.items() if value is not None})

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    # -- copies -------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GradientError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
                "Copy x.detach() instead."
            )
        if id(self) in memo:
            return memo[id(self)]
        xp = self.backend.xp
        copied = new_tensor(xp.asarray(self.array, copy=True))
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

        return format_tensor(self)

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if specification else repr(self)

    def _rule_namespace(self) -> Any:
        return self.__array_namespace__()


def _rebuild(backend: str, values: Any, requires_grad: bool) -> Tensor:
    from .backends import get_backend

    return new_tensor(get_backend(backend).xp.asarray(values)).requires_grad_(requires_grad)


def new_tensor(array: Any, node: Vertex | None = None) -> Tensor:
    """A Tensor around an array. Not a constructor, since calling a class that has one takes twice as long."""
    tensor = Tensor()
    tensor.array = array
    tensor.node = node
    tensor.rest = None
    return tensor


class Dual(Tensor):
    """A value that carries a tangent: `array` and `tangent` are values one level down."""

    __slots__ = ("level", "tangent")

    level: Level
    tangent: Any

    def __init__(self, primal: Any, tangent: Any, level: Level) -> None:
        self.array = primal
        self.node = None
        self.rest = None
        self.tangent = tangent
        self.level = level

    @property
    def requires_grad(self) -> bool:
        """Whether the value that this one carries requires a gradient."""
        return isinstance(self.array, Tensor) and self.array.requires_grad

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Not possible: raises GradientError unless nothing would change."""
        if requires_grad != self.requires_grad:
            raise GradientError(
                "requires_grad_: got a value that carries a tangent, inside arraygrad.func.jvp or its like; "
                "differentiate there with a transform as well: arraygrad.func.grad or vjp"
            )
        return self

    def detach(self) -> Tensor:
        """The same array with the same tangent, cut off from the graph that a backward pass would walk."""
        return Dual(_detached(self.array), _detached(self.tangent), self.level)

    def backward(self, *args: Any, **options: Any) -> None:
        """A backward pass through the value that this one carries; its tangent takes no part."""
        if not isinstance(self.array, Tensor):
            super().backward(*args, **options)
        self.array.backward(*args, **options)


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


def constant(value: Any) -> Any:
    """The raw array of a tensor that no level records; anything else as it is."""
    return value.array if type(value) is Tensor and value.node is None else value


def as_tensor(value: Any) -> Tensor:
    """A value of some level as a Tensor: raw arrays are wrapped."""
    return value if isinstance(value, Tensor) else new_tensor(backend_of(value).wrap(value))


for kind in (Tensor, Dual):
    learn_dtypes(kind, STANDARD + tuple(HALVES))

__all__: list[str] = ["Dual", "Rest", "Tensor", "as_tensor", "constant"]
