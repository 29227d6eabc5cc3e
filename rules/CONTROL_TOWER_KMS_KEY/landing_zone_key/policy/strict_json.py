"""JSON text read as JSON is defined: every member once, no NaN; and the error of a text that is no policy."""

import json
from collections import Counter
from typing import Final, NoReturn

from landing_zone_key.errors import LandingZoneKeyError

# A key policy has at most 32 KB (KMS quotas); AWS Config hands it on with white space added.
MAXIMUM_CHARACTERS: Final = 4 * 32 * 1024

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=dict)
_SPACE: Final = " \t\n\r"

# What Python 3.13 says of a comma before a closing bracket, and what its predecessors say.
TRAILING_COMMA: Final = {
    "}": "Illegal trailing comma before end of object",
    "]": "Illegal trailing comma before end of array",
}
_BEFORE_3_13: Final = {"}": "Expecting property name enclosed in double quotes", "]": "Expecting value"}


class PolicyError(LandingZoneKeyError):
    """The text is no policy document; the message names the place, such as `Statement[2].Condition`."""


def read_json(document: object) -> object:
    """Decode JSON text (also JSON text inside a JSON string) strictly; anything else comes back as it is.

    Raises `PolicyError`, also for text in an object that nothing can write.
    """
    suspect = _may_hold_surrogates(document)
    for _ in range(2):
        if not isinstance(document, str | bytes | bytearray):
            break
        document = _decode(document)
    if suspect:
        _require_characters(document)
    return document


def _decode(text: str | bytes | bytearray) -> object:
    if len(text) > MAXIMUM_CHARACTERS:
        raise PolicyError(f"the policy has {len(text)} characters; a key policy has at most 32 KB")
    try:
        return json.loads(text, object_pairs_hook=_unique_members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        told = on_every_python(error)
        raise PolicyError(
            f"the policy is not JSON: line {told.lineno}, column {told.colno}: {told.msg}"
        ) from None
    except (UnicodeDecodeError, ValueError):
        raise PolicyError("the policy is not JSON: it holds text or a number that cannot be read") from None
    except RecursionError:
        raise PolicyError("the policy is nested too deeply") from None


def _may_hold_surrogates(document: object) -> bool:
    """Text in ASCII holds them as escapes alone; to write it all again would take longer than to read it."""
    if isinstance(document, str):
        return "\\u" in document or not document.isascii()
    return not isinstance(document, bytes | bytearray) or b"\\u" in document or not document.isascii()


def _require_characters(document: object) -> None:
    """Refuse half of a surrogate pair, wherever it stands: UTF-8 has no such character."""
    try:
        _ENCODER.encode(document).encode()
    except UnicodeEncodeError:
        raise PolicyError("the policy holds half of a character (a lone surrogate)") from None
    except (TypeError, ValueError, RecursionError):
        return  # no JSON at all: `Policy.parse` says where


def on_every_python(error: json.JSONDecodeError) -> json.JSONDecodeError:
    """The error in the same words and at the same place, whatever the Python.

    They differ in a comma before a closing bracket: Python 3.13 names the comma, and points at it; 3.11 and
    3.12 say what is missing between the two, and point at the bracket. Here the comma is named, and the place
    is the bracket's.
    """
    text, at = error.doc, error.pos
    closing = text[at : at + 1]
    if closing == "," and error.msg in TRAILING_COMMA.values():
        return json.JSONDecodeError(error.msg, text, len(text) - len(text[at + 1 :].lstrip(_SPACE)))
    if error.msg == _BEFORE_3_13.get(closing) and text[:at].rstrip(_SPACE).endswith(","):
        return json.JSONDecodeError(TRAILING_COMMA[closing], text, at)
    return error


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise PolicyError(
            f"the member {shown(twice)} stands twice in one object; nobody can tell which one counts"
        )
    return members


def _no_constant(name: str) -> NoReturn:
    raise PolicyError(f"the policy is not JSON: {name}")


def shown(value: object) -> str:
    """A value as JSON, short and without control characters."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
