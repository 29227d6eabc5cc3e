"""Terraform's own language, which is not read: which keys a file declares, so that none of them is missed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lzkey.errors import SourceError
from lzkey.sources.json_text import line_of, read
from lzkey.sources.source import members
from lzkey.sources.subject import Declared, PassedOver, Place, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lzkey.sources.subject import Unit

_SUFFIXES: Final = (".tf", ".tofu")
_KEY: Final = r"(?:aws_kms_(?:replica_|external_|replica_external_)?key|awscc_kms_(?:replica_)?key)"
_BLOCK: Final = re.compile(rf'^[ \t]*resource\s+"?({_KEY})"?\s+"?([\w-]+)"?\s*\{{', re.MULTILINE)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_ADDRESS: Final = re.compile(rf"(?:^|\.)({_KEY}\.[\w-]+)")
_GIVE: Final = "Terraform's sources are not read: give what `terraform show -json PLAN` prints"


def is_terraform_source(name: str) -> bool:
    """Tell whether a file is one of Terraform's, or OpenTofu's, by its name, as these do."""
    return name.removesuffix(".json").endswith(_SUFFIXES)


def declared(name: str, text: str, *, named: bool) -> Iterator[Declared | Unread | PassedOver]:
    """The keys that a file declares; one that was asked for, and declares none, is not read either."""
    found = list(_of_json(text) if name.endswith(".json") else _of_language(text))
    for address, line in found:
        told = f"{name} declares {address}. {_GIVE}, for that key"
        yield Declared(Place(name, pointer=address, line=line), address, told)
    if not found and named:
        yield Unread(Place(name), f"{name} cannot be read. {_GIVE}")
    elif not found:
        yield PassedOver(Place(name), "it is one of Terraform's sources, and declares no KMS key")


class Declarations:
    """Keys that were declared, until it is known which of them a plan or a state has."""

    def __init__(self) -> None:
        self._declared: list[Declared] = []
        self._found: dict[str, str] = {}

    def taken_from(
        self, entries: Iterable[Unit | Unread | PassedOver | Declared]
    ) -> Iterator[Unit | Unread | PassedOver]:
        """All others, as they come."""
        for entry in entries:
            if isinstance(entry, Declared):
                self._declared.append(entry)
            else:
                yield entry

    def see(self, entry: object) -> None:
        """Note a key that was found, judged or not, by its address."""
        if address := _ADDRESS.search(getattr(entry, "name", "")):
            self._found.setdefault(address[1], entry.place.source)  # type: ignore[attr-defined]

    def settled(self) -> Iterator[Unread | PassedOver]:
        """What became of each."""
        for each in self._declared:
            plan = self._found.get(each.address)
            if plan is None:
                yield Unread(each.place, each.message)
            else:
                yield PassedOver(each.place, f"it declares {each.address}, which {plan} has")


def _of_language(text: str) -> Iterator[tuple[str, int]]:
    """Blocks, those in comments of a line or of several left out."""
    kept = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    for block in _BLOCK.finditer(kept):
        begins = block.start(1)
        yield f"{block[1]}.{block[2]}", kept.count("\n", 0, begins) + 1


def _of_json(text: str) -> Iterator[tuple[str, int | None]]:
    """Members of `resource`: objects, or lists of them.

    https://developer.hashicorp.com/terraform/language/syntax/json
    """
    try:
        document = read(text)
    except SourceError:
        return
    for resources in _each(members(document, "resource")):
        for kind, named in resources.items():
            if re.fullmatch(_KEY, kind):
                for blocks in _each(named):
                    for name in blocks:
                        yield f"{kind}.{name}", line_of(text, ("resource", kind, name))


def _each(value: object) -> Iterable[dict[str, object]]:
    """An object, or those of a list."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, dict)]
