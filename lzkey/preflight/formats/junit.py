"""JUnit XML, an item a test case: a blocker fails, what is not known is an error, a warning is output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.check.formats.junit import ENDED, ascii_text, attribute, begun, element, output
from lzkey.preflight.model import Level
from lzkey.preflight.wording import HEADINGS

if TYPE_CHECKING:
    from lzkey.preflight.model import Item, Preflight

_ELEMENTS: Final = {Level.BLOCKER: "failure", Level.NOT_KNOWN: "error"}


def render(preflight: Preflight) -> str:
    """The suite, with its counts."""
    counts = {
        "tests": len(preflight.items),
        "failures": preflight.count(Level.BLOCKER),
        "errors": preflight.count(Level.NOT_KNOWN),
        "skipped": 0,
    }
    return begun("lzkey preflight", counts) + "".join(map(_case, preflight.items)) + ENDED


def _case(item: Item) -> str:
    name = f"{item.what} ({item.about})" if item.about else item.what
    text = "\n".join(filter(None, (item.detail, item.fix and f"fix: {item.fix}", item.source)))
    if item.level in _ELEMENTS:
        result = element(_ELEMENTS[item.level], item.level.value, item.detail, text)
    else:
        result = output(text) if item.level is Level.WARNING else ""
    classname = attribute(HEADINGS[item.part])
    return ascii_text(f"  <testcase classname={classname} name={attribute(name)}>{result}</testcase>\n")
