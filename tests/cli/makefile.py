"""The Makefile, and the environment of a shell in which somebody types make."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAKEFILE: Final = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")


def environ_without_make(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what a make hands down to every make below it, such as the one of these tests.

    Those are its flags, and the variables of its command line.
    """
    variables = re.findall(r"^(\w+) \??:?=", MAKEFILE, re.MULTILINE)
    handed_down = {"MAKE", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", *variables} - {"SHELL"}
    return {name: value for name, value in environ.items() if name not in handed_down}
