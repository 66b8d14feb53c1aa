"""Data types that mean the same on every backend: `ag.float32 == x.dtype`, whatever stores `x`."""

from __future__ import annotations

from typing import Any

from .errors import ArgumentError, ArgumentTypeError


class DType:
    """A data type of the standard (or a half precision). One object a name; compare with `==` or `is`."""

    __slots__ = ("itemsize", "kind", "name")

    _by_name: dict[str, DType] = {}

    def __new__(cls, name: str) -> DType:
        """`name` as the standard writes it: "float32", "complex128", "bool", ..."""
        known = cls._by_name.get(name)
        if known is not None:
            return known
        self = super().__new__(cls)
        self.name = name
        letters = name.rstrip("0123456789")
        self.kind = {"int": "signed integer", "uint": "unsigned integer", "float": "real floating",
                     "bfloat": "real floating", "complex": "complex floating", "bool": "bool"}[letters]
        self.itemsize = int(name[len(letters):] or 8) // 8
        cls._by_name[name] = self
        return self

    @property
    def is_floating_point(self) -> bool:
        """Real floating point."""
        return self.kind == "real floating"

    @property
    def is_complex(self) -> bool:
        """Complex floating point."""
        return self.kind == "complex floating"

    @property
    def is_differentiable(self) -> bool:
        """Real or complex floating point: what may require a gradient."""
        return self.is_floating_point or self.is_complex

    def __eq__(self, other: object) -> bool:
        return self is other or (not isinstance(other, DType) and _name_of(other) == self.name)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"arraygrad.{self.name}"

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return DType, (self.name,)

    @property
    def __numpy_dtype__(self) -> Any:
        import numpy

        return numpy.dtype(self.name)


bool_ = DType("bool")
int8, int16, int32, int64 = (DType(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (DType(f"uint{bits}") for bits in (8, 16, 32, 64))
float16, bfloat16, float32, float64 = map(DType, ("float16", "bfloat16", "float32", "float64"))
complex64, complex128 = DType("complex64"), DType("complex128")

ALIASES = {
    "bool": bool_, "half": float16, "float": float32, "double": float64, "cfloat": complex64, "cdouble": complex128,
    "short": int16, "int": int32, "long": int64,
}  # fmt: skip
"""PyTorch's other names."""

_PYTHON_TYPES = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
HALVES = frozenset({float16, bfloat16})
STANDARD = (bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128)


def _name_of(dtype: object) -> str | None:
    """The standard's name of any library's data type."""
    if isinstance(dtype, type) and dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype]
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    return str(name).rpartition(".")[2].removesuffix("_")


def as_dtype(dtype: object) -> DType:
    """`dtype` of any library, by name or as a Python type, as a `DType`."""
    if isinstance(dtype, DType):
        return dtype
    known = DType._by_name.get(_name_of(dtype) or "")
    if known is None:
        raise ArgumentTypeError(
            f"dtype: got {dtype!r}; expected one of {', '.join(DType._by_name)}, as arraygrad.float32, "
            "by name, or as the array library's own data type"
        )
    return known


_KINDS = {
    "bool": ("bool",),
    "signed integer": ("signed integer",),
    "unsigned integer": ("unsigned integer",),
    "integral": ("signed integer", "unsigned integer"),
    "real floating": ("real floating",),
    "complex floating": ("complex floating",),
    "numeric": ("signed integer", "unsigned integer", "real floating", "complex floating"),
}


def is_of_kind(dtype: DType, kind: object) -> bool:
    """`isdtype` of the standard: `kind` is a data type, the name of a kind, or a tuple of those."""
    if isinstance(kind, tuple):
        return any(is_of_kind(dtype, each) for each in kind)
    if isinstance(kind, str):
        if kind not in _KINDS:
            raise ArgumentError(
                f"isdtype: kind: got {kind!r}; expected a data type, one of {', '.join(_KINDS)}, or a tuple of those"
            )
        return dtype.kind in _KINDS[kind]
    return dtype == as_dtype(kind)

