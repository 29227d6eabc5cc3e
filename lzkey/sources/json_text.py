"""JSON as it is defined (RFC 8259), every member once; what is wrong is told with its place.

`read` reads a value, and `line_of` finds the line of a part of it. `JsonStream` reads a long text piece by
piece: the elements of its lists, in the memory that one of them takes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from landing_zone_key.policy.strict_json import TRAILING_COMMA, NotJsonError, decode, on_every_python
from lzkey.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from landing_zone_key.policy.strict_json import Fault
    from lzkey import Json

#: The keys and indexes that lead from the top of a document to a value.
Path = tuple[str | int, ...]

#: More than AWS Config delivers of one resource, and than white space needs.
_LARGEST_ELEMENT: Final = 16 << 20

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_TOO_DEEP: Final = "it is nested too deeply"
_TOO_LONG: Final = "it holds a number of thousands of digits"
_SENTENCES: Final[Mapping[Fault, str]] = {
    "twice": "line {line}: the member {shown} stands twice in one object; keep one",
    "constant": "{what} is not JSON; write a number",
    "digits": _TOO_LONG,
    "depth": _TOO_DEEP,
}
_INNER: Final = ("{", '"')
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
    "Unexpected UTF-8 BOM": "no byte order mark before it",
    "Expecting value": "a string, number, object, list, true, false or null",
}


def read(text: str, line: int = 1, column: int = 1) -> Json:
    """The value; raise SourceError with line and column, and what would be right there.

    `line` and `column` are where the text begins.
    """
    try:
        return decode(text)
    except NotJsonError as error:
        if error.fault == "syntax":
            raise SourceError(_fault(error.what, text, error.position, line, column)) from None
        shown, here = json.dumps(error.what)[:80], line - 1 + error.line
        raise SourceError(_SENTENCES[error.fault].format(what=error.what, shown=shown, line=here)) from None


def decoded(value: Json) -> Json:
    """A value, also where it is kept as JSON text: policies are, and the rows of advanced queries."""
    if not isinstance(value, str):
        return value
    try:
        return read(value)
    except SourceError:
        return value


def encoded_twice(text: Json) -> bool:
    """Tell whether it is JSON text of a string that holds JSON text again, where one of them is wanted."""
    once = decoded(text)
    return isinstance(text, str) and isinstance(once, str) and once != text and once.lstrip()[:1] in _INNER


def _fault(message: str, text: str, position: int, line: int = 1, column: int = 1) -> str:
    """Say what is wrong with JSON text at a position; `line` and `column` are where the text begins."""
    told = on_every_python(json.JSONDecodeError(message, text, position))
    message, position = told.msg, told.pos
    here = line + text.count("\n", 0, position)
    rest = len(text.rstrip())
    if message.startswith("Unterminated string"):
        end = line + text.count("\n", 0, rest)
        return f"it ends in the middle of a string at line {end} (begun on line {here}): it is cut off"
    if position >= rest or _is_begun(text[position:rest]):
        if not rest and (line, column) == (1, 1):
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
    """The line on which the value at a path of JSON text begins; None where there is none."""
    at = _skip(text, 0)
    try:
        for step in path:
            at = _member(text, at, step) if isinstance(step, str) else _element(text, at, step)
    except (LookupError, StopIteration, ValueError):
        return None
    return text.count("\n", 0, at) + 1


_PLAIN: Final = json.JSONDecoder()
#: The scanner in C, and the reader of a string: both are what `json.loads` itself calls.
_SCAN: Final[Callable[[str, int], tuple[Any, int]]] = _PLAIN.scan_once  # type: ignore[attr-defined]
_SCAN_STRING: Final[Callable[[str, int], tuple[str, int]]] = json.decoder.scanstring  # type: ignore[attr-defined]


def _skip(text: str, at: int) -> int:
    """Where white space ends."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text


def _member(text: str, at: int, name: str) -> int:
    """Where the value of an object's member begins, in text that is JSON; LookupError without one."""
    if text[at] != "{":
        raise LookupError(name)
    at = _skip(text, at + 1)
    while text[at] == '"':
        found, at = _SCAN_STRING(text, at + 1)
        at = _skip(text, _skip(text, at) + 1)
        if found == name:
            return at
        at = _behind(text, at)
    raise LookupError(name)


def _element(text: str, at: int, index: int) -> int:
    """Where an element of a list begins."""
    if text[at] != "[":
        raise LookupError(index)
    at = _skip(text, at + 1)
    for _ in range(index):
        at = _behind(text, at)
    if text[at] == "]":
        raise LookupError(index)
    return at


def _behind(text: str, at: int) -> int:
    """Where the next member or element begins, or where the closing bracket stands."""
    _, end = _SCAN(text, at)
    end = _skip(text, end)
    return _skip(text, end + 1) if text[end] == "," else end


def end_of(text: str, begin: int) -> int:
    """Where the value that begins there ends; the end of the text where none does."""
    try:
        return _SCAN(text, begin)[1]
    except (StopIteration, ValueError, RecursionError):
        return len(text)


