"""JSON values as HCL expressions.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import json
import re
from typing import Final

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TEMPLATE: Final = re.compile(r"([$%]+)\{")
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_WORDS: Final = frozenset({"null", "true", "false", "for", "if", "in"})


def hcl(value: object, indent: str = "") -> str:
    """A value, over several lines where it has parts; text stands for itself, never for a template."""
    inner = f"{indent}  "
    if isinstance(value, dict):
        lines = [f"{inner}{_name(name)} = {hcl(member, inner)}\n" for name, member in value.items()]
        return "{\n" + "".join(lines) + f"{indent}}}" if lines else "{}"
    if isinstance(value, list | tuple):
        lines = [f"{inner}{hcl(member, inner)},\n" for member in value]
        return "[\n" + "".join(lines) + f"{indent}]" if lines else "[]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _name(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) and name not in _WORDS else _text(name)


def _text(text: str) -> str:
    """A quoted template without interpolation: `${` and `%{` begin one, with the first character doubled not.

    More of these characters before it are written as escapes, so that none of them is taken for the doubling.
    """
    return f'"{_TEMPLATE.sub(_literally, "".join(map(_character, text)))}"'


def _literally(found: re.Match[str]) -> str:
    run = found.group(1)
    return f"{''.join(map(_escape, run[:-1]))}{run[-1]}{run[-1]}{{"


def _character(character: str) -> str:
    return _ESCAPES.get(character) or (character if character.isprintable() else _escape(character))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - what four digits hold
