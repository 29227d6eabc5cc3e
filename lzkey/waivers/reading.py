"""A waivers file, read and checked as a whole: YAML, of which JSON is a part.

As little of YAML as the file needs: no tags, no anchors, every member once. All faults are told at once, each
with its line.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypedDict

import yaml

from landing_zone_key import KeyDataError, Requirement
from landing_zone_key.key import KeyArn
from lzkey.errors import WaiversError
from lzkey.waivers.values import Waiver, Waivers, faulty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from lzkey import Json

#: Bytes at most of a file that people write.
LARGEST: Final = 1 << 20
#: A file, its list, a waiver, and one more, to say that it is none.
_DEEPEST: Final = 4
_SHOWN: Final = 80

_TEXT: Final = "tag:yaml.org,2002:str"
_INTEGER: Final = "tag:yaml.org,2002:int"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class WrittenWaiver(TypedDict):
    """That a key need not meet one requirement, up to a day; of a key and a requirement at most one."""

    key: Annotated[str, ("pattern", r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$")]
    """The key's ARN; no pattern, and no alias."""
    requirement: Annotated[str, Requirement]
    reason: Annotated[str, ("pattern", r"\S")]
    """Why it is not mended yet."""
    owner: Annotated[str, ("pattern", r"\S")]
    """Who answers for it."""
    expires: Annotated[str, ("format", "date"), ("pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    """The last day on which it counts, in UTC, such as 2027-03-31."""


class WaiversFile(TypedDict):
    """What `lzkey check --waivers` and `lzkey report --waivers` read."""

    version: Literal[1]
    waivers: list[WrittenWaiver]


def read_waivers(path: Path) -> Waivers:
    """Read a waivers file; raise WaiversError that names the file, and every fault with its line."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)  # and no more of what has no end
    except OSError as error:
        raise WaiversError(f"{path} cannot be read: {error.strerror}") from error
    _require_small(content, str(path))
    try:
        text = content.decode()  # with its line ends: an evidence pack keeps it as it is
    except UnicodeDecodeError as error:
        raise WaiversError(f"{path} is not UTF-8: byte {error.start} is the first that is wrong") from error
    return waivers_of(text, str(path))


def waivers_of(text: str, source: str) -> Waivers:
    """The waivers of a file's text; raise WaiversError as `read_waivers` does."""
    _require_small(text, source)
    file = _File(source)
    found = file.waivers(_composed(text, source))
    if file.faults:
        raise faulty(source, file.faults)
    return Waivers(source, text, found)


def _require_small(content: str | bytes, source: str) -> None:
    if len(content) > LARGEST:
        raise WaiversError(f"{source} has more than 1 MB, which nobody writes by hand")


def _composed(text: str, source: str) -> yaml.Node:
    """The document's node; what is no YAML, or more of it than the file needs, is refused."""
    try:
        if faults := [*_too_much(text, source)]:
            raise faulty(source, faults)
        root: yaml.Node | None = _LOADER(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise WaiversError(f"{where}: it is not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise WaiversError(f"{source}: it is not YAML: {' '.join(str(error).split())}") from None
    if root is None:
        raise WaiversError(f"{source} is empty: it must begin with `version: 1`")
    return root


def _too_much(text: str, source: str) -> Iterator[str]:
    """What YAML has and the file needs not, found before anything is made of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        where = f"{source}:{_line(event)}"
        if getattr(event, "anchor", None):
            yield f"{where}: anchors and aliases (& and *) are not read: write the value itself"
        if getattr(event, "tag", None):
            yield f"{where}: tags (!) are not read: write the value itself"
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            yield f"{where}: it is nested too deeply"
            return


class _File:
    """Reads the nodes of a file, and keeps its faults."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.faults: list[str] = []

    def waivers(self, root: yaml.Node) -> tuple[Waiver, ...]:
        """Those that are whole."""
        members = self._members(root, tuple(WaiversFile.__annotations__), "the file")
        version, listed = members.get("version"), members.get("waivers")
        if version is not None and (version.tag, version.value) != (_INTEGER, "1"):
            self._fault(version, f"version is {_shown(version)}, but must be 1")
        if listed is None:
            return ()
        if not isinstance(listed, yaml.SequenceNode):
            self._fault(listed, f"waivers is {_shown(listed)}, but must be a list")
            return ()
        found: dict[tuple[str, str], Waiver] = {}
        for node in listed.value:
            waiver = self._waiver(node)
            if waiver is None:
                continue
            first = found.setdefault((waiver.key, waiver.requirement), waiver)
            if first is not waiver:
                self._fault(
                    node,
                    f"{waiver.requirement} is waived for {waiver.key} twice, first in line {first.line}: "
                    "keep one",
                )
        return tuple(found.values())

    def _waiver(self, node: yaml.Node) -> Waiver | None:
        """A waiver; None where it has a fault."""
        before = len(self.faults)
        members = self._members(node, tuple(_READ), "a waiver")
        values = {name: self._value(name, value) for name, value in members.items()}
        return None if len(self.faults) > before else Waiver(**values, line=_line(node))

    def _members(self, node: yaml.Node, names: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
        """The members of a mapping that it must have; each other, and each that lacks, is a fault."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"{what} is {_shown(node)}, but must have the members {', '.join(names)}")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) and key.tag == _TEXT else None
            if name not in names:
                self._fault(key, f"{what} has no member {_shown(key)}: it has {', '.join(names)}")
            elif name in found:
                self._fault(key, f"{name} is there twice in {what}: keep one")
            else:
                found[name] = value
        if missing := [name for name in names if name not in found]:
            self._fault(node, f"{what} lacks {', '.join(missing)}")
        return found

    def _value(self, name: str, node: yaml.Node) -> Json:
        """A member's value; None where it is a fault."""
        read, right = _READ[name]
        try:
            return read(node)
        except (TypeError, ValueError, KeyDataError):
            self._fault(node, f"{name} is {_shown(node)}, but must be {right}")
            return None

    def _fault(self, node: yaml.Node, what: str) -> None:
        self.faults.append(f"{self._source}:{_line(node)}: {what}")


def _line(there: Json) -> int:
    """The line on which a node or an event of YAML begins."""
    return int(there.start_mark.line) + 1


def _shown(node: yaml.Node) -> str:
    """What somebody wrote, short, and with nothing in it that would drive a terminal."""
    if isinstance(node, yaml.ScalarNode):
        return json.dumps(node.value)[:_SHOWN] if node.value or node.style else "empty"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _text(node: yaml.Node) -> str:
    """Text on one line that says something."""
    if not isinstance(node, yaml.ScalarNode) or node.tag != _TEXT or not node.value.split():
        raise TypeError
    return " ".join(node.value.split())


def _arn(node: yaml.Node) -> str:
    return str(KeyArn.parse(_written(node)))


def _requirement(node: yaml.Node) -> str:
    return str(Requirement(_written(node)).value)


def _day(node: yaml.Node) -> date:
    """A date, in quotes or without them, which YAML takes for a time."""
    if not isinstance(node, yaml.ScalarNode) or not _DATE.fullmatch(node.value):
        raise TypeError
    return date.fromisoformat(node.value)


def _written(node: yaml.Node) -> str:
    """Text as it stands."""
    if not isinstance(node, yaml.ScalarNode) or node.tag != _TEXT:
        raise TypeError
    return str(node.value)


_SOMETHING: Final = "text that says something, in quotes where YAML would read another thing"

#: How each member of a waiver is read, and what it must be.
_READ: Final[Mapping[str, tuple[Callable[[yaml.Node], Any], str]]] = {
    "key": (_arn, "the ARN of one KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID)"),
    "requirement": (_requirement, f"one of {', '.join(each.value for each in Requirement)}"),
    "reason": (_text, _SOMETHING),
    "owner": (_text, _SOMETHING),
    "expires": (_day, "a date such as 2027-03-31, the last day on which the waiver counts"),
}
