"""The values of options, as commands get them.

typer 0.29 has pydantic convert every value, also that of an option which nobody has given, and to import
pydantic takes as long as hundreds of keys do. Here what is not given is nothing, text is text, and what has a
parser is parsed; the rest is typer's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lzkey import Untyped


def convert_plainly(parameters: Iterable[Untyped]) -> None:
    """Let typer convert the values of these options and arguments by itself only where it takes more."""
    for parameter in parameters:
        if (its_own := getattr(parameter, "get_runtime_param", None)) is not None:
            plain = _Plain(its_own, parameter.type_descriptor)
            parameter.get_runtime_param = plain.itself


class _Plain:
    """What stands for a converter of typer's."""

    def __init__(self, its_own: Callable[[], Untyped], described: Untyped) -> None:
        self._its_own = its_own
        is_text = described.annotation in (str, list[str])
        self._parse = described.parameter_info.parser or (str if is_text else None)

    def itself(self) -> _Plain:
        """Where typer asks for the converter."""
        return self

    def coerce(self, value: Untyped, param: Untyped, ctx: Untyped) -> Untyped:
        """The value, converted; raise BadParameter where it is none."""
        is_one = not (param.multiple or param.nargs == -1)
        if value is None:
            return None if is_one else ()
        if self._parse is None:
            return self._its_own().coerce(value, param=param, ctx=ctx)
        return self._parse(value) if is_one else [self._parse(each) for each in value]
