"""`ag.func`: transforms of functions, under the names of `torch.func`."""

from .jacobians import hessian, jacfwd, jacrev
from .transforms import grad, jvp, value_and_grad, vjp

__all__ = ["grad", "hessian", "jacfwd", "jacrev", "jvp", "value_and_grad", "vjp"]
