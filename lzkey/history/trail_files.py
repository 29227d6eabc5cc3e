"""What the log files of a trail tell of a key: of a folder, or of Amazon S3, read on all cores.

A file is delivered some minutes after what it tells, and its name has that time. Between the first and the
last of them nothing is missing but what was in files that cannot be read, and in days without any.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from lzkey.aws.account import AT_ONCE
from lzkey.aws.fact import takes
from lzkey.aws.objects import Address, is_address, listed, stream
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import SettingsError
from lzkey.figures import counted, some
from lzkey.history.coverage import LATE
from lzkey.history.log_files import MOST, WITHOUT_KMS, Scanned, is_log_file, name_of, scanned
from lzkey.history.model import Gap, Origin, Source
from lzkey.history.told import Told
from lzkey.processes import cores, in_order, working

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from landing_zone_key.key import KeyArn
    from lzkey.aws.account import Asker
    from lzkey.aws.events import Event
    from lzkey.history.log_files import Name

#: So many files are read before other processes are worth their start.
_ALONE: Final = 64
_AHEAD: Final = 8
#: Sentences at most about files that cannot be read.
_TOLD: Final = 20
_EVERY: Final = 1000
_DAY: Final = timedelta(days=1)
#: The name of a file tells the minute.
_MINUTE: Final = timedelta(minutes=1)

Tell: TypeAlias = "Callable[[str], None]"


class _File(NamedTuple):
    """A file, where it is, and what its name tells."""

    place: str
    name: Name | None

    @property
    def order(self) -> tuple[bool, str, str]:
        """By time; those that tell none come last."""
        return self.name is None, self.name.at.isoformat() if self.name else "", self.place


@dataclass(frozen=True, slots=True)
class _Found:
    """The files of a place that may have the key's events, and how many others there are."""

    files: tuple[_File, ...]
    others: int = 0
    broken: str = ""
    """Why the list of them is not whole."""


@takes(facts=(listed, stream))
def trail_files(place: str, key: KeyArn, asker: Asker | None, tell: Tell) -> Told:
    """What the log files of a folder, or below an address in Amazon S3, tell of a key.

    Raises SettingsError where there is no such place, or no log file in it.
    """
    if is_address(place):
        return _in_bucket(place, key, asker, tell)
    folder = Path(place)
    if not folder.exists():
        raise SettingsError(f"there is no folder {place} with log files of a trail")
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir()) if folder.is_dir() else [folder]
    found = _sorted((str(path) for path in paths), key)
    _require_some(found, place)
    return _told(place, found, _of_folder([file.place for file in found.files], key, tell))


def _in_bucket(place: str, key: KeyArn, asker: Asker | None, tell: Tell) -> Told:
    address = Address.parse(place)
    if asker is None:
        raise SettingsError(f"{place} is in Amazon S3, which is not asked: leave out --offline")
    keys, broken = [], ""
    try:
        for each in listed(asker, address.bucket, address.prefix):
            keys.append(each.key)
            if len(keys) % (10 * _EVERY) == 0:
                tell(f"{place}: {len(keys):,} objects are listed")
    except UnansweredError as error:
        after = f" after {keys[-1]}" if keys else ""
        broken = f"the list of its objects breaks off{after}: {error}"
    found = _sorted(keys, key, broken)
    if not broken:
        _require_some(found, place)
    names = [file.place for file in found.files]
    return _told(place, found, _of_bucket(asker, address.bucket, names, key, tell))


def _sorted(places: Iterable[str], key: KeyArn, broken: str = "") -> _Found:
    """The log files of the key's account and Region, and those whose names tell neither."""
    files, others = [], 0
    for place in places:
        name = place.rpartition("/")[2]
        if not is_log_file(name):
            continue
        its = name_of(name)
        if its is not None and (its.account, its.region) != (key.account, key.region):
            others += 1
        else:
            files.append(_File(place, its))
    return _Found(tuple(sorted(files, key=lambda file: file.order)), others, broken)


def _require_some(found: _Found, place: str) -> None:
    if not found.files and not found.others:
        raise SettingsError(
            f"{place} has no log file of a trail: their names are ACCOUNT_CloudTrail_REGION_TIME_ID.json.gz"
        )


def _of_folder(paths: Sequence[str], key: KeyArn, tell: Tell) -> Iterator[Scanned]:
    if len(paths) <= _ALONE or cores() == 1:
        yield from _counting(map(partial(_read, key=key), paths), len(paths), tell)
        return
    with working(cores()) as pool:
        read = in_order(pool, partial(_read, key=key), paths, cores() * _AHEAD)
        yield from _counting(read, len(paths), tell)


