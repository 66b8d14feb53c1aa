"""The Tensor: an array of any library, the vertex of the graph that made it, and what a PyTorch user expects of it.

Operators and the methods named after operations are attached by `methods`, once the operations are declared.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any

from .backends import Backend, backend_of, device_of, learn_dtypes
from .conversion import Convertible
from .dtypes import HALVES, STANDARD, DType
from .errors import ArgumentTypeError, GradientError
from .family import Rest, View, base_of, join, retains_grad, view_of
from .graph import ROOT, AccumulateGrad, Output, Vertex
from .modes import current


class Tensor(Convertible):
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
        """Device, in the backend's own terms; None where it is not known yet."""
        return device_of(self.array)

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
            known, grad = self.rest and self.rest.leaf, self.grad
            self.node = leaf = known or AccumulateGrad(self)
            leaf.requires_grad, leaf.grad, leaf.array = True, grad, self.array
        elif not requires_grad and isinstance(self.node, AccumulateGrad):
            leaf, self.node = self.node, None
            leaf.requires_grad = False
            self._rest().grad, self._rest().leaf = leaf.grad, leaf  # with its hooks, should the flag be set again
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
        return retains_grad(self, self.node)

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes accumulated here, or None."""
        if isinstance(self.node, AccumulateGrad):
            return self.node.grad
        known = self.rest.grad if self.rest is not None else None
        if known is None and self.node is not None and self.node.level is ROOT and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
                "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
                "Tensor, use .retain_grad() on the non-leaf Tensor.",
                UserWarning,
                stacklevel=2,
            )
        return known

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            from .accumulation import check_grad

            check_grad(self, value)
        if isinstance(self.node, AccumulateGrad):
            self.node.grad = value
        else:
            self._rest().grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

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

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Any:
        """Call `hook` with this leaf each time a backward pass has added to its `.grad`."""
        from .hooks import register_accumulated_hook

        return register_accumulated_hook(self, hook)

    def detach(self) -> Tensor:
        """The same entries, cut off from the graph: writes to either show in both."""
        return detached(self, counts=True)

    def detach_(self) -> Tensor:
        """Cut this tensor off from the graph: it becomes a leaf that requires no gradient."""
        if self._is_view():
            raise GradientError(
                "detach_: Can't detach views in-place. Use detach() instead: the view would no longer follow its base"
            )
        if isinstance(self.node, AccumulateGrad):
            return self.requires_grad_(False)
        self.node = None
        return self

    @property
    def data(self) -> Tensor:
        """The same entries, cut off from the graph. Writes to it do not count in `_version`."""
        return detached(self, counts=False)

    @data.setter
    def data(self, value: Tensor) -> None:
        from .copies import check_data, share

        check_data(self, value)
        share(self, value)

    def set_array(self, array: Any) -> None:
        """Give this tensor another array. The old one is not overwritten: a node may keep it."""
        self.array = array
        if isinstance(self.node, AccumulateGrad):
            self.node.array = array

    @property
    def _version(self) -> int:
        """How many writes there were to this tensor, its base, their views, and what was detached from them."""
        return 0 if self.rest is None else self.rest.version[0]

    @property
    def _base(self) -> Tensor | None:
        return base_of(self)

    def _is_view(self) -> bool:
        return base_of(self) is not None

    def _rule_namespace(self) -> Any:
        return self.__array_namespace__()


class InferenceTensor(Tensor):
    """A tensor that was made in inference mode: it takes no part in differentiation."""

    __slots__ = ()

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Raises GradientError outside inference mode."""
        if requires_grad and not current().inference:
            raise GradientError(
                "requires_grad_: Setting requires_grad=True on inference tensor outside InferenceMode is not allowed; make "
                "a normal tensor of it first, with x.clone()"
            )
        return super().requires_grad_(requires_grad)

    @property
    def _version(self) -> int:
        raise GradientError("_version: Inference tensors do not track version counter; x.clone() is a normal tensor")


def new_tensor(array: Any, node: Vertex | None = None) -> Tensor:
    """A Tensor around an array. Not a constructor, since calling a class that has one takes twice as long."""
    tensor = InferenceTensor() if current().inference else Tensor()
    tensor.array = array
    tensor.node = node
    tensor.rest = None
    return tensor


def detached(tensor: Tensor, counts: bool) -> Tensor:
    """The same entries without a history, in the same family.

    It must not keep the tensor and its graph alive. So both hang on a third without history: its like is made for the top
    of the family, and for each view on the way.
    """
    path: list[tuple[Tensor, View]] = []
    highest, view = tensor, view_of(tensor)
    while view is not None and view.op is not None:
        path.append((highest, view))
        highest, view = view.parent, view_of(view.parent)
    if view is None:
        view = View(_without_graph(highest), None, {}, cut=True)
        view.parent._rest().version = highest._rest().version
        join(highest, view)
    parent = view.parent
    for member, step in reversed(path):
        parent, above = _without_graph(member), parent
        join(parent, View(above, step.op, step.options))
    result = _without_graph(tensor)
    join(result, View(parent, None, {}, cut=True))
    result._rest().version = tensor._rest().version if counts else [0]
    return result


def _without_graph(tensor: Tensor) -> Tensor:
    """Another tensor of the same entries: one that was made in inference mode, or none."""
    other = new_tensor(tensor.array.detach() if isinstance(tensor.array, Tensor) else tensor.array)
    other.__class__ = InferenceTensor if type(tensor) is InferenceTensor else Tensor
    return other


PLAIN = (Tensor, InferenceTensor)


def constant(value: Any) -> Any:
    """The raw array of a tensor that no level records; anything else as it is."""
    return value.array if type(value) in PLAIN and value.node is None else value


def as_tensor(value: Any) -> Tensor:
    """A value of some level as a Tensor: raw arrays are wrapped. Raises ArgumentTypeError for those that hold no numbers."""
    if not isinstance(value, Tensor):
        backend = backend_of(value)
        value = new_tensor(backend.wrap(value))
        backend.neutral_dtype(value.array.dtype)
    return value


learn_dtypes(Tensor, STANDARD + tuple(HALVES))
