"""A long JSON text, read piece by piece: the elements of its lists, in the memory that one of them takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from landing_zone_key.policy.strict_json import TRAILING_COMMA
from lzkey.errors import SourceError
from lzkey.sources.json_text import SCAN, TOO_DEEP, fault, skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lzkey.sources.json_text import Path

# More than AWS Config delivers of one resource, and than white space needs.
_LARGEST_ELEMENT: Final = 16 << 20


def element_lines(text: str, names: Sequence[str]) -> dict[Path, int]:
    """Return the line of each element of the lists of these names, by its path, in text that is JSON."""
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

    def lists(self, names: Sequence[str]) -> Iterator[str]:
        """Yield the name of each member of the outermost object that is a list of one of these names.

        Whoever takes a name reads the list by `elements` before the next. "" stands for a document that is
        itself a list.
        """
        if self._next() == "[":
            yield ""
        else:
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
        if self._next():
            self._fail("Extra data")

    def elements(self) -> Iterator[tuple[Any, str, int]]:
        """Yield every element of the list that begins here: its value, its text, its line."""
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
                value, end = SCAN(self._text, self._at)
            except StopIteration as error:
                message, position = "Expecting value", int(error.value)
            except json.JSONDecodeError as error:
                message, position = error.msg, error.pos
            except RecursionError:
                raise SourceError(f"line {self._line(self._at)}: {TOO_DEEP}") from None
            except ValueError:
                raise SourceError("it holds a number of thousands of digits") from None
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
            at = skip(self._text, self._at)
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
        raise SourceError(fault(message, self._text, place, *self._origin))
