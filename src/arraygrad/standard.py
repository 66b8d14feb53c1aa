"""The Python array API standard as data: the signature of every function, by chapter (`standard.json`)."""

from __future__ import annotations

import json
from os.path import dirname, join

with open(join(dirname(__file__), "standard.json"), encoding="utf-8") as _file:  # noqa: PTH118, PTH120, PTH123 - pathlib takes 10 ms to import
    _data = json.load(_file)

VERSION: str = _data["version"]
CHAPTERS: dict[str, dict[str, str]] = _data["chapters"]
"""By chapter and name the signature, as `str(inspect.signature(function))` writes it; "property" for properties."""

EXTENSIONS = ("linalg", "fft")


def _signatures() -> dict[str, str]:
    found: dict[str, str] = {}
    for chapter, functions in CHAPTERS.items():
        if chapter not in ("array_object", "info"):
            prefix = f"{chapter}." if chapter in EXTENSIONS else ""
            found.update({prefix + name: signature for name, signature in functions.items()})
    return found


SIGNATURES = _signatures()
"""Every function of the standard, those of extensions as "linalg.det"."""


def signature_of(name: str) -> str | None:
    """The standard's signature of a function, None if the standard does not have it."""
    return SIGNATURES.get(name)
