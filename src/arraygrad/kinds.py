"""The decorators that declare an operation: one for each kind of map.

A declaration is the standard's signature with a docstring and no body, under the decorator of its kind, which gives
the calculus by argument name. Parameters annotated `Array` are differentiable arrays or numbers; the others are options.

    @elementwise(x1=lambda x2: x2, x2=lambda x1: x1)
    def multiply(x1: Array, x2: Array, /) -> Tensor: ...

elementwise   the partial derivative by each argument: reverse g * conj(d), forward the sum of t * d
reduction     the partial derivative by each element, with `out` expanded over the reduced axes
linear        the transpose, from the cotangent `g`; forward is the operation itself
multilinear   the transpose in each argument, with the others at hand
general       reverse and forward both written
constant      derivative zero: records nothing
composite     a function of other operations: nothing to derive
"""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Annotated, Any, TypeAlias, TypeVar, cast, overload

from . import hotpath
from .call import dispatch
from .derive import together
from .errors import DeclarationError, explain_inside, in_words
from .op import Kind, Op
from .options import names, source
from .rules import RESERVED, Rule, check
from .standard import EXTENSIONS, signature_of
from .tensor import Tensor
from .views import ALWAYS, viewing

Array: TypeAlias = Annotated[Any, "Array"]
"""A Tensor, a raw array or a Python number."""

Constant: TypeAlias = Any
"""An option that may be a Tensor, or a tuple with some: the library is given their arrays, and nothing flows to them."""

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)
Forward: TypeAlias = "Function | None"
"""The value, as a function of the namespace `xp` and the arguments: for what the array libraries have no function of."""

Key: TypeAlias = Any
"""An option that says entries of the first argument: the library is given it without Tensors and lists."""

declared: dict[str, Op] = {}
"""Every declared operation by name, in the order of declaration."""

composites: dict[str, Function] = {}
"""Every composite by name."""


def elementwise(
    *, domain: Any = None, ordered: bool = False, forward: Forward = None, **rules: Rule
) -> Callable[[F], F]:
    """Each entry of the result depends on one entry of each argument; `rules` are the partial derivatives.

    `ordered`, here and below: of numbers that have an order, so that complex ones are refused.
    """
    attributes = {"domain": domain, "ordered": ordered, "forward": forward}
    return lambda function: _declare(function, Kind.ELEMENTWISE, rules, **attributes)


def reduction(
    *, domain: Any = None, ordered: bool = False, forward: Forward = None, **rules: Rule
) -> Callable[[F], F]:
    """A function over axes whose derivative by each entry is an elementwise partial, with `out` expanded."""
    attributes = {"domain": domain, "ordered": ordered, "forward": forward}
    return lambda function: _declare(function, Kind.REDUCTION, rules, **attributes)


def linear(
    *,
    moves: bool = False,
    drops: bool = False,
    pointwise: bool = False,
    multiple: bool = False,
    view: bool | Callable[..., bool] = False,
    overlaps: bool = False,
    core: str | None = None,
    forward: Forward = None,
    **rules: Rule,
) -> Callable[[F], F]:
    """Linear in the arguments with a rule, jointly. `multiple`: several outputs, so that `g` is a tuple.

    `moves`: entries are only moved, copied, left out and added with positive weights; `drops`: and some have zeros in
    their place, in the result or in the gradient. `pointwise`: entry by entry. `view`: the result is a view of the
    argument, or is one where this function of the options says so; `overlaps`: one whose entries share their place.
    """
    attributes = {
        "moves": moves, "drops": drops, "pointwise": pointwise, "multiple": multiple, "overlaps": overlaps, "core": core,
        "view": ALWAYS if view is True else view or None, "forward": forward,
    }  # fmt: skip
    return lambda function: _declare(function, Kind.LINEAR, rules, **attributes)


def multilinear(*, core: str | None = None, forward: Forward = None, **rules: Rule) -> Callable[[F], F]:
    """Linear in each of the arguments with a rule, while the others stay."""
    return lambda function: _declare(function, Kind.MULTILINEAR, rules, core=core, forward=forward)


