"""How a tensor is shown: as PyTorch shows it."""

from __future__ import annotations

from typing import Any

from .dtypes import DType, bool_, complex64, float32, int64
from .tensor import Dual, Tensor

_THRESHOLD = 1000
_EDGE = 3
_WIDTH = 80
_default_dtypes: dict[str, DType] = {"float": float32, "complex": complex64}


def format_tensor(x: Tensor) -> str:
    """`tensor([[27., 27.]], grad_fn=<MulBackward0>)`."""
    prefix = "tensor("
    suffixes = []
    if x.backend.lazy:
        body = f"..., shape={x.shape}"
    else:
        values = x._values()
        body = "[]" if x.size == 0 else _format_values(values, x.dtype, len(prefix))
        if x.size == 0 and x.ndim != 1:
            suffixes.append(f"size={x.shape}")
    if x.dtype not in (*_default_dtypes.values(), int64, bool_) or (x.size == 0 and x.dtype != _default_dtypes["float"]):
        suffixes.append(f"dtype={x.dtype!r}")
    if isinstance(x, Dual):
        suffixes.append("tangent=...")
    elif x.grad_fn is not None:
        suffixes.append(f"grad_fn=<{x.grad_fn.name()}>")
    elif x.requires_grad:
        suffixes.append("requires_grad=True")
    text = prefix + body
    line = len(text.rpartition("\n")[2])
    for suffix in suffixes:
        if line + len(suffix) + 3 > _WIDTH and "\n" in body:
            text += ",\n" + " " * len(prefix) + suffix
            line = len(prefix) + len(suffix)
        else:
            text += ", " + suffix
            line += len(suffix) + 2
    return text + ")"


def _format_values(values: Any, dtype: DType, indent: int) -> str:
    import numpy as np

    summarize = values.size > _THRESHOLD
    shown = _edges(values) if summarize else values
    if dtype.is_complex:
        real, imag = _formatter(np.real(shown)), _formatter(np.imag(shown))

        def one(value: Any) -> str:
            part = imag(value.imag)
            sign = "" if part.lstrip().startswith("-") else "+"
            return real(value.real) + sign + part.lstrip() + "j"
    elif dtype.is_floating_point:
        one = _formatter(shown)
    else:
        width = max((len(str(value)) for value in shown.reshape(-1).tolist()), default=0)

        def one(value: Any) -> str:
            return f"{value!s:>{width}}"

    return _nested(values, one, indent, summarize)


def _edges(values: Any) -> Any:
    """The corners that a summary shows."""
    import numpy as np

    for axis in range(values.ndim):
        if values.shape[axis] > 2 * _EDGE:
            values = np.take(values, [*range(_EDGE), *range(-_EDGE, 0)], axis=axis)
    return values


def _formatter(values: Any) -> Any:
    """PyTorch's rule: integers as `2.`, else four digits, in scientific notation where they differ widely."""
    import numpy as np

    finite = np.abs(values[np.isfinite(values) & (values != 0)].astype(np.float64))
    if finite.size == 0:
        write = "{:.0f}." if np.isfinite(values).all() else "{:.0f}."
    else:
        largest, smallest = finite.max(), finite.min()
        integral = bool((finite == np.ceil(finite)).all())
        wide = largest / smallest > 1000.0 or largest > 1.0e8
        if integral:
            write = "{:.4e}" if wide and largest > 1.0e8 or largest / smallest > 1000.0 else "{:.0f}."
        else:
            write = "{:.4e}" if wide or smallest < 1.0e-4 else "{:.4f}"

    def text(value: Any) -> str:
        return write.format(value) if np.isfinite(value) else str(float(value))

    width = max(len(text(value)) for value in values.reshape(-1))
    return lambda value: text(value).rjust(width)


def _nested(values: Any, one: Any, indent: int, summarize: bool) -> str:
    if values.ndim == 0:
        return one(values[()]).strip() if values.dtype.kind not in "fc" else one(values[()])
    rows = values if not summarize or len(values) <= 2 * _EDGE else [*values[:_EDGE], None, *values[-_EDGE:]]
    if values.ndim == 1:
        items = ["..." if row is None else one(row) for row in rows]
        width = max(map(len, items))
        per_line = max(1, (_WIDTH - indent) // (width + 2))
        lines = [", ".join(items[start : start + per_line]) for start in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = ["..." if row is None else _nested(row, one, indent + 1, summarize) for row in rows]
    return "[" + ("," + "\n" * (values.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
