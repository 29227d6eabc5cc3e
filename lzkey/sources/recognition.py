"""One document of modest size: what it is, by its content, and the keys in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lzkey.errors import SourceError
from lzkey.sources import cloudformation, documents, items, manifest, terraform
from lzkey.sources.json_text import decoded, element_lines, line_of, read
from lzkey.sources.signs import shows_key
from lzkey.sources.source import Source, members, unread
from lzkey.sources.subject import UNTOLD, PassedOver, Place, Unread
from lzkey.sources.template_text import is_yaml_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.sources.json_text import Path
    from lzkey.sources.source import Reader
    from lzkey.sources.subject import Context, Environment, FoundKey

#: The order tells: a template may hold anything.
FORMATS: Final = (
    *cloudformation.FORMATS,
    *terraform.FORMATS,
    *items.FORMATS,
    *documents.FORMATS,
    *manifest.FORMATS,
)

_WORDS: Final = [words for words in dict.fromkeys(form.kind.words for form in reversed(FORMATS)) if words]
#: What a source may be, for people; the simplest first.
RECOGNISED: Final = f"{', '.join(_WORDS[:-1])}, or {_WORDS[-1]}"

#: The members that are lists of configuration items.
LISTS: Final = tuple(name for form in FORMATS for name in form.lists)

_JSON_BEGINS: Final = tuple('{["')


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text, whole."""

    source: str
    text: str
    named: bool
    """Somebody asked for this very file; else it was found in a folder, and may be anything."""
    environment: Environment = UNTOLD
    """Where it is deployed, if it is a template."""

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Recognise the document, and read its keys."""
        try:
            yield from self._keys(context)
        except SourceError as error:
            yield self._unreadable(str(error))
        except RecursionError:
            yield self._unreadable("it is nested too deeply")

    def parsed(self) -> tuple[Source, Any]:
        """Its value, and where that stands; raise SourceError."""
        document: Any
        if is_yaml_template(self.text):
            document, line = _yaml(self.text)
            source = Source(self.source, self.text, line, self.environment)
        elif self.text.lstrip().startswith(_JSON_BEGINS):
            source, document = Source(self.source, self.text, None, self.environment), read(self.text)
        elif not self.text.strip():
            raise SourceError("it is empty")
        else:
            raise SourceError(f"it is neither JSON nor a CloudFormation template; lzkey reads {RECOGNISED}")
        if isinstance(document, dict) and "TemplateBody" in document:
            source, document = _template_body(source, document["TemplateBody"])
        return source, document

    def _keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        source, document = self.parsed()
        for entry in self._of(source, document, context):
            not_understood = isinstance(entry, PassedOver) and entry.place.kind is None
            yield self._not_recognised(source, document) if not_understood else entry

    def _of(
        self, source: Source, document: object, context: Context
    ) -> Iterator[FoundKey | Unread | PassedOver]:
        reader = reader_of(document, named=self.named)
        if reader is not None:
            yield from reader(source, document, context)
        else:
            yield self._not_recognised(source, document)

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


def _yaml(text: str) -> tuple[Any, Callable[[Path], int | None]]:
    from lzkey.sources.yaml_text import read_yaml  # noqa: PLC0415 - a sixth of a start

    return read_yaml(text)


def _template_body(source: Source, body: object) -> tuple[Source, object]:
    """The template of GetTemplate's answer: an object where it is JSON, text where it is YAML.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
    """
    if not isinstance(body, str):
        return replace(source, line=lambda path: line_of(source.text, ("TemplateBody", *path))), body
    document = read(body) if body.lstrip().startswith("{") else _yaml(body)[0]
    return replace(source, line=lambda _path: None), document


def reader_of(document: object, *, named: bool) -> Reader | None:
    """What reads a document of this kind; None where nothing does."""
    if isinstance(document, str):
        inner = decoded(document)
        is_policy = isinstance(inner, dict) and documents.is_key_policy(inner, named=named)
        return documents.policy_keys if is_policy else None
    if isinstance(document, list):
        return _each if any(isinstance(value, dict | str) for value in document) else None
    if not isinstance(document, dict):
        return None
    return next((form.keys for form in FORMATS if form.fits(document, named)), None)


def _each(
    source: Source, document: list[object], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """A list: of items, of rows of a query, or of answers of `aws kms describe-key`."""
    nothing, lines = True, element_lines(source.text, ())
    for index, value in enumerate(document):
        entry = decoded(value)
        if isinstance(entry, dict) and "KeyMetadata" in entry:
            nothing = False
            yield documents.described(
                entry, Place(source.name, documents.DESCRIBE_KEY, f"/{index}", lines[index,]), context
            )
        elif isinstance(entry, dict) and items.is_item(entry) and items.is_of_a_key(entry):
            nothing = False
            yield items.item_key(entry, Place(source.name, items.KIND, f"/{index}", lines[index,]), context)
    if nothing:
        yield PassedOver(source.place(None))


def _hint(document: object) -> str:
    """What to do with documents that are nearly the right ones."""
    if members(document, "terraform_version") and isinstance(members(document, "resources"), list):
        return " (it is Terraform's own state file: give the output of `terraform show -json`)"
    if members(document, "Keys") is not None or members(document, "Aliases") is not None:
        return " (a list of keys does not describe them: give the output of `aws kms describe-key`)"
    return ""
