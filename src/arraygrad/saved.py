"""What nodes keep, as hooks of the user changed it: packed when it is kept, unpacked when a backward pass needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from . import modes
from .errors import ArgumentTypeError, GradientError
from .rules import Spec
from .tensor import Tensor, as_tensor

Scalar = (bool, int, float, complex)


class SavedHooks(NamedTuple):
    """Two functions: `pack` gets a tensor that is kept and returns anything, of which `unpack` makes a tensor again."""

    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]


class PackedValue:
    """What hooks made of an array, and how to get it back."""

    __slots__ = ("content", "hooks")

    def __init__(self, array: Any, hooks: Sequence[SavedHooks]) -> None:
        self.hooks = hooks
        self.content: Any = as_tensor(array)
        before = modes.replace(modes.with_blocked(modes.depth.get())._replace(saved_hooks=()))
        try:
            for pair in reversed(hooks):  # the innermost first
                self.content = pair.pack(self.content)
        finally:
            modes.replace(before)

    def unpack(self) -> Any:
        """The array."""
        content = self.content
        for pair in self.hooks:
            content = pair.unpack(content)
        if not isinstance(content, Tensor):
            raise ArgumentTypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"'{type(content).__name__}'"
            )
        return content.array


class Packed(tuple[Any, ...]):
    """What a node keeps, some of it packed."""

    __slots__ = ()

    def unpack(self) -> tuple[Any, ...]:
        """All of it, unpacked."""
        return tuple(value.unpack() if type(value) is PackedValue else value for value in self)


def pack(kept: Iterable[Any], hooks: Sequence[SavedHooks]) -> Packed:
    """What a node keeps, packed by hooks, of which the last was set last. Values that another transform differentiates stay
    as they are: what that keeps of them is packed."""
    return Packed(
        PackedValue(value, hooks) if is_held(value) and not isinstance(value, Tensor) else value for value in kept
    )


def is_held(value: Any) -> bool:
    """Whether a value is an array: not None, not a `Spec`, and no Python number (of which NumPy's float64 is a subclass)."""
    return not (value is None or type(value) is Spec or (isinstance(value, Scalar) and not hasattr(value, "dtype")))


class SavedTensor:
    """A kept value of a node, before a backward pass asks for it: `grad_fn._raw_saved_x`."""

    def __init__(self, node: Any, position: int) -> None:
        self._node = node
        self._position = position

    def register_hooks(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        """Pack this value now. Raises GradientError if it is packed already, or released."""
        kept = self._node.kept
        value = kept[self._position] if isinstance(kept, tuple) else None
        if type(value) is PackedValue:
            raise GradientError(
                "register_hooks: Calling register_hooks on a saved tensor whose hooks have already been set, by a call of "
                "this or by saved_tensors_hooks"
            )
        if not is_held(value):
            raise GradientError(
                "register_hooks: Calling register_hooks on a saved tensor after it has been freed, or where none is kept"
            )
        packed = PackedValue(value, (SavedHooks(pack_hook, unpack_hook),))
        self._node.kept = Packed((*kept[: self._position], packed, *kept[self._position + 1 :]))
