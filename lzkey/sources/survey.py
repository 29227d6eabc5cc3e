"""A look at sources before keys are read: for the landing zone's manifest, and for templates' parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lzkey.aws.address import is_address
from lzkey.errors import SourceError
from lzkey.sources.characters import Characters
from lzkey.sources.cloud_assembly import Assemblies
from lzkey.sources.cloudformation import is_template
from lzkey.sources.manifest import MENTIONED, Manifest, manifests, manifests_of_template
from lzkey.sources.recognition import Document
from lzkey.sources.source import members
from lzkey.sources.subject import Place, Unread
from lzkey.sources.walk import documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lzkey import Json
    from lzkey.sources.input import Input
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context

#: Without it a text is no template that has some.
_PARAMETERS: Final = re.compile(r"\bParameters\b")


@dataclass(slots=True)
class Survey:
    """What was seen."""

    manifests: list[Manifest] = field(default_factory=list)
    faults: list[Unread] = field(default_factory=list)
    """Manifests that give no settings."""
    parameters: dict[str, None] = field(default_factory=dict)
    """The names of templates' parameters, each once."""
    is_whole: bool = True
    """Whether no template may have others."""
    _templates: list[tuple[Source, dict[str, Any]]] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether a template may have a manifest, when it is known where it is deployed."""
        return bool(self._templates)

    def see(self, document: Document) -> None:
        """Look at one document; what cannot be read of it is told where its keys are read."""
        try:
            parts = document.parts()
        except (SourceError, RecursionError):
            self.is_whole = False
            return
        for source, value in parts:
            self._see_parameters(value)
            if MENTIONED.search(document.text):
                self._take(source, manifests(source, value, named=document.named))
                if isinstance(value, dict) and is_template(value):
                    self._templates.append((source, value))

    def place(self, context: Context) -> None:
        """Read the manifests of templates, as it is known where these are deployed."""
        for source, document in self._templates:
            self._take(source, manifests_of_template(source, document, context))
        self._templates.clear()

    def _take(self, source: Source, found: Iterator[Manifest | Unread]) -> None:
        try:
            for each in found:
                if isinstance(each, Unread):
                    self.faults.append(each)
                else:
                    self.manifests.append(each)
        except RecursionError:
            why = f"{source.name}: the landing zone's manifest gives no settings: it is nested too deeply"
            self.faults.append(Unread(Place(source.name), why))

    def _see_parameters(self, value: Json) -> None:
        """Take the parameters of a template, and of those inside of it; one that is text may have any."""
        waiting = [value]
        while waiting:
            each = waiting.pop()
            if isinstance(each, dict):
                declared = members(each, "Parameters") if isinstance(each.get("Resources"), dict) else None
                self.parameters.update(dict.fromkeys(declared if isinstance(declared, dict) else ()))
                waiting += each.values()
            elif isinstance(each, list):
                waiting += each
            elif isinstance(each, str) and "Resources" in each and _PARAMETERS.search(each):
                self.is_whole = False


def look_at(file: str) -> Survey:
    """Look at one file, which must be readable; raises SourceError."""
    try:
        with Path(file).open("rb") as raw:
            text = "".join(iter(Characters(raw).read, ""))
    except OSError as error:
        raise SourceError(error.strerror) from error
    document = Document(file, text, named=True, environment=Assemblies().environment(file))
    document.parts()
    seen = Survey()
    seen.see(document)
    return seen


def look(sources: Sequence[str], stdin: Input, *, ignore: Sequence[str], parameters: bool) -> Survey:
    """Look at sources, for the parameters of templates only where these are asked for.

    Objects of Amazon S3 are not looked at: each would be fetched twice.
    """
    files = [source for source in sources if not is_address(source)]
    seen = Survey(is_whole=len(files) == len(sources))
    wanted = re.compile(f"{MENTIONED.pattern}|{_PARAMETERS.pattern}") if parameters else MENTIONED
    for document in documents(files, stdin=stdin.stream, mentioning=wanted, ignore=ignore):
        seen.see(document)
    stdin.rewind()
    return seen
