"""The Python array API standard as data: the signature of every function, by chapter."""

from __future__ import annotations

VERSION = "2025.12"
CHAPTERS: dict[str, dict[str, str]] = {
    "array_object": {
        "__init__": "()", "dtype": "property", "device": "property", "mT": "property", "ndim": "property",
        "shape": "property", "size": "property", "T": "property", "__abs__": "()", "__add__": "(other, /)",
        "__and__": "(other, /)", "__array_namespace__": "(*, api_version=None)", "__bool__": "()", "__complex__": "()",
        "__dlpack__": "(*, stream=None, max_version=None, dl_device=None, copy=None)", "__dlpack_device__": "()",
        "__eq__": "(other, /)", "__float__": "()", "__floordiv__": "(other, /)", "__ge__": "(other, /)",
        "__getitem__": "(key, /)", "__gt__": "(other, /)", "__index__": "()", "__int__": "()", "__invert__": "()",
        "__le__": "(other, /)", "__lshift__": "(other, /)", "__lt__": "(other, /)", "__matmul__": "(other, /)",
        "__mod__": "(other, /)", "__mul__": "(other, /)", "__ne__": "(other, /)", "__neg__": "()",
        "__or__": "(other, /)", "__pos__": "()", "__pow__": "(other, /)", "__rshift__": "(other, /)",
        "__setitem__": "(key, value, /)", "__sub__": "(other, /)", "__truediv__": "(other, /)", "__xor__": "(other, /)",
        "to_device": "(device, /, *, stream=None)",
    },
    "constants": {

    },
    "creation_functions": {
        "arange": "(start, /, stop=None, step=1, *, dtype=None, device=None)",
        "asarray": "(obj, /, *, dtype=None, device=None, copy=None)", "empty": "(shape, *, dtype=None, device=None)",
        "empty_like": "(x, /, *, dtype=None, device=None)",
        "eye": "(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None)",
        "from_dlpack": "(x, /, *, device=None, copy=None)", "full": "(shape, fill_value, *, dtype=None, device=None)",
        "full_like": "(x, /, fill_value, *, dtype=None, device=None)",
        "linspace": "(start, stop, /, num, *, dtype=None, device=None, endpoint=True)",
        "meshgrid": "(*arrays, indexing='xy')", "ones": "(shape, *, dtype=None, device=None)",
        "ones_like": "(x, /, *, dtype=None, device=None)", "tril": "(x, /, *, k=0)", "triu": "(x, /, *, k=0)",
        "zeros": "(shape, *, dtype=None, device=None)", "zeros_like": "(x, /, *, dtype=None, device=None)",
    },
    "data_type_functions": {
        "astype": "(x, dtype, /, *, copy=True, device=None)", "can_cast": "(from_, to, /)", "finfo": "(type, /)",
        "iinfo": "(type, /)", "isdtype": "(dtype, kind)", "result_type": "(*arrays_and_dtypes)",
    },
    "data_types": {

    },
    "elementwise_functions": {
        "abs": "(x, /)", "acos": "(x, /)", "acosh": "(x, /)", "add": "(x1, x2, /)", "asin": "(x, /)", "asinh": "(x, /)",
        "atan": "(x, /)", "atan2": "(x1, x2, /)", "atanh": "(x, /)", "bitwise_and": "(x1, x2, /)",
        "bitwise_left_shift": "(x1, x2, /)", "bitwise_invert": "(x, /)", "bitwise_or": "(x1, x2, /)",
        "bitwise_right_shift": "(x1, x2, /)", "bitwise_xor": "(x1, x2, /)", "ceil": "(x, /)",
        "clip": "(x, /, min=None, max=None)", "conj": "(x, /)", "copysign": "(x1, x2, /)", "cos": "(x, /)",
        "cosh": "(x, /)", "divide": "(x1, x2, /)", "equal": "(x1, x2, /)", "exp": "(x, /)", "expm1": "(x, /)",
        "floor": "(x, /)", "floor_divide": "(x1, x2, /)", "greater": "(x1, x2, /)", "greater_equal": "(x1, x2, /)",
        "hypot": "(x1, x2, /)", "imag": "(x, /)", "isfinite": "(x, /)", "isinf": "(x, /)", "isnan": "(x, /)",
        "less": "(x1, x2, /)", "less_equal": "(x1, x2, /)", "log": "(x, /)", "log1p": "(x, /)", "log2": "(x, /)",
        "log10": "(x, /)", "logaddexp": "(x1, x2, /)", "logical_and": "(x1, x2, /)", "logical_not": "(x, /)",
        "logical_or": "(x1, x2, /)", "logical_xor": "(x1, x2, /)", "maximum": "(x1, x2, /)", "minimum": "(x1, x2, /)",
        "multiply": "(x1, x2, /)", "negative": "(x, /)", "nextafter": "(x1, x2, /)", "not_equal": "(x1, x2, /)",
        "positive": "(x, /)", "pow": "(x1, x2, /)", "real": "(x, /)", "reciprocal": "(x, /)",
        "remainder": "(x1, x2, /)", "round": "(x, /)", "sign": "(x, /)", "signbit": "(x, /)", "sin": "(x, /)",
        "sinh": "(x, /)", "square": "(x, /)", "sqrt": "(x, /)", "subtract": "(x1, x2, /)", "tan": "(x, /)",
        "tanh": "(x, /)", "trunc": "(x, /)",
    },
    "fft": {
        "fft": "(x, /, *, n=None, axis=-1, norm='backward')", "ifft": "(x, /, *, n=None, axis=-1, norm='backward')",
        "fftn": "(x, /, *, s=None, axes=None, norm='backward')",
        "ifftn": "(x, /, *, s=None, axes=None, norm='backward')", "rfft": "(x, /, *, n=None, axis=-1, norm='backward')",
        "irfft": "(x, /, *, n=None, axis=-1, norm='backward')",
        "rfftn": "(x, /, *, s=None, axes=None, norm='backward')",
        "irfftn": "(x, /, *, s=None, axes=None, norm='backward')",
        "hfft": "(x, /, *, n=None, axis=-1, norm='backward')", "ihfft": "(x, /, *, n=None, axis=-1, norm='backward')",
        "fftfreq": "(n, /, *, d=1.0, dtype=None, device=None)", "rfftfreq": "(n, /, *, d=1.0, dtype=None, device=None)",
        "fftshift": "(x, /, *, axes=None)", "ifftshift": "(x, /, *, axes=None)",
    },
    "indexing_functions": {
        "take": "(x, indices, /, *, axis=None)", "take_along_axis": "(x, indices, /, *, axis=-1)",
    },
    "info": {
        "__array_namespace_info__": "()", "capabilities": "()", "default_device": "()",
        "default_dtypes": "(*, device=None)", "dtypes": "(*, device=None, kind=None)", "devices": "()",
    },
    "linalg": {
        "cholesky": "(x, /, *, upper=False)", "cross": "(x1, x2, /, *, axis=-1)", "det": "(x, /)",
        "diagonal": "(x, /, *, offset=0)", "eig": "(x, /)", "eigh": "(x, /)", "eigvalsh": "(x, /)", "eigvals": "(x, /)",
        "inv": "(x, /)", "matmul": "(x1, x2, /)", "matrix_norm": "(x, /, *, keepdims=False, ord='fro')",
        "matrix_power": "(x, n, /)", "matrix_rank": "(x, /, *, rtol=None)", "matrix_transpose": "(x, /)",
        "outer": "(x1, x2, /)", "pinv": "(x, /, *, rtol=None)", "qr": "(x, /, *, mode='reduced')", "slogdet": "(x, /)",
        "solve": "(x1, x2, /)", "svd": "(x, /, *, full_matrices=True)", "svdvals": "(x, /)",
        "tensordot": "(x1, x2, /, *, axes=2)", "trace": "(x, /, *, offset=0, dtype=None)",
        "vecdot": "(x1, x2, /, *, axis=-1)", "vector_norm": "(x, /, *, axis=None, keepdims=False, ord=2)",
    },
    "linear_algebra_functions": {
        "matmul": "(x1, x2, /)", "matrix_transpose": "(x, /)", "tensordot": "(x1, x2, /, *, axes=2)",
        "vecdot": "(x1, x2, /, *, axis=-1)",
    },
    "manipulation_functions": {
        "broadcast_arrays": "(*arrays)", "broadcast_shapes": "(*shapes)", "broadcast_to": "(x, /, shape)",
        "concat": "(arrays, /, *, axis=0)", "expand_dims": "(x, /, axis)", "flip": "(x, /, *, axis=None)",
        "moveaxis": "(x, source, destination, /)", "permute_dims": "(x, /, axes)",
        "repeat": "(x, repeats, /, *, axis=None)", "reshape": "(x, /, shape, *, copy=None)",
        "roll": "(x, /, shift, *, axis=None)", "squeeze": "(x, /, axis)", "stack": "(arrays, /, *, axis=0)",
        "tile": "(x, repetitions, /)", "unstack": "(x, /, *, axis=0)",
    },
    "searching_functions": {
        "argmax": "(x, /, *, axis=None, keepdims=False)", "argmin": "(x, /, *, axis=None, keepdims=False)",
        "count_nonzero": "(x, /, *, axis=None, keepdims=False)", "nonzero": "(x, /)",
        "searchsorted": "(x1, x2, /, *, side='left', sorter=None)", "where": "(condition, x1, x2, /)",
    },
    "set_functions": {
        "isin": "(x1, x2, /, *, invert=False)", "unique_all": "(x, /)", "unique_counts": "(x, /)",
        "unique_inverse": "(x, /)", "unique_values": "(x, /)",
    },
    "sorting_functions": {
        "argsort": "(x, /, *, axis=-1, descending=False, stable=True)",
        "sort": "(x, /, *, axis=-1, descending=False, stable=True)",
    },
    "statistical_functions": {
        "cumulative_prod": "(x, /, *, axis=None, dtype=None, include_initial=False)",
        "cumulative_sum": "(x, /, *, axis=None, dtype=None, include_initial=False)",
        "max": "(x, /, *, axis=None, keepdims=False)", "mean": "(x, /, *, axis=None, keepdims=False)",
        "min": "(x, /, *, axis=None, keepdims=False)", "prod": "(x, /, *, axis=None, dtype=None, keepdims=False)",
        "std": "(x, /, *, axis=None, correction=0.0, keepdims=False)",
        "sum": "(x, /, *, axis=None, dtype=None, keepdims=False)",
        "var": "(x, /, *, axis=None, correction=0.0, keepdims=False)",
    },
    "utility_functions": {
        "all": "(x, /, *, axis=None, keepdims=False)", "any": "(x, /, *, axis=None, keepdims=False)",
        "diff": "(x, /, *, axis=-1, n=1, prepend=None, append=None)",
    },
}  # fmt: skip
"""By chapter and name the signature, as `str(inspect.signature(function))` writes it; "property" for properties."""

EXTENSIONS = ("linalg", "fft")


def _signatures() -> dict[str, str]:
    found: dict[str, str] = {}
    for chapter, functions in CHAPTERS.items():
        if chapter not in ("array_object", "info"):
            prefix = f"{chapter}." if chapter in EXTENSIONS else ""
            found.update({prefix + name: signature for name, signature in functions.items()})
    return found


SIGNATURES = _signatures()
"""Every function of the standard, those of extensions as "linalg.det"."""


def signature_of(name: str) -> str | None:
    """The standard's signature of a function, None if the standard does not have it."""
    return SIGNATURES.get(name)
