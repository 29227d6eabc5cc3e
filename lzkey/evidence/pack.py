"""A pack: what is in it, and what every pack has in common.

`data/pack.json`: what it is, who made it and with what, and the landing zone that keys are judged for.
`data/keys/REGION/ID/`: each key in full, its facts and the answers of AWS that they are read from.
`data/verdicts.json`: what the engine says of each of these.
`data/recorded.json`: every other key, its configuration item or facts by digest, and the verdict on it.
Of a report also `data/report.json`, `data/report.html`, `data/observations.json`, and AWS's answers about
the landing zone and the rule; of a check `data/check.json` and `data/sources.json`. Where waivers were given,
`data/waivers.yaml` is their file.
"""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Self

from landing_zone_key.records import dataclass
from lzkey.documents import document, time_text
from lzkey.evidence.checking import LARGEST, MOST_FILES
from lzkey.evidence.engine import this_engine
from lzkey.evidence.facts import zone_members

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.evidence.bag import Bag
    from lzkey.evidence.signing import Signer

#: Of a pack's own files; of what others read as well, such as report.json, their own.
PACK_VERSION: Final = 1

PACK: Final = "data/pack.json"
VERDICTS: Final = "data/verdicts.json"
RECORDED: Final = "data/recorded.json"
REPORT: Final = "data/report.json"
PAGE: Final = "data/report.html"
OBSERVATIONS: Final = "data/observations.json"
LANDING_ZONE: Final = "data/landing-zone/get-landing-zone.json"
RULE: Final = "data/rule/describe-rule.json"
WAIVERS: Final = "data/waivers.yaml"
CHECK: Final = "data/check.json"
SOURCES: Final = "data/sources.json"
KEYS: Final = "data/keys"
FACTS: Final = "facts.json"

#: Keys in full at most: each has up to four files.
MOST_KEYS: Final = MOST_FILES // 5

#: Characters at most of an id that names a folder: those of KMS have 40 at most.
_LONGEST_ID: Final = 60


@dataclass(frozen=True, slots=True)
class Made:
    """Who made a pack, when, and for which landing zone."""

    kind: str
    """`report` or `check`."""
    at: datetime
    """From when on the requests are assumed that were proved."""
    zone: LandingZone | None
    """None: it is not known, and nothing is in full."""
    caller: str = ""
    """The ARN of whose credentials they were; empty where AWS was not asked."""
    notes: tuple[str, ...] = ()
    """What was refused, and what is not in the pack, a sentence each."""
    waivers: str = ""
    """The waivers file as it was given; empty where there is none."""


class Folders:
    """The folder of each key in full."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, arn: KeyArn) -> str:
        """A folder that no key has yet: several sources may describe one key."""
        name = arn.key_id
        if len(name) > _LONGEST_ID:
            name = f"key-{sha256(name.encode()).hexdigest()[:24]}"
        first = folder = f"{KEYS}/{arn.region}/{name}"
        number = 1
        while folder in self._taken:
            number += 1
            folder = f"{first}.{number}"
        self._taken.add(folder)
        return folder


def written(value: Json) -> str:
    """A JSON file of a pack."""
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


class Lines:
    """A document of a pack whose last member is a list, written a row a line, as the rows come."""

    def __init__(self, bag: Bag, path: str, member: str, **members: Json) -> None:
        self._stream = bag.open(path)
        self._stream.write(json.dumps(document(members))[:-1] + f', "{member}": [')
        self._separator = "\n"

    def add(self, row: Json) -> None:
        """Write a row."""
        self._stream.write(self._separator + json.dumps(row, allow_nan=False))
        self._separator = ",\n"

    def end(self) -> None:
        """Write the end, and close the file; nothing the second time."""
        if not self._stream.closed:
            self._stream.write("\n]}\n")
            self._stream.close()

    def __enter__(self) -> Self:
        """It, until its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()


def finish(bag: Bag, made: Made, signer: Signer | None) -> None:
    """Write what says what the pack is, its manifests, and the signature of all; raises OutputError."""
    if made.waivers:
        bag.write(WAIVERS, made.waivers)
    told = {
        "pack_version": PACK_VERSION,
        "kind": made.kind,
        "made_at": time_text(made.at),
        "tool": {"name": "lzkey", "version": version("lzkey")},
        "engine_sha256": this_engine().sha256,
        "caller": made.caller or None,
        "signed_by": None if signer is None else signer.told,
        "landing_zone": None if made.zone is None else zone_members(made.zone),
        "notes": [*made.notes],
    }
    bag.write(PACK, written(document(told)))
    bag.require_at_most(LARGEST)
    info = {"Bagging-Date": f"{made.at:%Y-%m-%d}", "Bag-Software-Agent": f"lzkey {version('lzkey')}"}
    message = bag.finish(info)
    if signer is not None:
        for path, content in signer.sign(message, made.at).items():
            bag.beside(path, content)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a pack's payload by its path, for those who cite one.

    Of a pack that was just written: what somebody else has made is first verified.
    """
    lines = (folder / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
