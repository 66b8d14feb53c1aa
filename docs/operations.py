"""Write `operations.md`, the table of all operations, from their declarations: `python docs/operations.py`."""

from __future__ import annotations

from pathlib import Path

import arraygrad  # noqa: F401  (declares the operations)
from arraygrad.kinds import composites, declared
from arraygrad.namespace import calls
from arraygrad.op import Kind, Op
from arraygrad.rules import parameters
from arraygrad.standard import SIGNATURES

PAGE = Path(__file__).with_suffix(".md")

HEAD = """# Operations

Made from the declarations by `python docs/operations.py`. *Kept* is what a node keeps for the backward pass if all arguments
require a gradient: what the rules name, and of an argument in which the operation is linear only shape and dtype.

| operation | kind | differentiable in | kept | in the standard |
|---|---|---|---|---|
"""

FOOT = """
Kinds: *elementwise* and *reduction* give partial derivatives, *linear* and *multilinear* transposes, *general* both rules;
*constant* has derivative zero and records nothing; *composite* is written in other operations.
"""


def kept(op: Op) -> str:
    """The arguments and outputs that a node keeps."""
    if op.kind is Kind.CONSTANT:
        return ""
    if op.variadic:
        return "shapes" if "arrays" in parameters(op.rules["arrays"]) else ""
    names = op.needs([True] * op.arity)
    values = [name for name in op.arrays if name in names and not (op.kind is Kind.LINEAR and name in op.rules)]
    return ", ".join(values + (["out"] if "out" in names else []))


def rows() -> list[str]:
    """One row for each operation and composite, by name."""
    lines = []
    for name in sorted({*declared, *composites} & set(calls()), key=lambda name: (name.count("."), name)):
        standard = "yes" if name in SIGNATURES else ""
        if name in declared:
            op = declared[name]
            lines.append(f"| `{name}` | {op.kind.value} | {', '.join(op.rules)} | {kept(op)} | {standard} |")
        else:
            lines.append(f"| `{name}` | composite | | | {standard} |")
    return lines


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(rows()) + "\n" + FOOT


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{len(rows())} operations in {PAGE.name}")
