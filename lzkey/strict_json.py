"""JSON files read as JSON is defined: UTF-8, every member once, no NaN; faults with line and column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from landing_zone_key.policy.strict_json import on_every_python
from lzkey.errors import ParametersError

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey import Json


class _NotJsonError(Exception):
    """What Python's json accepts and JSON (RFC 8259) does not, or leaves undefined."""


def read_json(path: Path) -> Json:
    """Return the file's value; raise ParametersError that names the file and the place."""
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text, object_pairs_hook=_unique_members, parse_constant=_no_constant)
    except OSError as error:
        raise ParametersError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ParametersError(
            f"{path} is not UTF-8: byte {error.start} is the first that is wrong"
        ) from error
    except json.JSONDecodeError as error:
        told = on_every_python(error)
        place = f"line {told.lineno}, column {told.colno}"
        raise ParametersError(f"{path}, {place}: {_cut_off(told) or told.msg}") from error
    except RecursionError as error:
        raise ParametersError(f"{path} is nested too deeply") from error
    except _NotJsonError as error:
        raise ParametersError(f"{path}: {error}") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise ParametersError(f"{path} holds a number of thousands of digits") from error


def _cut_off(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that ends too early; empty for other faults."""
    if error.msg.startswith("Unterminated string"):
        return "the text that begins here has no closing quote: it is missing, or the file is cut off"
    if error.pos >= len(error.doc.rstrip()):
        return f"{error.msg}, but the file ends here: it is cut off, or a bracket is not closed"
    return ""


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _NotJsonError(f'the member "{name}" is there twice in one object; keep one')
        members[name] = value
    return members


def _no_constant(constant: str) -> float:
    raise _NotJsonError(f"{constant} is not JSON; write a number")
