"""The libraries that are compared, each in a module of its own; those not installed are left out."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from .library import Library

OURS = "arraygrad"
BY_HAND = "NumPy by hand"
PYTORCH = "PyTorch"
AUTOGRAD = "autograd"
MYGRAD = "MyGrad"

_CLASSES = {
    BY_HAND: ("numpy", "by_hand", "ByHand"),
    OURS: ("arraygrad", "ours", "Ours"),
    PYTORCH: ("torch", "pytorch", "PyTorch"),
    AUTOGRAD: ("autograd", "hips", "Autograd"),
    MYGRAD: ("mygrad", "mygrad", "MyGrad"),
    "JAX": ("jax", "jax", "Jax"),
    "JAX jit": ("jax", "jax", "JaxJit"),
}
NAMES = tuple(_CLASSES)


def is_installed(name: str) -> bool:
    """Whether the library of this name can be imported."""
    return find_spec(_CLASSES[name][0]) is not None


def distribution(name: str) -> str:
    """The name that the library is imported by."""
    return _CLASSES[name][0]


def load(name: str) -> Library | None:
    """The library of this name, None if it is not installed."""
    if not is_installed(name):
        return None
    _, module, cls = _CLASSES[name]
    return getattr(import_module(f".{module}", __name__), cls)()


__all__ = [
    "AUTOGRAD", "BY_HAND", "MYGRAD", "NAMES", "OURS", "PYTORCH", "Library", "distribution", "is_installed", "load",
]  # fmt: skip
