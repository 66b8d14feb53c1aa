"""How a tensor is shown: PyTorch prints the same, but for the name of the library in the dtype."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag

SHAPES = [(), (1,), (3,), (7,), (30,), (2, 3), (4, 1), (12, 12), (2, 3, 4), (2, 1, 3, 2), (0,), (2, 0), (1, 0, 2),
          (1001,), (40, 30), (10, 11, 12), (3, 400), (2000, 2), (7, 7, 7, 7), (5, 1, 300)]  # fmt: skip


def replaced(values, value, generator, share=0.3):
    values = np.array(values)
    values[generator.random(values.shape) < share] = value
    return values


def floats(generator, shape):
    plain = generator.standard_normal(shape)
    yield from (plain, plain.astype("float32"), plain.astype("float16"), (plain * 1e4).astype("float32"))
    yield from (np.round(plain * 10), np.round(plain * 10) + 0.5 * (generator.random(shape) < 0.2))
    yield from (np.exp(plain * 3), np.exp(plain * 20), plain * 1e-5, plain * 1e9, plain * 1e300, plain * 1e-300)
    yield from (np.round(plain * 1e9), np.round(np.exp(np.abs(plain) * 6)), np.round(plain) + 9e7, plain + 0.9e8)
    infinite = replaced(replaced(plain, np.inf, generator), -np.inf, generator)
    yield from (infinite, replaced(np.round(infinite * 10), np.nan, generator), replaced(plain, np.nan, generator))
    yield from (np.full(shape, value) for value in (np.nan, np.inf, 0.0, -0.0, 1.0))


def complexes(generator, shape):
    plain = generator.standard_normal(shape) + 1j * generator.standard_normal(shape)
    yield from (plain, plain.astype("complex64"), np.round(plain * 3), plain * 1e-6, np.exp(plain * 8))
    yield from (np.exp(plain.real * 8) + 1j * np.round(plain.imag * 4), replaced(plain, complex(np.nan, 1), generator))
    yield replaced(plain, complex(1, -np.inf), generator)


def integers_and_booleans(generator, shape):
    plain = generator.standard_normal(shape)
    yield from ((plain * 1000).astype("int64"), (plain * 5).astype("int32"), (np.abs(plain) * 50).astype("uint8"))
    yield np.asarray(plain > 0)


@pytest.fixture
def torch_words(monkeypatch):
    """The dtype in PyTorch's words: their length decides where a line ends."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(ag.dtypes.DType, "__repr__", lambda dtype: f"torch.{dtype.name}")
    return torch


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", [floats, complexes, integers_and_booleans])
def test_tensors_of_every_kind_and_shape_print_as_in_pytorch(torch_words, kind, shape):
    for values in kind(np.random.default_rng(len(shape)), shape):
        ours, theirs = ag.tensor(values), torch_words.tensor(values)
        assert repr(ours) == repr(theirs)
        if ours.dtype.is_differentiable:
            assert repr(ours.requires_grad_()) == repr(theirs.requires_grad_())
            assert repr(ours + 0) == repr(theirs + 0)


def test_representation_of_a_leaf_says_that_it_requires_a_gradient(lib):
    assert repr(lib.tensor([1.0, 2.5], requires_grad=True)) == "tensor([1.0000, 2.5000], requires_grad=True)"


def test_representation_of_a_computed_tensor_names_the_operation(lib):
    x = lib.tensor([[27.0, 1.0]], requires_grad=True)
    assert repr(x * x) == "tensor([[729.,   1.]], grad_fn=<MulBackward0>)"
    assert repr((x * x).sum()) == "tensor(730., grad_fn=<SumBackward0>)"


def test_dtype_is_shown_in_arraygrads_words_unless_it_is_the_usual():
    assert repr(ag.tensor([1.0], dtype=ag.float64)) == "tensor([1.], dtype=arraygrad.float64)"
    assert repr(ag.tensor([1], dtype=ag.int32)) == "tensor([1], dtype=arraygrad.int32)"
    assert repr(ag.tensor([1, 2])) == "tensor([1, 2])"
    assert repr(ag.tensor([True, False])) == "tensor([ True, False])"
    assert repr(ag.ones((2, 0), dtype=ag.int64)) == "tensor([], size=(2, 0), dtype=arraygrad.int64)"


def test_default_dtype_decides_which_dtype_is_shown():
    ag.set_default_dtype(ag.float64)
    try:
        assert repr(ag.tensor([1.0])) == "tensor([1.])"
        assert repr(ag.tensor([1.0], dtype=ag.float32)) == "tensor([1.], dtype=arraygrad.float32)"
    finally:
        ag.set_default_dtype(ag.float32)


def test_value_inside_a_transform_prints_with_its_tangent():
    seen = []
    ag.func.jvp(lambda x: seen.append(repr(x)) or x, (ag.tensor(2.0),), (ag.tensor(3.0),))
    assert seen == ["tensor(2., tangent=tensor(3.))"]


def test_value_inside_a_gradient_prints():
    seen = []
    ag.func.grad(lambda x: seen.append(repr(x * 2)) or x)(ag.tensor(2.0))
    assert seen == ["tensor(4., grad_fn=<MulBackward0>)"]


def test_format_with_a_specification_writes_the_number(lib):
    x = lib.tensor(2.5)
    assert f"{x:.2f}" == "2.50"
    assert f"{x}" in ("tensor(2.5000)", "2.5")


def test_string_is_the_representation(lib):
    x = lib.tensor([1.0, 2.5], requires_grad=True)
    assert str(x) == repr(x)
