"""The documents that a text holds: a template, JSON, one or several, and what the AWS CLI prints.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lzkey.errors import SourceError
from lzkey.sources.json_text import end_of, read
from lzkey.sources.template_text import is_yaml_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.source import Source

_JSON_BEGINS: Final = ("{", "[", '"')
_SPACE: Final = re.compile(r"[ \t\r\n]*")
#: What `--output text` prints behind the policy of GetKeyPolicy's answer.
_POLICY_NAME: Final = re.compile(r"\t(\w{1,128})[ \t]*\r?(?:\n|\Z)", re.ASCII)

#: Members of what AWS KMS, AWS Config and AWS Control Tower answer, at the top or in the elements of a list.
_ANSWER: Final = re.compile(
    r"""
    ^(?:-\ |\ \ )?["']?
    (?: KeyMetadata | AWSAccountId | KeyManager | Policy | PolicyName
      | [bB]aseConfigurationItems | [cC]onfigurationItems? | Results
      | supplementaryConfiguration | landingZone )
    ["']?:(?:\s|\Z)
    """,
    re.VERBOSE | re.MULTILINE,
)
_DASHES: Final = re.compile(r"^---[ \t]*\r?\n", re.MULTILINE)
#: More than comments.
_CONTENT: Final = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)
#: A policy as YAML writes text.
_QUOTED: Final = re.compile(r"""\s*(?:"\{|'\s*\{|[|>][-+]?\s*\n\s*\{)""")

#: The same answers as rows of text, or in a frame.
_NOT_JSON: Final = re.compile(
    r"""
    ^(?: (?:KEYMETADATA\t)? (?:\d{12}|None) \tarn:aws[a-z-]*:kms:
       | (?:BASE)?CONFIGURATIONITEMS?\t
       | [|+][ \t]*\b(?:DescribeKey|GetKeyPolicy|(?:BatchGet|Get)(?:Aggregate)?ResourceConfig(?:History)?)\b )
    """,
    re.VERBOSE | re.MULTILINE,
)


def documents_in(source: Source) -> list[tuple[Source, Any]]:
    """Each with what is its source, empty where there is none; raise SourceError for what is none whole."""
    text = source.text
    if is_yaml_template(text):
        return [yaml_document(source)]
    if text.lstrip().startswith(_JSON_BEGINS):
        return _json(source)
    if _ANSWER.search(text) or _QUOTED.match(text):
        return list(_yaml(source))
    if _NOT_JSON.search(text):
        raise SourceError(
            "it is what the AWS CLI prints as text or as a table: give what `--output json` prints"
        )
    return []


def _json(source: Source) -> list[tuple[Source, Any]]:
    try:
        return [(source, read(source.text))]
    except SourceError:
        found = list(_several(source))
        if found:
            return found
        if _QUOTED.match(source.text):
            return list(_yaml(source))
        raise


def _several(source: Source) -> Iterator[tuple[Source, Any]]:
    """The documents of a text that is not one alone; none where something else stands behind them.

    `>>` puts one answer behind the other, and JSON lines are rows.
    """
    text, found = source.text, []
    at = _behind_space(text, 0)
    while text.startswith(_JSON_BEGINS, at):
        end = end_of(text, at)
        name = _POLICY_NAME.match(text, end)
        found.append((at, end, name))
        at = _behind_space(text, name.end() if name else end)
    if at < len(text) or (len(found) == 1 and not found[0][2]):
        return
    line, counted = source.begins, 0
    for index, (begin, end, name) in enumerate(found):
        line, counted = line + text.count("\n", counted, begin), begin
        path = (*source.path, index) if len(found) > 1 else source.path
        part = replace(source, text=text[begin:end], begins=line, path=path)
        document = read(part.text, line, begin - text.rfind("\n", 0, begin))
        yield _named(part, document, name[1]) if name else (part, document)


def _behind_space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text


def _named(source: Source, policy: Json, name: str) -> tuple[Source, Any]:
    """The answer of GetKeyPolicy of which the policy is the text."""
    return replace(source, line=lambda path: source.line_of(path[1:])), {"Policy": policy, "PolicyName": name}


def _yaml(source: Source) -> Iterator[tuple[Source, Any]]:
    """The documents of a text in YAML, which lines of three dashes part."""
    text, begin, found = source.text, 0, []
    for dashes in (*_DASHES.finditer(text), None):
        end = dashes.start() if dashes else len(text)
        if _CONTENT.search(text, begin, end):
            found.append("\n" * text.count("\n", 0, begin) + text[begin:end])
        begin = dashes.end() if dashes else end
    for index, document in enumerate(found):
        path = (*source.path, index) if len(found) > 1 else source.path
        yield yaml_document(replace(source, text=document, path=path))


def yaml_document(source: Source) -> tuple[Source, Any]:
    """The document of a text in YAML, with what finds its lines."""
    from lzkey.sources.yaml_text import read_yaml  # noqa: PLC0415 - a sixth of a start

    document, line = read_yaml(source.text)
    return replace(source, line=line), document
