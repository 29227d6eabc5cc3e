"""The files of a pack as others cite them: where each is, its digest, and which key it tells of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lzkey.evidence.pack import (
    FACTS,
    LANDING_ZONE,
    OBSERVATIONS,
    PACK,
    PAGE,
    RECORDED,
    REPORT,
    RULE,
    VERDICTS,
    digests,
)
from lzkey.report.oscal import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TITLES: Final = {
    PACK: "What the evidence pack is, and what made it",
    VERDICTS: "What the engine says of each key whose facts are in the pack",
    RECORDED: "Every other key, as AWS Config recorded it",
    REPORT: "The report as data",
    PAGE: "The report as a page",
    OBSERVATIONS: "What AWS tells of deliveries",
    LANDING_ZONE: "The landing zone, as Control Tower told it",
    RULE: "The rule, as AWS Config told it",
}


def cited(folder: Path) -> tuple[Evidence, ...]:
    """The payload of a pack that was just written, by path; what somebody else has made is first verified."""
    return tuple(_cited(folder))


def _cited(folder: Path) -> Iterator[Evidence]:
    told = json.loads((folder / VERDICTS).read_text(encoding="utf-8"))
    keys = {key["folder"]: key["arn"] for key in told["keys"]}
    for path, digest in sorted(digests(folder).items()):
        place, _, name = path.rpartition("/")
        arn, file = keys.get(place), str(folder / path)
        if arn is not None:
            what = "its facts" if name == FACTS else f"AWS's answer {name.removesuffix('.json')}"
            yield Evidence(file, digest, f"{arn}: {what}", (arn,))
        elif path == PAGE:
            yield Evidence(file, digest, _TITLES[path], media_type="text/html")
        else:
            yield Evidence(file, digest, _TITLES.get(path, path))
