"""The extension `fft` of the standard.

Every transform is linear, and its adjoint is the transform back without the scale of an inverse: the one whose `norm` is
swapped. Where the input was cropped or padded to n, the gradient is padded or cropped back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backends import Backend, device_of
from ..kinds import Array, Tensor, linear
from ..rules import along
from ..tensor import new_tensor
from .creation import number

Axes = Sequence[int] | None
Lengths = Sequence[int] | None

_SWAPPED = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def resized(xp: Any, x: Any, lengths: dict[int, int]) -> Any:
    """x cropped, or padded with zeros at the end, to a length along each axis."""
    for axis, length in lengths.items():
        have = x.shape[axis]
        if have > length:
            x = x[along(axis, slice(None, length))]
        elif have < length:
            shape = (*x.shape[:axis], length - have, *x.shape[axis + 1 :])
            x = xp.concat([x, xp.zeros(shape, dtype=x.dtype, device=device_of(x))], axis=axis)
    return x


def _along(x: Any, axes: Axes, s: Lengths) -> tuple[int, ...]:
    """The axes of an n-dimensional transform, counted from the front."""
    if axes is None:
        return tuple(range(x.ndim)) if s is None else tuple(range(x.ndim - len(s), x.ndim))
    return tuple(axis % x.ndim for axis in axes)


def _original(x: Any, axes: Sequence[int]) -> dict[int, int]:
    return {axis: x.shape[axis] for axis in axes}


def _pull(back: str) -> Any:
    """The transpose of a complex transform along one axis."""

    def pull(xp: Any, g: Any, x: Any, axis: int, norm: str) -> Any:
        along = axis % x.ndim
        return resized(xp, getattr(xp.fft, back)(g, axis=along, norm=_SWAPPED[norm]), _original(x, [along]))

    return pull


def _pull_n(back: str) -> Any:
    """The transpose of a complex transform along several axes."""

    def pull(xp: Any, g: Any, x: Any, s: Lengths, axes: Axes, norm: str) -> Any:
        along = _along(x, axes, s)
        return resized(xp, getattr(xp.fft, back)(g, axes=along, norm=_SWAPPED[norm]), _original(x, along))

    return pull


def _rfft_pull(xp: Any, g: Any, x: Any, n: int | None, axis: int, norm: str) -> Any:
    along = axis % x.ndim
    whole = resized(xp, g, {along: x.shape[along] if n is None else n})
    return resized(xp, xp.real(xp.fft.ifft(whole, axis=along, norm=_SWAPPED[norm])), _original(x, [along]))


def _rfftn_pull(xp: Any, g: Any, x: Any, s: Lengths, axes: Axes, norm: str) -> Any:
    along = _along(x, axes, s)
    whole = resized(xp, g, {along[-1]: x.shape[along[-1]] if s is None else s[-1]})
    return resized(xp, xp.real(xp.fft.ifftn(whole, axes=along, norm=_SWAPPED[norm])), _original(x, along))


def _doubled(xp: Any, half: Any, length: int, axis: int) -> Any:
    """A half spectrum with the entries doubled that stand for two of the whole one of `length`."""
    count = half.shape[axis]
    twice = [1.0 if k == 0 or 2 * k == length else 2.0 for k in range(count)]
    shape = tuple(count if each == axis else 1 for each in range(half.ndim))
    weights = xp.reshape(xp.asarray(twice, dtype=xp.real(half).dtype, device=device_of(half)), shape)
    return half * weights


def _irfft_pull(xp: Any, g: Any, x: Any, axis: int, norm: str) -> Any:
    along = axis % x.ndim
    half = _doubled(xp, xp.fft.rfft(g, axis=along, norm=_SWAPPED[norm]), g.shape[along], along)
    return resized(xp, half, _original(x, [along]))


def _irfftn_pull(xp: Any, g: Any, x: Any, s: Lengths, axes: Axes, norm: str) -> Any:
    along = _along(x, axes, s)
    half = xp.fft.rfftn(g, axes=along, norm=_SWAPPED[norm])
    return resized(xp, _doubled(xp, half, g.shape[along[-1]], along[-1]), _original(x, along))


@linear(x=_pull("ifft"))
def fft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """Discrete Fourier transform along `axis`, of x cropped or padded to n."""


@linear(x=_pull("fft"))
def ifft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """Inverse discrete Fourier transform along `axis`."""


@linear(x=_pull_n("ifftn"))
def fftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Tensor:
    """Discrete Fourier transform along several axes."""


@linear(x=_pull_n("fftn"))
def ifftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Tensor:
    """Inverse discrete Fourier transform along several axes."""


@linear(x=_rfft_pull)
def rfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """Fourier transform of real numbers: the half of the spectrum that says all."""


@linear(x=_irfft_pull)
def irfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """Inverse of `rfft`; n tells odd from even lengths."""


@linear(x=_rfftn_pull)
def rfftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Tensor:
    """Fourier transform of real numbers along several axes, halved along the last."""


@linear(x=_irfftn_pull)
def irfftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Tensor:
    """Inverse of `rfftn`."""


@linear(x=lambda xp, g, x, axis, norm: xp.conj(_irfft_pull(xp, g, x, axis, _SWAPPED[norm])))
def hfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """Fourier transform of a signal with Hermitian symmetry, which is real."""


@linear(x=lambda xp, g, x, n, axis, norm: _rfft_pull(xp, xp.conj(g), x, n, axis, _SWAPPED[norm]))
def ihfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """Inverse of `hfft`."""


@linear(x=lambda xp, g, axes: xp.fft.ifftshift(g, axes=axes), moves=True)
def fftshift(x: Array, /, *, axes: int | Axes = None) -> Tensor:
    """x with the zero frequency moved to the centre."""


@linear(x=lambda xp, g, axes: xp.fft.fftshift(g, axes=axes), moves=True)
def ifftshift(x: Array, /, *, axes: int | Axes = None) -> Tensor:
    """Inverse of `fftshift`."""


def _frequencies(backend: Backend, name: str, n: int, d: Any, dtype: Any, device: Any) -> Tensor:
    d = number(d)
    if isinstance(d, Tensor):
        return _frequencies(backend, name, n, 1.0, dtype or d.dtype, device) / d
    options = {} if dtype is None else {"dtype": backend.raw_dtype(dtype)}
    return new_tensor(backend.wrap(getattr(backend.xp.fft, name)(n, d=d, device=device, **options)))


def fftfreq(backend: Backend, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Tensor:
    """Frequencies of the entries of `fft`, for samples `d` apart. A gradient flows to a Tensor given as `d`."""
    return _frequencies(backend, "fftfreq", n, d, dtype, device)


def rfftfreq(backend: Backend, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Tensor:
    """Frequencies of the entries of `rfft`, for samples `d` apart. A gradient flows to a Tensor given as `d`."""
    return _frequencies(backend, "rfftfreq", n, d, dtype, device)


bound = {"fftfreq": fftfreq, "rfftfreq": rfftfreq}
"""Functions that take the backend first."""
