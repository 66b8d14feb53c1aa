"""An array of one library as an array of another: through DLPack, in the same memory, where both can; else through NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ArraygradError, BackendError

if TYPE_CHECKING:
    from .protocol import Array, Backend

_REFUSALS = (BufferError, RuntimeError, TypeError, ValueError, AttributeError)
"""What libraries raise for a device, a data type or a layout that they do not take."""


class Export:
    """An array as its backend hands it over: what `from_dlpack` of any library takes."""

    def __init__(self, backend: Backend, array: Array) -> None:
        self.backend = backend
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        given = {name: value for name, value in options.items() if value is not None}
        return self.backend.dlpack(self.array, **given)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.backend.dlpack_device(self.array)


def exchange(source: Backend, x: Array, target: Backend, device: Any = None, own: bool = False) -> Array:
    """`x`, stored by `source`, as an array of `target`, on the same device where that knows it, else on `device`.

    `own`: nobody who can write sees its memory; a library whose arrays cannot be written relies on that. Raises
    BackendError for a data type that `target` lacks, and for values that are not there yet.
    """
    dtype = source.neutral_dtype(x.dtype)
    raw_dtype = target.require_dtype(dtype)
    if source is not target and not (source.lazy or source.has_values(x)):
        raise BackendError(
            f"to_backend: got an array of {source.name} that has no values while a program is traced; expected one with "
            "values; convert outside of the traced function"
        )
    made = _shared(source, x, target)
    if made is None:
        values = source.to_numpy(x)
        made = target.xp.asarray(values.astype(values.dtype.newbyteorder("="), copy=False))
    elif own and source.writable and not target.writable:
        made = target.xp.asarray(made, copy=True)
    if target.neutral_dtype(made.dtype) != dtype:  # NumPy may have needed another one on the way
        made = target.convert(made, raw_dtype)
    return made if device is None or device == target.device_of(made) else target.xp.to_device(made, device)


def _shared(source: Backend, x: Array, target: Backend) -> Array | None:
    """The same memory as an array of `target`; None if that is not possible."""
    if source is target:
        return x
    try:
        return target.xp.from_dlpack(Export(source, x))
    except ArraygradError:
        raise
    except _REFUSALS:
        return None