def general(
    *,
    jvp: Rule,
    shared: Rule | None = None,
    core: str | None = None,
    domain: Any = None,
    multiple: bool | tuple[str, ...] = False,
    pointwise: bool = False,
    moves: bool = False,
    ordered: bool = False,
    forward: Forward = None,
    **rules: Rule,
) -> Callable[[F], F]:
    """Reverse rules by argument and one forward rule.

    `multiple`: several outputs, so that `g` and `out` are tuples, with their names if they have any. `pointwise`: entry
    by entry, but not holomorphic. `moves`: entries are only moved, to where their values say. `shared`: what the reverse
    rules of all arguments name, in place of `g`, and that is computed once.
    """
    attributes = {
        "core": core, "domain": domain, "multiple": multiple, "pointwise": pointwise, "moves": moves, "ordered": ordered,
        "forward": forward,
    }  # fmt: skip
    return lambda function: _declare(function, Kind.GENERAL, rules, jvp=jvp, shared=shared, **attributes)


@overload
def constant(function: F) -> F: ...
@overload
def constant(*, multiple: bool | tuple[str, ...] = False, ordered: bool = False) -> Callable[[F], F]: ...
def constant(function: Any = None, *, multiple: bool | tuple[str, ...] = False, ordered: bool = False) -> Any:
    """The derivative is zero and the result never requires a gradient."""
    if function is None:
        return lambda function: _declare(function, Kind.CONSTANT, {}, multiple=multiple, ordered=ordered)
    return _declare(function, Kind.CONSTANT, {})


def missing() -> Any:
    """Stands for a rule that nobody has written: the forward call works, and a backward pass through it raises."""


def composite(function: F) -> F:
    """Written in other operations. What they raise is said to be of this function, with its arguments."""
    name, (signature, bare) = _name(function), _signature(function)
    _check_signature(name, bare)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except Exception as error:
            raise _explained(name, signature, args, options, error) from error

    composites[name] = call
    return cast(F, call)


def _explained(name: str, signature: inspect.Signature, args: Any, options: Any, error: Exception) -> Exception:
    """An error from inside a composite; that of a call which does not have the signature as it is."""
    try:
        given = signature.bind(*args, **options).arguments.items()
    except TypeError:
        return error
    several = {p.name for p in signature.parameters.values() if p.kind is inspect.Parameter.VAR_POSITIONAL}
    arguments = [
        (f"{parameter}[{position}]", part) if parameter in several else (parameter, part)
        for parameter, value in given
        for position, part in enumerate(value if parameter in several else (value,))
    ]
    return explain_inside(name, in_words(arguments), error)


def _name(function: Function) -> str:
    """The name in the namespace: `linalg.` and `fft.` before the functions of those chapters."""
    chapter = (function.__module__ or "").rpartition(".")[2]
    bare = function.__name__
    chapter = "linalg" if chapter in ("decompositions", "determinants", "linalg_more") else chapter
    return f"{chapter}.{bare}" if chapter in EXTENSIONS else bare


def _declare(function: F, kind: Kind, rules: dict[str, Rule], **attributes: Any) -> F:
    name = _name(function)
    signature, bare = _signature(function)
    arrays = tuple(
        parameter.name for parameter in signature.parameters.values()
        if parameter.annotation is Array or str(parameter.annotation).startswith("Array")
    )
    options = tuple(parameter for parameter in signature.parameters if parameter not in arrays)
    _check_signature(name, bare)
    op = Op(name, arrays, options, rules)
    op.kind = kind
    op.elementwise = kind is Kind.ELEMENTWISE
    op.function = function
    op.positional = sum(signature.parameters[name].kind is not inspect.Parameter.KEYWORD_ONLY for name in arrays)
    names = attributes.pop("multiple", False)
    op.multiple = bool(names)
    if isinstance(names, tuple):
        op.pack = namedtuple(f"{function.__name__}_result", names)._make
    for attribute, value in attributes.items():
        setattr(op, attribute, value)
    op.joint = together if op.shared is not None else None
    _check_rules(op)
    op.rules = {argument: rule for argument, rule in rules.items() if rule is not missing}
    if name in declared or name in composites:
        raise DeclarationError(f"{name}: declared twice")
    declared[name] = op
    call = _calls(op, signature, bare)
    call.__name__ = call.__qualname__ = function.__name__
    call.__module__, call.__doc__ = function.__module__, function.__doc__
    call.__annotations__ = function.__annotations__
    call.op = op  # type: ignore[attr-defined]
    return cast(F, call)