def element_lines(text: str, names: Sequence[str]) -> dict[Path, int]:
    """The line of each element of the lists of these names, by its path, in text that is JSON."""
    stream = JsonStream(str, text)
    return {
        (name, index) if name else (index,): line
        for name in stream.lists(names)
        for index, (_, _, line) in enumerate(stream.elements())
    }


class JsonStream:
    """A JSON text that comes in pieces, of which lists are read element by element.

    Raises SourceError where it is no JSON, is cut off, or holds a value of more than 16 MB.
    """

    def __init__(self, more: Callable[[], str], text: str = "") -> None:
        self._more = more
        self._text = text
        self._at = 0
        self._ended = False
        self._origin = (1, 1)
        self._counted = (0, 1)
        self.document = 0
        """How many documents there are before this one."""

    def lists(self, names: Sequence[str]) -> Iterator[str]:
        """The name of each member of the outermost object that is a list of one of these names.

        Whoever takes a name reads the list by `elements` before the next. "" stands for a document that is
        itself a list. Behind a document with such a list others may follow, which have one, too.
        """
        while True:
            found = False
            for name in self._lists(names):
                found = True
                yield name
            following = self._next()
            if self.document and not found:
                raise SourceError(f"line {self._line(self._at)}: what ends here has no list of items")
            if not following:
                return
            if not found or following not in ("{", "["):
                self._fail("Extra data")
            self.document += 1

    def _lists(self, names: Sequence[str]) -> Iterator[str]:
        """Those of one document."""
        if self._next() == "[":
            yield ""
            return
        self._expect("{")
        following = self._next()
        while following != "}":
            name, _ = self._value()
            self._expect(":")
            if self._next() == "[" and name in names:
                yield str(name)
            else:
                self._value()
            following = self._comma("}")
        self._at += 1

    def elements(self) -> Iterator[tuple[Any, str, int]]:
        """Every element of the list that begins here: its value, its text, its line."""
        self._expect("[")
        following = self._next()
        while following != "]":
            value, begin = self._value()
            yield value, self._text[begin : self._at], self._line(begin)
            following = self._comma("]")
        self._at += 1

    def _line(self, position: int) -> int:
        """The line of a position that is not before the last one that was asked for."""
        counted, line = self._counted
        if self._text.find("\n", counted, position) >= 0:  # many times faster than to count none
            line += self._text.count("\n", counted, position)
        self._counted = (position, line)
        return line

    def _value(self) -> tuple[Any, int]:
        """The value that begins here, behind white space, and where it does."""
        while True:
            try:
                value, end = _SCAN(self._text, self._at)
            except StopIteration as error:
                message, position = "Expecting value", int(error.value)
            except json.JSONDecodeError as error:
                message, position = error.msg, error.pos
            except RecursionError:
                raise SourceError(f"line {self._line(self._at)}: {_TOO_DEEP}") from None
            except ValueError:
                raise SourceError(_TOO_LONG) from None
            else:
                # Two characters may still belong to a number: 1 may become 1.5 or 1e-5.
                if end + 2 < len(self._text) or self._ended:
                    begin, self._at = self._at, end
                    return value, begin
                message, position = "", end
            near = len(self._text) - position < len("\\ud83d\\ude00") or message.startswith("Unterminated")
            if self._ended or not near:
                self._fail(message, position)
            self._fill()

    def _next(self) -> str:
        """The next character that is no white space; "" at the end."""
        blanks = 0
        while True:
            at = _skip(self._text, self._at)
            blanks += at - self._at
            self._at = at
            if at < len(self._text) or self._ended:
                return self._text[at : at + 1]
            if blanks > _LARGEST_ELEMENT:
                raise SourceError(f"line {self._line(at)}: it holds millions of blanks and nothing else")
            self._fill()

    def _fill(self) -> None:
        """Get more text, as much again as is kept; what was read is forgotten."""
        if len(self._text) - self._at > _LARGEST_ELEMENT:
            raise SourceError(
                f"line {self._line(self._at)}: one value has more than {_LARGEST_ELEMENT >> 20} MB, or its "
                "string, object or list does not end"
            )
        read = self._text[: self._at]
        line, column = self._origin
        newline = read.rfind("\n")
        column = len(read) - newline if newline >= 0 else column + len(read)
        self._origin, self._counted = (line + read.count("\n"), column), (0, line + read.count("\n"))
        pieces = [self._text[self._at :]]
        wanted = max(1, len(pieces[0]))
        while wanted > 0 and not self._ended:
            pieces.append(self._more())
            self._ended = not pieces[-1]
            wanted -= len(pieces[-1])
        self._text, self._at = "".join(pieces), 0

    def _expect(self, character: str) -> None:
        if self._next() != character:
            self._fail(f"Expecting '{character}' delimiter")
        self._at += 1

    def _comma(self, closing: str) -> str:
        """Go past the comma; return what follows: the closing bracket, where there is no comma."""
        following = self._next()
        if following == closing:
            return closing
        if following != ",":
            self._fail("Expecting ',' delimiter")
        self._at += 1
        following = self._next()
        if following == closing:
            self._fail(TRAILING_COMMA[closing])
        return following

    def _fail(self, message: str, position: int | None = None) -> NoReturn:
        place = self._at if position is None else position
        raise SourceError(_fault(message, self._text, place, *self._origin))
