"""`ag.autograd`: differentiation of what imperative code recorded, under the names of `torch.autograd`."""

from ..gradients import backward, grad
from . import forward_ad, functional
from .gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "backward", "forward_ad", "functional", "grad", "gradcheck", "gradgradcheck"]
