"""How a tensor is shown: as PyTorch shows it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .dtypes import DType, bool_, complex64, float32, int64
from .dual import Dual
from .selection import settle
from .tensor import Tensor, as_tensor

_THRESHOLD = 1000
_EDGE = 3
_WIDTH = 80
_default_dtypes: dict[str, DType] = {"float": float32, "complex": complex64}

Format = tuple[Callable[[Any], str], int]
"""What writes one value, and how wide: lines are filled as if all were so wide."""


def format_tensor(x: Tensor) -> str:
    """`tensor([[27., 27.]], grad_fn=<MulBackward0>)`."""
    prefix = "tensor("
    if not x._has_values():
        body = f"..., shape={x.shape}"
    else:
        body = "[]" if x.size == 0 else _format_values(x._values(), x.dtype, len(prefix))
    text = prefix + body
    line = len(text.rpartition("\n")[2]) + 2
    for suffix in _suffixes(x):
        if line + len(suffix) + 2 > _WIDTH:
            text += ",\n" + " " * len(prefix) + suffix
            line = len(prefix) + len(suffix)
        else:
            text += ", " + suffix
            line += len(suffix) + 2
    return text + ")"


def _suffixes(x: Tensor) -> list[str]:
    """What is said after the values, where it is not the usual."""
    found = []
    if x.size == 0 and x.ndim != 1:
        found.append(f"size={x.shape}")
    usual = (_default_dtypes["float"],) if x.size == 0 else (*_default_dtypes.values(), int64, bool_)
    if x.dtype not in usual:
        found.append(f"dtype={x.dtype!r}")
    if x.grad_fn is not None:
        found.append(f"grad_fn=<{x.grad_fn.name()}>")
    elif x.requires_grad:
        found.append("requires_grad=True")
    if isinstance(x, Dual):
        found.append(f"tangent={as_tensor(settle(x.tangent))!r}")
    return found


def _format_values(values: Any, dtype: DType, indent: int) -> str:
    import numpy as np

    summarize = values.size > _THRESHOLD
    shown = _edges(values) if summarize else values
    if dtype.is_complex:
        chosen = _complex_format(shown.astype(np.complex128))
    elif dtype.is_floating_point:
        chosen = _float_format(shown.astype(np.float64))
    else:
        width = max(len(str(value)) for value in shown.reshape(-1).tolist())
        chosen = (lambda value: str(value).rjust(width)), width
    return _nested(values, chosen, indent, summarize)


def _edges(values: Any) -> Any:
    """The corners that a summary shows."""
    import numpy as np

    for axis in range(values.ndim):
        if values.shape[axis] > 2 * _EDGE:
            values = np.take(values, [*range(_EDGE), *range(-_EDGE, 0)], axis=axis)
    return values


def _float_format(values: Any) -> Format:
    """Integers as `2.`, else four digits, in scientific notation where values are large, small or differ widely."""
    import numpy as np

    finite = values[np.isfinite(values) & (values != 0)].tolist()
    write = "{:.0f}.".format
    if finite:
        largest, smallest = max(map(abs, finite)), min(map(abs, finite))
        if largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4:
            write = "{:.4e}".format
        elif not all(value.is_integer() for value in finite):
            write = "{:.4f}".format
    width = max(map(len, map(write, finite)), default=1)
    return (lambda value: (write(value) if math.isfinite(value) else str(value)).rjust(width)), width


def _complex_format(values: Any) -> Format:
    """The real and the imaginary parts, each in the format that suits them all."""
    (real, real_width), (imag, imag_width) = _float_format(values.real), _float_format(values.imag)

    def write(value: complex) -> str:
        part = imag(value.imag).lstrip()
        return real(value.real) + ("" if part.startswith("-") else "+") + part + "j"

    return write, real_width + imag_width + 1


def _nested(values: Any, chosen: Format, indent: int, summarize: bool) -> str:
    write, width = chosen
    if values.ndim == 0:
        return write(values.item())
    gap = summarize and len(values) > 2 * _EDGE
    rows = [*values[:_EDGE], *values[-_EDGE:]] if gap else values
    if values.ndim == 1:
        parts = [write(row.item()) for row in rows]
        parts[_EDGE:_EDGE] = [" ..."] if gap else []
        per_line = max(1, (_WIDTH - indent) // (width + 2))
        lines = [", ".join(parts[start : start + per_line]) for start in range(0, len(parts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [_nested(row, chosen, indent + 1, summarize) for row in rows]
    parts[_EDGE:_EDGE] = ["..."] if gap else []
    return "[" + ("," + "\n" * (values.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
