"""The log files of a trail: what the name of one tells, and the events of a key in it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from lzkey.aws.events import YEARS, event_of, is_of
from lzkey.aws.unanswered import UnansweredError
from lzkey.history.events import CHANGING, KMS, TAGGING

if TYPE_CHECKING:
    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.aws.events import Event

SUFFIXES: Final = (".json", ".json.gz")

_NAME: Final = re.compile(r"(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4})Z_\w+\.json(?:\.gz)?", re.ASCII)
#: Digest files, those of Insights, and aggregated ones: none of them has a key's events.
_OTHERS: Final = re.compile(r"\d{12}_CloudTrail-\w+_", re.ASCII)
_GZIP: Final = b"\x1f\x8b"
_NAMES: Final = frozenset((*CHANGING, *TAGGING))

#: Bytes at most, unpacked: CloudTrail's files have some megabytes.
MOST: Final = 1 << 28
_PIECE: Final = 1 << 20

#: What is wrong with a file, by what it raises; the first that fits.
_FAULTS: Final = (
    (EOFError, "its gzip data ends too early: the file is cut off"),
    ((gzip.BadGzipFile, zlib.error), "its gzip data is broken"),
    (OSError, "it cannot be read"),
    ((ValueError, RecursionError), "it is no JSON, or cut off"),
    (MemoryError, "it is too large"),
)

#: How a file begins and ends that is whole, though nobody has read what is between.
_BEGINS: Final = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[')
_ENDS: Final = re.compile(rb"\]\s*\}\s*\Z")
_TAIL: Final = 64
#: Most files have the key, which CloudTrail uses for each delivery, and none of its changes.
_CHANGES: Final = re.compile(rb'"eventName"\s*:\s*"(?:' + "|".join(sorted(_NAMES)).encode() + rb')"')

#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
WITHOUT_KMS: Final = (
    "no log file that was read has an event of KMS: a trail may leave out all of them, so that nobody can "
    "say that nothing is missing"
)

_OF_KMS: Final = re.compile(rb'"eventSource"\s*:\s*"kms\.amazonaws\.com"')


@dataclass(frozen=True, slots=True)
class Name:
    """Whose events a file has, where they were, and up to when."""

    account: str
    region: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Scanned:
    """The events of a key that one file holds, or why nobody knows which."""

    events: tuple[Event, ...] = ()
    fault: str = ""
    of_kms: bool = False
    """Whether it has any event of KMS, be it of another key: the trail then does not leave them out."""


def name_of(file: str) -> Name | None:
    """What the name of a log file tells; None for one that CloudTrail has not given."""
    found = _NAME.fullmatch(file)
    if found is None:
        return None
    account, region, at = found.groups()
    try:
        delivered = datetime.strptime(f"{at} +0000", "%Y%m%dT%H%M %z")
    except ValueError:  # the 31st of June
        return None
    return Name(account, region, delivered) if delivered.year in YEARS else None


def is_log_file(file: str) -> bool:
    """Whether events may be in a file of this name."""
    return file.endswith(SUFFIXES) and not _OTHERS.match(file)


def scanned(raw: BinaryIO, key: KeyArn) -> Scanned:
    """What a file holds; a file that is no log file, or not a whole one, has a fault, and no event."""
    try:
        content = _unpacked(raw)
        of_kms = bool(_OF_KMS.search(content))
        has_none = key.key_id.encode() not in content or not _CHANGES.search(content)
        if has_none and _BEGINS.match(content) and _ENDS.search(content[-_TAIL:]):
            return Scanned(of_kms=of_kms)
        return replace(_events(json.loads(content), key), of_kms=of_kms)
    except UnansweredError as error:
        return Scanned(fault=str(error))
    except (EOFError, zlib.error, OSError, ValueError, RecursionError, MemoryError) as error:
        return Scanned(fault=next(told for kind, told in _FAULTS if isinstance(error, kind)))


def _unpacked(raw: BinaryIO) -> bytes:
    """Raises MemoryError for what would be too large."""
    buffered = io.BufferedReader(raw, _PIECE) if isinstance(raw, io.RawIOBase) else raw
    head = buffered.read(len(_GZIP))
    whole: BinaryIO = io.BytesIO(head + buffered.read(MOST))
    unpacked = gzip.GzipFile(fileobj=whole) if head == _GZIP else whole
    pieces, size = [], 0
    while piece := unpacked.read(_PIECE):
        size += len(piece)
        if size > MOST:
            raise MemoryError
        pieces.append(piece)
    return b"".join(pieces)


def _events(document: Json, key: KeyArn) -> Scanned:
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list):
        return Scanned(fault="it has no list of Records, as CloudTrail's log files have")
    found = []
    for number, record in enumerate(records, 1):
        try:
            if record["eventSource"] != KMS or record["eventName"] not in _NAMES:
                continue
            event = event_of(record)
        except (AttributeError, KeyError, TypeError, ValueError):
            return Scanned(fault=f"its record {number} is no event")
        if event.at.tzinfo is None:
            return Scanned(fault=f"its record {number} tells a time without its zone")
        if is_of(event, key):
            found.append(event)
    return Scanned(tuple(found))
