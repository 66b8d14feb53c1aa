"""arraygrad: automatic differentiation for any array library that speaks the Python array API standard.

    >>> import arraygrad as ag
    >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x**2).mean().backward()
    >>> x.grad
    tensor([0.6667, 1.3333, 2.0000])
"""

from __future__ import annotations

from . import autograd, errors, func, methods
from . import namespace as _namespace
from .backends import Backend, default_backend, get_backend, set_default_backend, use_backend
from .dtypes import *  # noqa: F403
from .dtypes import DType, as_dtype
from .errors import ArraygradError
from .factories import *  # noqa: F403
from .kinds import composite, constant, elementwise, general, linear, multilinear, reduction
from .modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .tensor import Tensor

methods.attach()
_namespace.install()
fft = _namespace.extension("fft", "arraygrad", default_backend)
linalg = _namespace.extension("linalg", "arraygrad", default_backend)
globals().update({name: call for name, call in _namespace.calls().items() if name not in globals() and "." not in name})
