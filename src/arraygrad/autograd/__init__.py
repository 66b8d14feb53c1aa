"""`ag.autograd`: differentiation of what imperative code recorded, under the names of `torch.autograd`."""

from ..gradients import backward, grad
from . import forward_ad, functional

__all__ = ["backward", "forward_ad", "functional", "grad"]
