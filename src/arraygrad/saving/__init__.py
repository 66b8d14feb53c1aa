"""`ag.save` and `ag.load`: tensors in nested containers, in a file that executes nothing when it is loaded.

The file is described in `docs/saving.md`. It is checked whole, to the last byte, before anything of it is returned.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

from ..backends import default_backend, get_backend

__all__ = ["load", "save"]


def save(obj: Any, path: str | PathLike[str]) -> None:
    """Write a tensor, or tensors in nested dictionaries (with strings for keys), lists and tuples, to a file.

    The containers may hold None, booleans, numbers and strings too. A tensor that occurs several times is one tensor
    again when it is loaded. `requires_grad` is kept; gradients, graphs, hooks and tangents are not. A file that was there
    is replaced when the new one is complete, and else stays as it was. Raises ArgumentTypeError for anything else.
    """
    from .file import write
    from .tree import encode

    write(path, *encode(obj))


def load(path: str | PathLike[str], backend: str | None = None, device: Any = None) -> Any:
    """What `save` wrote to a file, in tensors of a backend, by default of the default backend, and on a device of it.

    Nothing in a file is executed, so it may come from anybody. Raises LoadError, before anything is made of it, if it is
    damaged or was not written by `save`; BackendError if the backend does not have a dtype.
    """
    from .entries import tensor_of
    from .file import read
    from .tree import decode

    chosen = default_backend() if backend is None else get_backend(backend)
    header, parts = read(path)
    tensors = [tensor_of(data, entry, chosen, device) for data, entry in zip(parts, header.entries, strict=True)]
    for number in header.trainable:
        tensors[number].requires_grad_()
    return decode(header.tree, tensors)
