"""One document of modest size: what it is, by its content, and the keys in it."""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.errors import SourceError
from lzkey.sources import cloudformation, documents, items, manifest, messages, pairs, terraform
from lzkey.sources.json_text import decoded, encoded_twice, read
from lzkey.sources.signs import shows_key
from lzkey.sources.source import Source, json_pointer, members, unread
from lzkey.sources.subject import UNTOLD, PassedOver, Place, Unread
from lzkey.sources.written import documents_in, yaml_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lzkey import Json
    from lzkey.sources.source import Reader
    from lzkey.sources.subject import Context, Environment, FoundKey

#: The order tells: a template may hold anything.
FORMATS: Final = (
    *cloudformation.FORMATS,
    *terraform.FORMATS,
    *items.FORMATS,
    *messages.FORMATS,
    *documents.FORMATS,
    *manifest.FORMATS,
)

_WORDS: Final = [words for words in dict.fromkeys(form.kind.words for form in reversed(FORMATS)) if words]
#: What a source may be, for people; the simplest first.
RECOGNISED: Final = f"{', '.join(_WORDS[:-1])}, or {_WORDS[-1]}"

#: The members that are lists of configuration items.
LISTS: Final = tuple(name for form in FORMATS for name in form.lists)

_BATCH: Final = "configservice batch-get-resource-config"
#: Members of answers that only list something, what that is, and what to give in their place.
_LISTINGS: Final = (
    (("Keys", "Aliases", "AliasName", "KeyArn"), "keys does not describe them", "kms describe-key"),
    (("PolicyNames",), "policies does not have them", "kms get-key-policy"),
    (("resourceIdentifiers", "ResourceIdentifiers"), "resources does not describe them", _BATCH),
    (("EvaluationResults",), "evaluations does not describe what was evaluated", _BATCH),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text, whole."""

    source: str
    text: str
    named: bool
    """Somebody asked for this very file; else it was found in a folder, and may be anything."""
    environment: Environment = UNTOLD
    """Where it is deployed, if it is a template."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """The files that it names as templates of stacks, by their paths."""

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Recognise the document, and read its keys."""
        try:
            yield from self._keys(context)
        except SourceError as error:
            yield self._unreadable(str(error))
        except RecursionError:
            yield self._unreadable("it is nested too deeply")

    def parts(self) -> list[tuple[Source, Any]]:
        """Its values, more than one where several documents are written into one file; raise SourceError."""
        found = documents_in(Source(self.source, self.text, None, self.environment, beside=self.beside))
        if found:
            return [_template_body(*part) for part in found]
        if not self.text.strip():
            raise SourceError("it is empty")
        raise SourceError(f"it is neither JSON nor a CloudFormation template; lzkey reads {RECOGNISED}")

    def _keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        parts = self.parts()
        source, document = parts[0]
        reader = reader_of(document, named=self.named)
        if len(parts) > 1:
            entries = side_by_side(parts, context)
        elif reader is not None:
            entries = reader(source, document, context)
        else:
            entries = iter([PassedOver(source.place(None))])
        for entry in entries:
            not_understood = isinstance(entry, PassedOver) and entry.place.kind is None
            yield self._not_recognised(source, document) if not_understood else entry

    def _not_recognised(self, source: Source, document: object) -> Unread | PassedOver:
        if self._is_missed:
            return unread(
                source, f"{self.source} is not recognised{_hint(document)}; lzkey reads {RECOGNISED}"
            )
        return PassedOver(source.place(None), "it is not recognised, and shows no KMS key")

    def _unreadable(self, why: str) -> Unread | PassedOver:
        if self._is_missed:
            return Unread(Place(self.source), f"{self.source} cannot be read: {why}")
        return PassedOver(Place(self.source), f"it shows no KMS key, and cannot be read: {why}")

    @property
    def _is_missed(self) -> bool:
        """Whether somebody wants to know of it where it cannot be read."""
        return self.named or shows_key(self.source, self.text)


def _template_body(source: Source, document: Json) -> tuple[Source, Json]:
    """The template of GetTemplate's answer: an object where it is JSON, text where it is YAML.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
    """
    if not isinstance(document, dict) or "TemplateBody" not in document:
        return source, document
    body = document["TemplateBody"]
    if not isinstance(body, str):
        return replace(source, line=lambda path: source.line_of(("TemplateBody", *path))), body
    is_json = body.lstrip().startswith("{")
    try:
        template = read(body) if is_json else yaml_document(replace(source, text=body))[1]
    except SourceError as error:
        raise SourceError(f"in its TemplateBody, {error}") from None
    return replace(source, line=lambda _path: None), template


def reader_of(document: object, *, named: bool) -> Reader | None:
    """What reads a document of this kind; None where nothing does."""
    if isinstance(document, str):
        inner = decoded(decoded(document)) if encoded_twice(document) else decoded(document)
        is_policy = isinstance(inner, dict) and documents.is_key_policy(inner, named=named)
        return documents.policy_keys if is_policy else None
    if isinstance(document, list):
        return _each if any(isinstance(value, dict | list | str) for value in document) else None
    if not isinstance(document, dict):
        return None
    return next((form.keys for form in FORMATS if form.fits(document, named)), None)


def _each(
    source: Source, document: list[object], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """A list: of items, of rows of a query, of messages, of answers of the AWS CLI."""
    return side_by_side(list(source.parts(document)), context)


def side_by_side(
    parts: Sequence[tuple[Source, Any]], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Several documents: the answers of AWS KMS among them together, anything else by itself."""
    answers: list[tuple[Source, Any]] = []
    others: list[tuple[Source, Any]] = []
    for source, value in parts:
        entry = decoded(value)
        is_answer = isinstance(entry, dict) and pairs.is_answer(entry)
        (answers if is_answer else others).append((source, entry))
    over: PassedOver | None = None
    nothing = True
    for found in (*pairs.answered(answers, context), *_by_themselves(others, context)):
        if isinstance(found, PassedOver):
            over = over or found
        else:
            nothing = False
            yield found
    if nothing:
        yield over or PassedOver(parts[0][0].place(None))


def _by_themselves(
    parts: Sequence[tuple[Source, Any]], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    for source, document in parts:
        reader = reader_of(document, named=False)
        if reader is not None:
            yield from reader(source, document, context)
        elif shows_key(source.name, json.dumps(document, default=repr)):
            here = f"{source.name}{json_pointer(source.path)}"
            yield unread(source, f"{here} is not recognised{_hint(document)}; lzkey reads {RECOGNISED}")


def _hint(document: object) -> str:
    """What to do with documents that are nearly the right ones."""
    if members(document, "terraform_version") and isinstance(members(document, "resources"), list):
        return " (it is Terraform's own state file: give the output of `terraform show -json`)"
    row = document[0] if isinstance(document, list) and document else document
    for names, lacks, command in _LISTINGS:
        if any(members(row, name) is not None for name in names):
            return f" (a list of {lacks}: give the output of `aws {command}`)"
    return ""