def _of_bucket(asker: Asker, bucket: str, names: Sequence[str], key: KeyArn, tell: Tell) -> Iterator[Scanned]:
    """Fetched by threads, which wait for Amazon S3, and unpacked by processes."""

    def fetch(name: str) -> bytes | str:
        try:
            with stream(asker, bucket, name) as body:
                return body.read(MOST + 1)  # one more than there may be
        except (UnansweredError, OSError) as error:
            return str(error)

    with ThreadPoolExecutor(AT_ONCE) as fetching:
        contents = in_order(fetching, fetch, names, 2 * AT_ONCE)
        if len(names) <= _ALONE or cores() == 1:
            yield from _counting(map(partial(_scan, key=key), contents), len(names), tell)
            return
        with working(cores()) as pool:
            read = in_order(pool, partial(_scan, key=key), contents, cores() * 2)
            yield from _counting(read, len(names), tell)


def _read(path: str, key: KeyArn) -> Scanned:
    try:
        with Path(path).open("rb") as raw:
            return scanned(raw, key)
    except OSError as error:
        return Scanned(fault=error.strerror or "it cannot be read")


def _scan(content: bytes | str, key: KeyArn) -> Scanned:
    return Scanned(fault=content) if isinstance(content, str) else scanned(BytesIO(content), key)


def _counting(read: Iterator[Scanned], total: int, tell: Tell) -> Iterator[Scanned]:
    for done, each in enumerate(read, 1):
        yield each
        if done % _EVERY == 0:
            tell(f"{done:,} of {total:,} log files are read")


def _told(place: str, found: _Found, read: Iterator[Scanned]) -> Told:
    events: list[Event] = []
    faults: list[tuple[_File, str]] = []
    of_kms = False
    for file, its in zip(found.files, read, strict=True):
        events += its.events
        of_kms |= its.of_kms
        if its.fault:
            faults.append((file, its.fault))
    times = [file.name.at for file in found.files if file.name is not None]
    unread = [*([found.broken] if found.broken else []), *_sentences(faults)]
    unnamed = [file.place for file in found.files if file.name is None]
    if unnamed:
        which = f"{counted(len(unnamed), 'file')} ({some(unnamed)})"
        unread.append(f"{which}: the name does not tell of which time it has everything")
    if not times:
        unread.append(
            f"none of its files is told to be of the key's account and Region ({found.others:,} others)"
        )
    if times and not of_kms and len(faults) < len(found.files):
        unread.append(WITHOUT_KMS)
    # A list that breaks off, or a file of an unknown time that cannot be read: anything may be missing.
    whole = bool(times) and of_kms and not found.broken and not any(file.name is None for file, _ in faults)
    start, end = (times[0], times[-1] - LATE) if whole else (None, None)
    gaps = [*_days_without(times), *(gap for file, why in faults if (gap := _gap(file, why)) is not None)]
    if start is None or end is None or end <= start:
        start = end = None
        gaps = []
    source = Source(
        Origin.TRAIL_FILES,
        place,
        start,
        end,
        len(events),
        _joined(gaps),
        tuple(unread),
    )
    return Told(source, tuple(events))


def _sentences(faults: Sequence[tuple[_File, str]]) -> Iterator[str]:
    yield from (f"{file.place}: {fault}" for file, fault in faults[:_TOLD])
    if len(faults) > _TOLD:
        yield f"{len(faults) - _TOLD:,} more files cannot be read"


def _joined(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """By time; those that touch for one reason are one: a key that is out of service leaves one a file."""
    found: list[Gap] = []
    for gap in sorted(gaps, key=lambda each: (each.why, each.start, each.end)):
        if found and found[-1].why == gap.why and gap.start <= found[-1].end:
            found[-1] = Gap(found[-1].start, max(found[-1].end, gap.end), gap.why)
        else:
            found.append(gap)
    return tuple(sorted(found, key=lambda each: (each.start, each.end, each.why)))


def _gap(file: _File, why: str) -> Gap | None:
    """What a file that cannot be read may have told."""
    if file.name is None:
        return None
    return Gap(file.name.at - LATE, file.name.at + _MINUTE, f"a log file of then cannot be read: {why}")


def _days_without(times: Sequence[datetime]) -> Iterator[Gap]:
    """The times of a day or longer in which no file came: an account in use has some every day."""
    for before, after in pairwise(times):
        if after - before > _DAY:
            yield Gap(before - LATE, after, "there is no log file of a whole day")