_signatures: dict[str, tuple[inspect.Signature, str]] = {}


def _signature(function: Function) -> tuple[inspect.Signature, str]:
    """A function's signature, and as source without annotations. Found once for all functions that are alike in it, since
    nothing else takes as long when the declarations are imported."""
    plain = inspect.unwrap(function)
    code = plain.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2]
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    key = repr((names, counts, plain.__defaults__, plain.__kwdefaults__, plain.__annotations__))
    if key not in _signatures:
        signature = inspect.signature(plain)
        bare = inspect.Signature([p.replace(annotation=p.empty) for p in signature.parameters.values()])
        _signatures[key] = signature, str(bare)
    return _signatures[key]


def _check_signature(name: str, bare: str) -> None:
    """Raise DeclarationError unless the signature is the standard's, for functions that the standard has."""
    expected = signature_of(name)
    if expected is not None and bare != expected:
        raise DeclarationError(f"{name}: declared with the signature {bare}; the standard's is {expected}")


def _check_rules(op: Op) -> None:
    names = {*op.arrays, *op.options, "xp", "out", "subgradient"}
    flowing = set() if op.kind is Kind.REDUCTION else {"g"} if op.shared is None else {"shared"}
    taken = sorted({*op.arrays, *op.options} & RESERVED)
    if taken:
        raise DeclarationError(f"{op.name}: a parameter is called {taken[0]!r}, which means something else in rules")
    if op.kind not in (Kind.CONSTANT, Kind.COMPOSITE) and not op.rules:
        raise DeclarationError(f"{op.name}: {op.kind.value} and without a rule; declare it constant if it has none")
    for argument, rule in op.rules.items():
        if argument not in op.arrays:
            raise DeclarationError(f"{op.name}: a rule for {argument!r}; its array arguments are {op.arrays}")
        if op.kind is Kind.LINEAR and "out" in rule.__code__.co_varnames[: rule.__code__.co_argcount]:
            raise DeclarationError(f"{op.name}: linear, so its rule for {argument!r} cannot depend on `out`")
        check(op, rule, names | flowing | ({"index"} if op.variadic else set()))
    if op.shared is not None:
        check(op, op.shared, names | {"g"})
    if op.jvp is not None:
        check(op, op.jvp, names | {"t"} | {f"t{position}" for position in range(1, op.arity + 1)})


@functools.cache
def _compiled(source: str) -> CodeType:
    return compile(source, "<string>", "exec")


def _calls(op: Op, signature: inspect.Signature, bare: str) -> Function:
    """The public function: a short way for elementwise operations, else `dispatch` behind the declared signature, of which
    `bare` is the source."""
    if (op.elementwise or (op.pointwise and op.kind is Kind.GENERAL)) and not op.options and op.arity == 1:
        return hotpath.unary(op)
    if op.is_of_pairs:
        return hotpath.binary(op, hotpath.general(op))
    options = "{" + ", ".join(f"{name!r}: {source(op, signature.parameters[name])}" for name in op.options) + "}"
    if op.multiple or op.variadic or op.arity > 2 or op.positional != op.arity:
        short = partial(dispatch, op) if op.multiple else hotpath.several(op)
        arrays = "(*arrays,)" if op.variadic else f"({', '.join(op.arrays)},)"
    else:
        short = hotpath.single(op) if op.arity == 1 else hotpath.pair(op)
        arrays = ", ".join(op.arrays)
    if op.view is not None:
        short = viewing(op, (lambda x, options: dispatch(op, (x,), options)) if op.multiple else short)  # type: ignore[arg-type]
        arrays = op.arrays[0]
    scope = {"call_operation": short, **names(op)}
    exec(_compiled(f"def call{bare}: return call_operation({arrays}, {options})"), scope)
    return scope["call"]


__all__ = [
    "Array", "Constant", "Key", "Tensor", "composite", "composites", "constant", "declared", "elementwise", "general",
    "linear", "multilinear", "reduction",
]  # fmt: skip
