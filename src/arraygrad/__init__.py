"""arraygrad: automatic differentiation for any array library that speaks the Python array API standard.

    >>> import arraygrad as ag
    >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x**2).mean().backward()
    >>> x.grad
    tensor([0.6667, 1.3333, 2.0000])
"""

from __future__ import annotations

from math import e, inf, nan, pi
from pkgutil import extend_path
from typing import TYPE_CHECKING

__path__ = extend_path(__path__, __name__)  # a checkout has arraygrad.conformance in a folder of its own

from . import autograd, errors, func, interop, methods, pytorch
from . import namespace as _namespace
from .autograd import is_anomaly_check_nan_enabled, is_anomaly_enabled
from .backends import Backend, default_backend, get_backend, set_default_backend, use_backend
from .checkpoint import checkpoint
from .decorators import custom_jvp, custom_vjp
from .dtypes import *
from .dtypes import ALIASES, DType, as_dtype
from .errors import ArraygradError
from .factories import *
from .kinds import Array, composite, constant, elementwise, general, linear, multilinear, reduction
from .modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
    subgradient,
)
from .profiling import profile
from .saving import load, save
from .tensor import Tensor
from .visualize import visualize

__version__ = "0.1.0"

newaxis = None

methods.attach()
_namespace.install()
fft = _namespace.extension("fft", "arraygrad", default_backend)
linalg = _namespace.extension("linalg", "arraygrad", default_backend)
special = _namespace.special("arraygrad")
globals().update(ALIASES)
for _names in (_namespace.calls(), pytorch.FUNCTIONS):
    globals().update({name: call for name, call in _names.items() if name not in globals() and "." not in name})

if TYPE_CHECKING:  # the operations, for those who read types: at run time the declarations bring them
    from .ops.activations import *
    from .ops.bessel import *
    from .ops.copying import *
    from .ops.distributions import *
    from .ops.elementwise import *
    from .ops.linear_algebra import *
    from .ops.logic import *
    from .ops.manipulation import *
    from .ops.searching import *
    from .ops.sets import *
    from .ops.sorting import *
    from .ops.statistical import *
    from .ops.utility import *
