"""JSON as it is defined (RFC 8259), every member once; what is wrong is told with its place.

`read` reads a value, `line_of` finds the line of a part of it, `fault` says what is wrong with a text.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.policy.strict_json import TRAILING_COMMA, on_every_python
from lzkey.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lzkey import Json

#: The keys and indexes that lead from the top of a document to a value.
Path = tuple[str | int, ...]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
TOO_DEEP: Final = "it is nested too deeply"
_LITERALS: Final = ("true", "false", "null", "-")
_BEGUN: Final = re.compile(r"\\?u[0-9a-fA-F]{0,4}(\\(u[0-9a-fA-F]{0,4})?)?|\.|[eE][+-]?")
_RIGHT: Final = {
    "Expecting property name": "a member's name in double quotes",
    TRAILING_COMMA["}"]: "a member's name in double quotes, or no comma before the closing brace",
    TRAILING_COMMA["]"]: "one more value, or no comma before the closing bracket",
    "Expecting ',' delimiter": "a comma, or the end of the object or list",
    "Expecting ':' delimiter": "a colon behind the member's name",
    "Invalid control character": r"\n, \t or \u0000 for it inside of a string",
    "Invalid \\": r"one of \" \\ \/ \b \f \n \r \t \u0000",
    "Extra data": "one value alone; a second one begins here",
    "Expecting value": "a string, number, object, list, true, false or null",
}


class _NotJsonError(Exception):
    """What Python's json accepts and JSON does not, or leaves undefined."""


def read(text: str) -> Json:
    """Return the value; raise SourceError with line and column, and what would be right there."""
    try:
        return _STRICT.decode(text)
    except json.JSONDecodeError as error:
        raise SourceError(fault(error.msg, text, error.pos)) from None
    except _NotJsonError as error:
        raise SourceError(str(error)) from None
    except RecursionError:
        raise SourceError(TOO_DEEP) from None
    except ValueError:  # an integer of more digits than Python reads
        raise SourceError("it holds a number of thousands of digits") from None


def fault(message: str, text: str, position: int, line: int = 1, column: int = 1) -> str:
    """Say what is wrong with JSON text at a position; `line` and `column` are where the text begins."""
    told = on_every_python(json.JSONDecodeError(message, text, position))
    message, position = told.msg, told.pos
    here = line + text.count("\n", 0, position)
    rest = len(text.rstrip())
    if message.startswith("Unterminated string"):
        end = line + text.count("\n", 0, rest)
        return f"it ends in the middle of a string at line {end} (begun on line {here}): it is cut off"
    if position >= rest or _is_begun(text[position:rest]):
        if not rest:
            return "it is empty"
        end = line + text.count("\n", 0, rest)
        return f"it ends at line {end}, before what is open there is closed: it is cut off"
    newline = text.rfind("\n", 0, position)
    across = position - newline if newline >= 0 else position + column
    right = next((words for begins, words in _RIGHT.items() if message.startswith(begins)), message)
    return f"line {here}, column {across}: it is not JSON; right would be {right}"


def _is_begun(end: str) -> bool:
    """Whether a text ends in the middle of a literal, a number, or the escape of a character."""
    return any(word.startswith(end) for word in _LITERALS) or bool(_BEGUN.fullmatch(end))


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line on which the value at a path of JSON text begins; None where there is none."""
    at = skip(text, 0)
    try:
        for step in path:
            at = _member(text, at, step) if isinstance(step, str) else _element(text, at, step)
    except (LookupError, StopIteration, ValueError):
        return None
    return text.count("\n", 0, at) + 1


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotJsonError(f"the member {json.dumps(twice)[:80]} stands twice in one object; keep one")
    return members


def _no_constant(constant: str) -> float:
    raise _NotJsonError(f"{constant} is not JSON; write a number")


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_unique_members, parse_constant=_no_constant)
_PLAIN: Final = json.JSONDecoder()
# The scanner in C, and the reader of a string: both are what `json.loads` itself calls.
SCAN: Final[Callable[[str, int], tuple[Any, int]]] = _PLAIN.scan_once  # type: ignore[attr-defined]
_SCAN_STRING: Final[Callable[[str, int], tuple[str, int]]] = json.decoder.scanstring  # type: ignore[attr-defined]


def skip(text: str, at: int) -> int:
    """Return where white space ends."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text


def _member(text: str, at: int, name: str) -> int:
    """Where the value of an object's member begins, in text that is JSON; LookupError without one."""
    if text[at] != "{":
        raise LookupError(name)
    at = skip(text, at + 1)
    while text[at] == '"':
        found, at = _SCAN_STRING(text, at + 1)
        at = skip(text, skip(text, at) + 1)
        if found == name:
            return at
        at = _behind(text, at)
    raise LookupError(name)


def _element(text: str, at: int, index: int) -> int:
    """Where an element of a list begins."""
    if text[at] != "[":
        raise LookupError(index)
    at = skip(text, at + 1)
    for _ in range(index):
        at = _behind(text, at)
    if text[at] == "]":
        raise LookupError(index)
    return at


def _behind(text: str, at: int) -> int:
    """Where the next member or element begins, or where the closing bracket stands."""
    _, end = SCAN(text, at)
    end = skip(text, end)
    return skip(text, end + 1) if text[end] == "," else end
