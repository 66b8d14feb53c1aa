"""Short ways to call operations, with everything decided when they are declared.

These functions do what `call.dispatch` does for plain tensors whose arrays the operation has met before, in the default
modes, and leave the rest to it. Their cost is measured by `benchmarks/`, so they are written for speed: attributes
are set one by one, since a constructor would double the price.
"""

from .elementwise import binary, reflected, unary
from .several import general, is_operand, pair, several, single

__all__ = ["binary", "general", "is_operand", "pair", "reflected", "several", "single", "unary"]
