"""Numbers where a template means text: what CloudFormation makes of them, and when that is something else.

CloudFormation reads YAML 1.1, in which an account id without quotes is a number. In the deployed stack
012345670123 is 1402433619, 099922223333 is 9.9922223333E10; 111122223333 keeps its digits.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
https://yaml.org/type/int.html, https://yaml.org/type/float.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.sources.source import dotted
from lzkey.sources.unknown import Located, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey import Json
    from lzkey.sources.json_text import Path

#: Wider than YAML 1.1's own: digits that begin with 0 are no octal number with an 8 or 9 among them, and
#: an exponent needs neither a point nor a sign. https://github.com/aws/aws-cli/issues/3991
NUMBER: Final = re.compile(
    r"""[-+]?0b[01_]+
    | [-+]?0x[0-9a-fA-F_]+
    | [-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?
    | [-+]?\.[0-9_]+([eE][-+]?[0-9]+)?
    | [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
    | [-+]?\.(inf|Inf|INF)
    | \.(nan|NaN|NAN)""",
    re.VERBOSE,
)
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,7}\.[0-9]{1,17}")
#: Java's Double.toString, which the E in what CloudFormation writes comes from, has no exponent in between.
_LEAST: Final = 1e-3
_MOST: Final = 1e7
_MOST_SHOWN: Final = 40

_QUOTES: Final = "put it into quotes"
_PACKAGE: Final = "`aws cloudformation package` removes such quotes itself: mend what it wrote, too"


@dataclass(frozen=True, slots=True)
class Misread(Unknown):
    """A number that CloudFormation writes differently: nobody can tell how, but as it stands it is not."""

    why: str = ""


def value_of(text: str, line: int) -> int | float | Misread:
    """The number that YAML text without quotes is; `Misread` where its text becomes another."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and repr(float(text)) == text and is_kept(float(text)):
        return float(text)
    return _misread(text, line, "writes in another way")


def refused_name(text: str, line: int) -> Misread:
    """What stands behind a number as a member's name: CloudFormation takes text alone for one."""
    return _misread(text, line, "does not take as a name")


def _misread(text: str, line: int, what: str) -> Misread:
    shown = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."
    return Misread(
        why=f"line {line}: without quotes {shown} is a number, which CloudFormation {what}; {_QUOTES} "
        f"({_PACKAGE})"
    )


def is_kept(number: float) -> bool:
    """Tell whether CloudFormation writes a number with all its digits, and with nothing else."""
    return isinstance(number, int) or number == 0 or _LEAST <= abs(number) < _MOST


def misread(value: object) -> str:
    """Say why CloudFormation writes a value differently; "" where it does not."""
    if isinstance(value, Misread):
        return value.why
    if isinstance(value, float) and not is_kept(value):
        return f"{value} is a number, which CloudFormation may write in another way; {_QUOTES}"
    return ""


def in_quotes(policy: Json, path: Path, line_of: Callable[[Path], int | None]) -> tuple[Any, tuple[str, ...]]:
    """A policy with text for its numbers, and a sentence for each of them; conditions may have some.

    A bare number as a principal is doubt, in JSON and in YAML: policies have strings there, so that KMS
    refuses the policy if CloudFormation hands on the number, and takes it if that makes text of it, as it
    does for the handlers of resource types (github.com/aws-cloudformation/cloudformation-cli-python-plugin,
    `recast.py`). Which of them it is for a key policy, AWS does not document.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    found: dict[str, None] = {}

    def quoted(value: Json, at: Path) -> Json:
        if isinstance(value, dict):
            here = getattr(value, "path", at) or at
            made = {
                name: each if name == "Condition" else quoted(each, (*here, name))
                for name, each in value.items()
            }
            return Located.at(here, made)
        if isinstance(value, list):
            return [quoted(each, at) for each in value]
        if isinstance(value, Unknown) and value.alternatives:
            return Unknown(value.pieces, tuple(quoted(each, at) for each in value.alternatives))
        if not isinstance(value, int | float) or isinstance(value, bool):
            return value
        line = line_of(at)
        where = dotted(at) if line is None else f"{dotted(at)} (line {line})"
        found[
            f"{where}: {value} is a number, where a policy has text alone, and AWS does not say what "
            f"CloudFormation makes of it; {_QUOTES}"
        ] = None
        return str(value)

    return quoted(policy, path), tuple(found)
