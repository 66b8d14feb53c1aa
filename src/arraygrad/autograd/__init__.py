"""`ag.autograd`: differentiation of what imperative code recorded, under the names of `torch.autograd`."""

from ..gradients import backward, grad

__all__ = ["backward", "grad"]
