"""Templates that another document makes stacks of: written into it, or in a file beside it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path as File
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.errors import SourceError
from lzkey.sources.source import members
from lzkey.sources.subject import PassedOver, Unread
from lzkey.sources.unknown import Unknown
from lzkey.sources.written import documents_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.json_text import Path
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, Environment, Kind, Place

#: A template has at most 1 MB.
_LARGEST: Final = 1 << 20
#: Files that are looked for beside one template, and below those.
_MOST_FILES: Final = 200
#: A template's file as a template names it, and as the CDK tells of it.
_NAMED: Final = re.compile(
    r"""\b(?:TemplateURL|Location|aws:asset:path)["']?[ \t]*:\s*["']?"""
    r"""([^\s"',{}$!:]+\.[\w.]+)(?=["',}\s]|\Z)"""
)
#: YAML's literal text: each line of it is one of the file.
_LITERAL: Final = re.compile(r"\|[-+0-9]*[ \t]*(?:#.*)?\r?$")
_MENTIONS_KMS: Final = re.compile("kms", re.IGNORECASE)
#: What a parameter may be.
_PLAIN: Final = (str, int, float, list)
_CHECK: Final = "check that template, too"


@dataclass(frozen=True, slots=True)
class Stack:
    """What makes stacks of a template."""

    name: str
    """Its logical id, or its address."""
    source: Source
    """The document that it stands in."""
    kind: Kind
    """Of that document."""
    path: Path
    """Where it stands there."""
    body: Json
    """The template as text or as an object; `Unknown`, or anything else where there is none."""
    body_path: Path
    url: Json
    """Where the template is; a path from the document's own on, or anything else."""
    written: Json
    """How all that is written."""
    parameters: Json
    """What it gives to the template, by name; `Unknown` for what is not known."""
    environment: Environment

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.source.place(self.kind, self.path, self.name)

    def template(self) -> tuple[Source, Json] | Unread | PassedOver:
        """The template with its source, or why there is none to read."""
        if isinstance(self.body, str):
            return self._of_text(self.body)
        if isinstance(self.body, dict):
            source, where = self.source, self.body_path
            inner = replace(source, line=lambda path: source.line_of((*where, *path)))
            return replace(inner, environment=self.environment), self.body
        if isinstance(self.body, Unknown):
            return self.unread("its template is known only when it is deployed")
        if isinstance(self.url, str) and "://" not in self.url:
            return self._of_file(normpath(join(dirname(self.source.name), self.url)))
        shown = self.url[:120] if isinstance(self.url, str) else "known only when it is deployed"
        return self.unread(f"the place of its template is {shown}")

    def context(self, context: Context, template: Json) -> Context:
        """The same with the parameters that the template gets; what is not known is not its default."""
        parameters, declared = self.parameters, members(template, "Parameters")
        if isinstance(parameters, Unknown):
            parameters = dict.fromkeys(declared if isinstance(declared, dict) else (), parameters)
        given = parameters if isinstance(parameters, dict) else {}
        known = {name: _text(value) for name, value in given.items() if isinstance(value, _PLAIN)}
        not_known = {name: Unknown() for name in given if name not in known}
        told: dict[str, Any] = {**not_known, **(context.parameters or {}), **known}
        return replace(context, parameters=told)

    def _of_text(self, body: str) -> tuple[Source, Json] | Unread | PassedOver:
        first = self.source.line_of(self.body_path)
        literal = first is not None and _is_literal(self.source.text, first)
        source = replace(self.source, text=body, line=None, begins=1, environment=self.environment)
        try:
            found = documents_in(source)
        except SourceError as error:
            return self.unread(f"its template cannot be read: {error}", body)
        if len(found) != 1:
            return self.unread("its template is neither JSON nor YAML", body)
        ((inner, document),) = found

        def line(path: Path) -> int | None:
            if first is None or not literal:
                return first
            below = inner.line_of(path)
            return None if below is None else first + below

        return replace(inner, text=self.source.text, line=line), document

    def _of_file(self, file: str) -> tuple[Source, Json] | Unread | PassedOver:
        text = self.source.beside.get(file)
        if text is None:
            return Unread(
                self.place, f"{self.name}: its template is {file}, which cannot be read: give {file}, too"
            )
        source = replace(self.source, name=file, text=text, line=None, begins=1, path=())
        try:
            found = documents_in(replace(source, environment=self.environment))
        except SourceError as error:
            return Unread(self.place, f"{self.name}: its template, {file}, cannot be read: {error}")
        if len(found) != 1:
            return Unread(self.place, f"{self.name}: its template, {file}, is neither JSON nor YAML")
        return found[0]

    def unread(self, why: str, *written: str) -> Unread | PassedOver:
        """Nothing can be said of it; that is missed where something of it speaks of KMS."""
        if _MENTIONS_KMS.search(
            " ".join([self.name, *(written or [json.dumps(self.written, default=repr)])])
        ):
            return Unread(self.place, f"{self.name}: {why}; {_CHECK}")
        return PassedOver(self.place, f"it is a stack that does not mention KMS, and {why}")


def _is_literal(text: str, line: int) -> bool:
    """Whether literal text begins behind a line of YAML."""
    lines = text.split("\n", line)
    return len(lines) >= line and _LITERAL.search(lines[line - 1]) is not None


def _text(value: Json) -> str:
    """A parameter's value as text; a list is one of commas."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def beside(name: str, text: str) -> dict[str, str]:
    """The files that a template names by a path as templates of stacks, and those that these name."""
    found: dict[str, str] = {}
    waiting = list(_names(name, text))
    while waiting and len(found) < _MOST_FILES:
        file = waiting.pop(0)
        if file not in found and (read := _read(file)) is not None:
            found[file] = read
            waiting += _names(file, read)
    return found


def _names(name: str, text: str) -> Iterator[str]:
    if len(text) <= _LARGEST:
        yield from (normpath(join(dirname(name), each)) for each in dict.fromkeys(_NAMED.findall(text)))


def _read(file: str) -> str | None:
    try:
        path = File(file)
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return None
