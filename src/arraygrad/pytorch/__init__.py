"""PyTorch's functions under its names, with its parameters and defaults: `import arraygrad.pytorch as torch`.

The functions of arraygrad itself are the standard's: `ag.sum(x, axis=0)`, `ag.std(x)` with the number of entries as
divisor, `ag.max(x, axis=0)` without indices. Here is what a program for PyTorch means by those names: `sum(x, dim=0)`,
`std(x)` with one less, `max(x, dim=0)` with indices. What PyTorch has and the standard does not (`cat`, `mm`, `clamp`, ...)
is in arraygrad itself as well, and a method of tensors. Everything else is arraygrad's own.
"""

from __future__ import annotations

import sys
from typing import Any

from ..namespace import calls
from . import arithmetic, choosing, inplace, making, methods, reductions, shapes
from . import linalg as linalg
from .arithmetic import *
from .choosing import *
from .making import *
from .reductions import *
from .shapes import *

FUNCTIONS: dict[str, Any] = {
    name: vars(module)[name] for module in (shapes, reductions, choosing, arithmetic, making) for name in module.__all__
}
METHODS: dict[str, Any] = methods.ONLY_METHODS | {name: each for name, each in FUNCTIONS.items() if methods.is_method(each)}
IN_PLACE: dict[str, Any] = inplace.in_place(calls() | METHODS)


def __getattr__(name: str) -> Any:
    return getattr(sys.modules["arraygrad"], name)
