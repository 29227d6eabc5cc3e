"""A file that a report rests on, as OSCAL cites it: where it is, and the digest of its bytes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from lzkey.errors import ReportError
from lzkey.report.oscal.parts import Part, identifier, markup, part, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file; raises ReportError where its digest is none."""

    path: str
    """Of the file; a document cites it relative to itself: `pack/data/report.json`."""
    sha256: str
    """Of its bytes, 64 hexadecimal digits in lower case."""
    title: str
    keys: tuple[str, ...] = ()
    """The ARNs of the keys that it tells of; none: it tells of the whole report."""
    media_type: str = "application/json"

    def __post_init__(self) -> None:
        """Require a digest."""
        if _SHA256.fullmatch(self.sha256) is None:
            told = value(self.sha256)[:80]
            raise ReportError(f"{self.path}: {told!r} is no SHA-256 in lower-case hexadecimal digits")

    def seen_from(self, folder: Path) -> Evidence:
        """The same with its path relative to a folder, in which the document is."""
        return replace(
            self, path=Path(os.path.relpath(Path(self.path).resolve(), folder.resolve())).as_posix()
        )

    @property
    def uuid(self) -> str:
        """The same for the same bytes in the same place."""
        return identifier("evidence", self.path, self.sha256)

    @property
    def resource(self) -> Part:
        """What back matter says of it. https://pages.nist.gov/OSCAL/reference/latest/complete/ (resource)."""
        return part(
            uuid=self.uuid,
            title=markup(self.title),
            rlinks=[
                {
                    "href": quote(os.fsencode(self.path)),
                    "media-type": self.media_type,
                    "hashes": [{"algorithm": "SHA-256", "value": self.sha256}],
                }
            ],
        )

    @property
    def cited(self) -> Part:
        """What an observation says of it."""
        return {"href": f"#{self.uuid}", "description": markup(self.title)}


def by_key(evidence: Iterable[Evidence]) -> Mapping[str, list[Part]]:
    """What each key's observations cite."""
    found: dict[str, list[Part]] = {}
    for one in evidence:
        for key in one.keys:
            found.setdefault(key, []).append(one.cited)
    return found
