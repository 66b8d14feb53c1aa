"""Which library stores the numbers: the protocol, the registry, and the two backends that are built in.

NumPy is built in. Other libraries are found through the entry-point group `arraygrad.backends`, whose
entries are named by the top-level module of the array's type; any other namespace that conforms to the
standard gets the generic backend. Nothing is imported that the user did not import.
"""

from .protocol import Backend, RawNamespace
from .registry import (
    backend_of,
    default_backend,
    device_of,
    get_backend,
    half_dtypes,
    is_array,
    is_real,
    learn_dtypes,
    namespace_of,
    quiet,
    real_dtypes,
    set_default_backend,
    survey,
    use_backend,
)

__all__ = [
    "Backend",
    "RawNamespace",
    "backend_of",
    "default_backend",
    "device_of",
    "get_backend",
    "half_dtypes",
    "is_array",
    "is_real",
    "learn_dtypes",
    "namespace_of",
    "quiet",
    "real_dtypes",
    "set_default_backend",
    "survey",
    "use_backend",
]
