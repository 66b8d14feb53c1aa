"""The in-place forms of PyTorch's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..inplace import copying, of_truth, reshaping, updating

_UPDATING = (
    "abs", "absolute", "acos", "acosh", "add", "addcdiv", "addcmul", "addmm", "addmv", "addr", "arccos", "arccosh",
    "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan", "atan2", "atanh", "baddbmm",
    "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil",
    "clamp", "clamp_max", "clamp_min", "clip", "copysign", "cos", "cosh", "cumprod", "cumsum", "deg2rad", "digamma",
    "div", "divide", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "fix", "floor", "floor_divide", "fmod", "frac",
    "heaviside", "hypot", "index_add", "index_copy", "index_fill", "index_put", "lerp", "lgamma", "log", "log10",
    "log1p", "log2", "logit", "masked_fill", "mul", "multiply", "nan_to_num", "neg", "negative", "nextafter", "pow",
    "rad2deg", "reciprocal", "relu", "remainder", "round", "rsqrt", "scatter", "scatter_add", "sgn", "sigmoid",
    "sign", "sin", "sinc", "sinh", "sqrt", "square", "sub", "subtract", "tan", "tanh", "tril", "triu", "true_divide",
    "trunc", "xlogy",
)  # fmt: skip
_COPYING = ("eq", "ge", "greater", "greater_equal", "gt", "le", "less", "less_equal", "lt", "ne", "not_equal")
_OF_TRUTH = ("logical_and", "logical_not", "logical_or", "logical_xor")
_RESHAPING = ("squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze")


def in_place(functions: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The methods that write what a function of that name gives, or that become that view."""
    forms = {
        **dict.fromkeys(_UPDATING, updating),
        **dict.fromkeys(_COPYING, copying),
        **{name: lambda function, method: copying(of_truth(function), method) for name in _OF_TRUTH},
        **dict.fromkeys(_RESHAPING, reshaping),
    }
    return {f"{name}_": form(functions[name], f"{name}_") for name, form in forms.items()}
