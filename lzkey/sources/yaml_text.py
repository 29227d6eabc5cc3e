"""CloudFormation's YAML as plain values: dates are text, `!Ref x` is `{"Ref": "x"}`, with lines kept.

What a template cannot be is refused quickly: other tags' objects are never made, aliases that expand without
end or measure, members that stand twice.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from lzkey.errors import SourceError
from lzkey.sources.numbers import NUMBER, refused_name, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey import Json
    from lzkey.sources.json_text import Path

#: A template has at most 1 MB; in it there is no room for more values, but through aliases.
_MOST_VALUES: Final = 200_000
_LARGEST: Final = 1 << 20
_MERGE: Final = "tag:yaml.org,2002:merge"
_NULL: Final = "tag:yaml.org,2002:null"
_BOOLEAN: Final = "tag:yaml.org,2002:bool"
_TRUE: Final = ("yes", "true", "on")
_INTEGER: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # one of two, whichever is there
    """Composes nodes; constructs nothing."""


# PyYAML knows fewer numbers than CloudFormation: what it takes for one stays one.
_Loader.add_implicit_resolver(_FLOAT, re.compile(rf"(?:{NUMBER.pattern})\Z", re.VERBOSE), "-+.0123456789")


def read_yaml(text: str) -> tuple[Any, Callable[[Path], int | None]]:
    """The document, and what finds the line of a value; raise SourceError with line and column."""
    if len(text) > _LARGEST:
        raise SourceError("it has more than 1 MB, which a CloudFormation template cannot have")
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark or error.context_mark, error.problem or error.context
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SourceError(f"{where}it is not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        raise SourceError(f"it is not YAML: character {error.position} is one that YAML has not") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SourceError(f"it is not YAML: {error}") from None
    except RecursionError:
        raise SourceError("it is nested too deeply") from None
    if root is None:
        raise SourceError("it is empty")
    _require_bounded(root)
    return _Values().of(root), lambda path: _line(root, path)


def _require_bounded(root: yaml.Node) -> None:
    """Raise SourceError where aliases lead back to themselves, or expand to more than a template holds."""
    sizes: dict[int, int | None] = {}

    def size(node: yaml.Node) -> int:
        identity = id(node)
        known = sizes.get(identity, 0)
        if known is None:
            raise SourceError(f"line {_begins(node)}: an alias stands inside of what it stands for")
        if not known:
            sizes[identity] = None
            known = sizes[identity] = 1 + sum(map(size, _children(node)))
            if known > _MOST_VALUES:
                raise SourceError(
                    f"line {_begins(node)}: aliases expand to more than {_MOST_VALUES} values, which no "
                    "template holds"
                )
        return known

    size(root)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value


class _Values:
    """The values of nodes; what an alias stands for is made once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def of(self, node: yaml.Node) -> Json:
        """The node's value, in the full form of an intrinsic function where it has a tag."""
        if id(node) not in self._made:
            value = self._untagged(node)
            self._made[id(node)] = _call(node, value) if _is_call(node) else value
        return self._made[id(node)]

    def _untagged(self, node: yaml.Node) -> Json:
        if isinstance(node, yaml.SequenceNode):
            return [self.of(child) for child in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if node.tag == _NULL:
            return None
        if node.tag == _BOOLEAN:
            return str(node.value.lower() in _TRUE).lower()
        if node.tag in (_INTEGER, _FLOAT):
            return value_of(node.value, _begins(node))
        return str(node.value)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        members: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for other in self._merged(value):
                    merged = {**other, **merged}
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise SourceError(f"line {_begins(key)}: a member's name is text, and this is none")
            name = str(key.value)
            if name in members:
                raise SourceError(f'line {_begins(key)}: "{name[:80]}" stands twice in one mapping; keep one')
            is_number = key.tag in (_INTEGER, _FLOAT)
            members[name] = refused_name(name, _begins(key)) if is_number else self.of(value)
        return {**merged, **members} if merged else members

    def _merged(self, node: yaml.Node) -> Iterator[dict[str, Any]]:
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.of(each)
            if not isinstance(value, dict):
                raise SourceError(f"line {_begins(each)}: << takes a mapping, or a list of them")
            yield value


def _is_call(node: yaml.Node) -> bool:
    return str(node.tag).startswith("!") and node.tag != "!"


def _call(node: yaml.Node, value: Json) -> dict[str, Any]:
    name = _function(node)
    if name == "Fn::GetAtt" and isinstance(value, str):
        resource, _, attribute = value.partition(".")
        value = [resource, attribute]
    return {name: value}


def _function(node: yaml.Node) -> str:
    name = str(node.tag)[1:]
    return name if name in ("Ref", "Condition") else f"Fn::{name}"


def _line(node: yaml.Node, path: Path) -> int | None:
    """The line of a member's name or of an element; None where the path cannot be followed (`<<`)."""
    marked = node
    for step in path:
        if _is_call(node) and step == _function(node):
            continue
        found: tuple[yaml.Node, yaml.Node] | None = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step], node.value[step]
        if found is None:
            return None
        marked, node = found
    return _begins(marked)


def _begins(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
