"""`ag.autograd`: differentiation of what imperative code recorded, under the names of `torch.autograd`."""

from ..gradients import backward, grad
from . import forward_ad, function, functional, graph
from .anomaly import detect_anomaly, is_anomaly_check_nan_enabled, is_anomaly_enabled, set_detect_anomaly
from .function import Function
from .gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = [
    "Function", "GradcheckError", "backward", "detect_anomaly", "forward_ad", "function", "functional", "grad",
    "gradcheck", "gradgradcheck", "graph", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly",
]  # fmt: skip
