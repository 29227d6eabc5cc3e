"""JSON text read as JSON is defined: every member once, no NaN; and the error of a text that is no policy.

`decode` says which fault a text has, and where; whoever reads a text says it in a sentence of its own.
"""

import json
import re
from typing import Final, Literal, NoReturn

from landing_zone_key.errors import LandingZoneKeyError

#: A key policy has at most 32 KB (KMS quotas); AWS Config hands it on with white space added.
MAXIMUM_CHARACTERS: Final = 4 * 32 * 1024

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=dict)
_TEXTS: Final = (str, bytes, bytearray)
_SPACE: Final = " \t\n\r"
#: Strings, each with the colon that makes a name of it, and what opens and closes objects and lists.
_NAMES_AND_BRACKETS: Final = r"""(?s)("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*:|"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]"""
#: Characters of a value that an error quotes.
_SHOWN: Final = 60

#: What Python 3.13 says of a comma before a closing bracket, and what its predecessors say.
TRAILING_COMMA: Final = {
    "}": "Illegal trailing comma before end of object",
    "]": "Illegal trailing comma before end of array",
}
_BEFORE_3_13: Final = {"}": "Expecting property name enclosed in double quotes", "]": "Expecting value"}


#: What is wrong with a text: what the parser says, a member given twice, NaN or Infinity, bytes that are no
#: text, a number of thousands of digits, too deep a nesting, half of a surrogate pair.
Fault = Literal["syntax", "twice", "constant", "bytes", "digits", "depth", "half"]


class PolicyError(LandingZoneKeyError):
    """The text is no policy document; the message names the place, such as `Statement[2].Condition`."""


class NotJsonError(LandingZoneKeyError):
    """A text is no JSON (RFC 8259), or none that can be read."""

    def __init__(self, fault: Fault, what: str = "", told: json.JSONDecodeError | None = None) -> None:
        super().__init__(fault, what)
        self.fault = fault
        self.what = what
        """What the parser says, the member's name, or the constant; empty for other faults."""
        self.position, self.line, self.column = (told.pos, told.lineno, told.colno) if told else (0, 0, 0)
        """Where the parser stopped, or the second of two members begins: from 0, from 1, and from 1.

        Nobody tells the places of other faults.
        """


_SENTENCES: Final[dict[Fault, str]] = {
    "syntax": "the policy is not JSON: line {0.line}, column {0.column}: {0.what}",
    "twice": "line {0.line}: the member {shown} stands twice in one object; nobody can tell which one counts",
    "constant": "the policy is not JSON: {0.what}",
    "bytes": "the policy is not JSON: it holds text or a number that cannot be read",
    "digits": "the policy is not JSON: it holds text or a number that cannot be read",
    "depth": "the policy is nested too deeply",
    "half": "the policy holds half of a character (a lone surrogate)",
}


def read_json(document: object) -> object:
    """Decode JSON text (also JSON text inside a JSON string) strictly; anything else comes back as it is.

    Raises `PolicyError`, also for text in an object that nothing can write.
    """
    suspect = _may_hold_surrogates(document)
    try:
        for _ in range(2):
            if not isinstance(document, _TEXTS):
                break
            if len(document) > MAXIMUM_CHARACTERS:
                raise PolicyError(
                    f"the policy has {len(document)} characters; a key policy has at most 32 KB"
                )
            document = decode(document)
        if suspect:
            require_characters(document)
    except NotJsonError as error:
        sentence = _SENTENCES[error.fault]
        raise PolicyError(sentence.format(error, shown=shown(error.what))) from None
    return document


def decode(text: str | bytes | bytearray) -> object:
    """The value of JSON text; raises `NotJsonError`."""
    try:
        if not isinstance(text, str):
            return _DECODER.decode(text.decode(json.detect_encoding(text), "surrogatepass"))
        if text.startswith("\ufeff"):
            json.loads(text)  # refuses a byte order mark, in the words of this Python
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        told = on_every_python(error)
        raise NotJsonError("syntax", told.msg, told) from None
    except NotJsonError as error:
        raise _placed(error, text) from None
    except UnicodeDecodeError:
        raise NotJsonError("bytes") from None
    except ValueError:  # an integer of more digits than Python reads
        raise NotJsonError("digits") from None
    except RecursionError:
        raise NotJsonError("depth") from None


def _may_hold_surrogates(document: object) -> bool:
    """Text in ASCII holds them as escapes alone; to write it all again would take longer than to read it."""
    if isinstance(document, str):
        return not document.isascii() or ("\\" in document and "\\u" in document)  # one is sought faster
    return not isinstance(document, _TEXTS) or b"\\u" in document or not document.isascii()


def require_characters(document: object) -> None:
    """Raise `NotJsonError` for half of a surrogate pair, wherever it stands: UTF-8 has no such character."""
    try:
        _ENCODER.encode(document).encode()
    except UnicodeEncodeError:
        raise NotJsonError("half") from None
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
        raise NotJsonError("twice")
    return members


def _placed(error: NotJsonError, text: str | bytes | bytearray) -> NotJsonError:
    """The error with the first name that an object repeats, and where it does so; others as they are.

    Up to there the text is JSON: the parser has read the object to its end.
    """
    if error.fault != "twice":
        return error
    if not isinstance(text, str):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    names: list[set[str]] = []
    for token in re.finditer(_NAMES_AND_BRACKETS, text):
        if token[0] in "{[":
            names.append(set())
        elif token[0] in "}]":
            names.pop()
        elif token[1]:
            name = json.loads(token[1])
            if name in names[-1]:
                return NotJsonError("twice", name, json.JSONDecodeError("", text, token.start()))
            names[-1].add(name)
    return error


def _no_constant(name: str) -> NoReturn:
    raise NotJsonError("constant", name)


#: `json.loads` makes one for each text, which takes longer than to read a short one.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique_members, parse_constant=_no_constant)


def shown(value: object) -> str:
    """A value as JSON, short and without control characters."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
