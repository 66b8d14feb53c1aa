"""A declaration says what an operation is; a wrong one fails where it stands."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.backends import get_backend
from arraygrad.errors import ArgumentError, DeclarationError, DerivativeNotImplemented
from arraygrad.kinds import composites, declared, missing
from arraygrad.namespace import calls, namespace
from arraygrad.ops import creation, fft
from arraygrad.standard import SIGNATURES

IN_THE_NAMESPACE = {"can_cast", "result_type"}
"""Functions of the standard that are methods of a namespace, since they ask its backend."""


@pytest.fixture(autouse=True)
def registry():
    """Declarations made in a test are taken back."""
    before, composites_before = dict(declared), dict(composites)
    yield
    for table, old in ((declared, before), (composites, composites_before)):
        table.clear()
        table.update(old)


def test_every_function_of_the_standard_is_declared_once():
    bound = {*creation.bound, *(f"fft.{name}" for name in fft.bound)}
    shared = {f"linalg.{name}" for name in ("matmul", "matrix_transpose", "tensordot", "vecdot")}
    missing_names = set(SIGNATURES) - set(declared) - set(composites) - bound - shared - IN_THE_NAMESPACE
    assert not missing_names


def test_no_function_is_both_declared_and_composite():
    assert not set(declared) & set(composites)


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signature_in_the_namespace_is_the_standards(name):
    import inspect
    from functools import reduce

    function = reduce(getattr, name.split("."), namespace("numpy"))
    signature = inspect.signature(function)
    bare = signature.replace(
        parameters=[p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    assert str(bare) == SIGNATURES[name]


def test_every_operation_has_a_docstring():
    assert not [name for name, call in calls().items() if not call.__doc__]


def test_a_rule_that_names_what_does_not_exist_is_refused():
    def cube_a(x: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match=r"cube_a.*names \['y'\].*it can name"):
        ag.elementwise(x=lambda y: y)(cube_a)


def test_a_default_in_a_rule_is_refused_since_it_looks_like_a_kept_name():
    def cube_b(x: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match="no defaults"):
        ag.elementwise(x=lambda x, c=3: c * x * x)(cube_b)


def test_a_rule_for_what_is_no_argument_is_refused():
    def cube_c(x: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match="a rule for 'y'"):
        ag.elementwise(y=lambda x: x)(cube_c)


def test_a_signature_that_is_not_the_standards_is_refused():
    def sin(z: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match=r"signature \(z, /\); the standard's is \(x, /\)"):
        ag.elementwise(z=lambda z: z)(sin)


def test_an_operation_without_a_rule_is_refused():
    def nothing(x: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match="without a rule"):
        ag.elementwise()(nothing)


def test_a_second_declaration_of_a_name_is_refused():
    def again(x: Array, /): ...  # noqa: F821

    ag.elementwise(x=lambda x: x)(again)
    with pytest.raises(DeclarationError, match="declared twice"):
        ag.elementwise(x=lambda x: x)(again)


def test_a_linear_rule_cannot_depend_on_the_result():
    def itself(x: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match="cannot depend on `out`"):
        ag.linear(x=lambda g, out: g * out)(itself)


def test_a_missing_derivative_lets_the_forward_call_pass_and_names_the_operation_in_the_backward_pass(monkeypatch):
    def zeta(x: Array, /): ...  # noqa: F821

    function = ag.elementwise(x=missing)(zeta)
    function.op.kernels[np.ndarray] = np.exp
    function.op.wraps[np.ndarray] = np.asarray
    x = ag.tensor([1.0], requires_grad=True)
    y = function(x)
    assert y.requires_grad
    with pytest.raises(DerivativeNotImplemented, match="the derivative for 'zeta' is not implemented"):
        y.sum().backward()
    assert x.grad is None


@pytest.mark.parametrize(
    ("call", "kept"),
    [
        (lambda x, w: ag.exp(x), {"result"}),
        (lambda x, w: ag.sin(x), {"x"}),
        (lambda x, w: x + w, set()),
        (lambda x, w: x * w, {"x2"}),
        (lambda x, w: w * x, {"x1"}),
        (lambda x, w: x / w, {"x2"}),
        (lambda x, w: x @ w, {"x2"}),
    ],
)
def test_a_node_keeps_only_what_the_rules_of_tracked_arguments_name(call, kept):
    node = call(ag.ones(3, requires_grad=True), ag.ones(3)).grad_fn
    names = [*node.op.arrays, "result"]
    held = {name for name, value in zip(names, node.kept or (), strict=False) if isinstance(value, np.ndarray)}
    assert held == kept


def test_what_rules_share_is_computed_once_and_kept_for_those_that_are_asked_for():
    calls = []

    def joined(x1: Array, x2: Array, /): ...  # noqa: F821

    function = ag.general(
        shared=lambda g, x2: calls.append(1) or g * x2,
        x1=lambda shared: shared,
        x2=lambda shared, out: shared * out,
        jvp=lambda t1, t2: t1 + t2,
    )(joined)
    function.op.kernels[np.ndarray] = np.add
    function.op.wraps[np.ndarray] = np.asarray
    x1, x2 = (ag.tensor([value], requires_grad=True) for value in (2.0, 3.0))
    function(x1, x2).backward()
    assert (len(calls), x1.grad.tolist(), x2.grad.tolist()) == (1, [3.0], [15.0])
    assert [part is not None for part in function(x1, x2.detach()).grad_fn.kept] == [False, True, False]
    assert [part is not None for part in function(x1.detach(), x2).grad_fn.kept] == [False, True, True]


@pytest.mark.parametrize("solve", [ag.linalg.solve, ag.linalg.solve_triangular])
def test_solving_for_both_gradients_solves_once(solve, monkeypatch):
    kernels, count = get_backend("numpy").xp.linalg, []
    name = solve.op.name.removeprefix("linalg.")
    kernel = getattr(kernels, name)
    a, b = (ag.tensor(np.eye(3) + np.ones((3, 3)), requires_grad=True) for _ in range(2))
    out = ag.sum(solve(a, b))
    monkeypatch.setattr(kernels, name, lambda *args, **options: count.append(1) or kernel(*args, **options))
    out.backward()
    assert len(count) == 1


def test_a_rule_beside_a_shared_one_that_names_the_cotangent_is_refused():
    def apart(x1: Array, x2: Array, /): ...  # noqa: F821

    with pytest.raises(DeclarationError, match=r"apart.*names \['g'\].*it can name.*'shared'"):
        ag.general(shared=lambda g: g, x1=lambda g: g, jvp=lambda t1: t1)(apart)


@pytest.mark.parametrize("name", ["g", "t", "out", "xp"])
def test_a_parameter_cannot_have_a_name_that_means_something_in_rules(name):
    scope = {"Array": ag.Array, "elementwise": ag.elementwise}
    with pytest.raises(DeclarationError, match=f"wrong_{name}: a parameter is called '{name}', which means something else"):
        exec(f"@elementwise(x=lambda x: x)\ndef wrong_{name}(x: Array, {name}: Array, /): ...", scope)


def test_what_a_rule_raises_says_whose_rule_it_is():
    def of_five(x: Array, /): ...  # noqa: F821

    wrong = ag.elementwise(x=lambda xp, x: xp.ones(5), forward=lambda xp, x: x)(of_five)
    x = ag.ones(2, requires_grad=True)
    with pytest.raises(ArgumentError, match=r"^derivative of of_five\(g: shape \(2,\) float32, x: shape \(2,\) float32\)"):
        wrong(x).sum().backward()
