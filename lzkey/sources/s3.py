"""Objects under a prefix of an Amazon S3 bucket: listed as the pages come, fetched ahead, read in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import AT_ONCE, Asker, Manner
from lzkey.aws.address import Address
from lzkey.aws.objects import StoredObject, listed, stream
from lzkey.aws.unanswered import UnansweredError
from lzkey.sources.deliveries import delivery
from lzkey.sources.reading import HANDED_OVER, Packed, read
from lzkey.sources.subject import PassedOver, Place, Unread
from lzkey.sources.terraform_source import is_terraform_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3

    from lzkey.sources.deliveries import Delivery, Snapshot
    from lzkey.sources.selection import Selection
    from lzkey.sources.subject import Declared, Unit

#: Errors stand in files that others read.
_MANNER: Final = Manner(quoting=False)
_FOLDER: Final = "it is empty, and stands for a folder"
_OTHER: Final = "it is no snapshot of AWS Config, by its name, and --newest asks for these alone"


class Objects:
    """What objects hold, of one account's credentials, which are asked for when the first is wanted."""

    def __init__(self, session: Callable[[], boto3.Session], selection: Selection) -> None:
        self._session, self._selection = session, selection
        self._asker: Asker | None = None

    def __call__(self, address: str) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """What the objects of an address hold, in the order of their keys.

        Each that cannot be read becomes one `Unread`, and so does a listing that breaks off, or is empty.
        Raises LiveError where not even the caller's account can be told, and CredentialsError, at any time.
        """
        parsed = Address.parse(address)
        if self._asker is None:
            self._asker, _ = Asker.of(self._session(), _MANNER)
        snapshots = _Snapshots()
        chosen = _Chosen(self._asker, parsed, self._selection, snapshots)
        entries = chosen.newest() if self._selection.newest else chosen.all()
        yield from _Fetching(self._asker, parsed, named=self._selection.named).units(entries)
        if note := snapshots.note(newest=self._selection.newest):
            self._selection.tell(f"{parsed}: {note}")


@dataclass(slots=True)
class _Snapshots:
    """The snapshots that there are, in as much memory as there are accounts and Regions."""

    newest: dict[tuple[str, str], tuple[str, list[StoredObject]]] = field(default_factory=dict)
    """By account and Region the moment, and what is of it."""
    several: set[tuple[str, str]] = field(default_factory=set)
    histories: int = 0
    """Objects of AWS Config's history of keys."""
    complete: bool = True
    """Whether there were objects, and all were listed: else that is told."""

    def see(self, snapshot: Snapshot, stored: StoredObject) -> list[StoredObject]:
        """Note one; return those that are older than another one."""
        place = snapshot.account, snapshot.region
        if place not in self.newest:
            self.newest[place] = snapshot.moment, [stored]
            return []
        self.several.add(place)
        moment, those = self.newest[place]
        if moment > snapshot.moment:
            return [stored]
        if moment == snapshot.moment:  # nobody can tell which counts
            those.append(stored)
            return []
        self.newest[place] = snapshot.moment, [stored]
        return those

    def note(self, *, newest: bool) -> str:
        """What a reader should know of their moments; empty where that is nothing."""
        moments = sorted(moment for moment, _ in self.newest.values())
        if newest and moments:
            of = f"{len(moments):,} {'account and Region' if len(moments) == 1 else 'accounts and Regions'}"
            told = f"the newest AWS Config snapshots of {of} are of {moments[0]} to {moments[-1]}"
            return told if self.complete else f"of what was listed, {told}; there may be newer ones"
        several = (
            f"of {len(self.several):,} of {len(moments):,} accounts and Regions there are several AWS Config "
            f"snapshots, the newest of {max(moments, default='')}"
        )
        objects = "object" if self.histories == 1 else "objects"
        histories = f"AWS Config's histories of keys are in {self.histories:,} {objects}"
        found = (several if self.several else "", histories if self.histories else "")
        if not any(found):
            return ""
        counts = "a key counts in each of them, as it was then: --newest judges the newest snapshots alone"
        return f"{'; '.join(filter(None, found))}; {counts}"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The objects that are to be read, and why others are not."""

    asker: Asker
    address: Address
    selection: Selection
    snapshots: _Snapshots

    def all(self) -> Iterator[StoredObject | Unread | PassedOver]:
        """As they are listed."""
        for entry in self._listed():
            if isinstance(entry, Unread | PassedOver):
                yield entry
                continue
            stored, its = entry
            if its.snapshot is not None:
                self.snapshots.see(its.snapshot, stored)
            elif its.holds_keys:
                self.snapshots.histories += 1
            yield stored

    def newest(self) -> Iterator[StoredObject | Unread | PassedOver]:
        """First what is passed over, and last the newest, which are known once all are listed."""
        for entry in self._listed():
            if isinstance(entry, Unread | PassedOver):
                yield entry
                continue
            stored, its = entry
            if its.snapshot is None:
                yield PassedOver(Place(str(stored)), _OTHER)
                continue
            why = f"it is older than another snapshot of {its.snapshot.account} in {its.snapshot.region}"
            for older in self.snapshots.see(its.snapshot, stored):
                yield PassedOver(Place(str(older)), why)
        found = chain.from_iterable(those for _, those in self.snapshots.newest.values())
        yield from sorted(found, key=lambda each: each.key)
        if not self.snapshots.newest and self.snapshots.complete:
            why = "there is no snapshot of AWS Config, by its name, of which --newest could take the newest"
            yield Unread(Place(str(self.address)), f"{self.address}: {why}")

    def _listed(self) -> Iterator[tuple[StoredObject, Delivery] | Unread | PassedOver]:
        last: StoredObject | None = None
        try:
            for last in listed(self.asker, self.address.bucket, self.address.prefix):
                its = delivery(last.key)
                why = _FOLDER if last.key.endswith("/") and not last.size else its.why_not
                if reason := self._ignoring(last.key) or why:
                    yield PassedOver(Place(str(last)), reason)
                else:
                    yield last, its
        except UnansweredError as error:
            self.snapshots.complete = False
            rest = f"; the objects behind {last} are not known" if last else ""
            yield Unread(Place(str(self.address)), f"{error}{rest}")
            return
        if last is None:
            self.snapshots.complete = False
            where = f"no object's key begins with {self.address.prefix!r}, which is taken as it stands"
            why = where if self.address.prefix else "the bucket holds no object"
            yield Unread(Place(str(self.address)), f"{self.address}: {why}")

    def _ignoring(self, key: str) -> str:
        """That a pattern names an object or a folder that it is in, as it does in a folder of files."""
        inside = key[self.address.prefix.rfind("/") + 1 :]
        paths = [*accumulate(inside.split("/"), lambda folder, name: f"{folder}/{name}")]
        for pattern in self.selection.ignore:
            wanted = pattern.rstrip("/")
            names = (name for path in paths for name in (path, path.rpartition("/")[2]))
            if any(fnmatchcase(name, wanted) for name in (*names, key, f"s3://{self.address.bucket}/{key}")):
                return f"it is ignored, by --ignore {pattern}"
        return ""


@dataclass(frozen=True, slots=True)
class _Fetching:
    """Objects, of which those to come are fetched while those before are judged."""

    asker: Asker
    address: Address
    named: bool

    def units(
        self, entries: Iterator[StoredObject | Unread | PassedOver]
    ) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """What they hold, in their order; at most `AT_ONCE` objects of modest size are held."""
        coming: deque[Future[Packed | Unread | StoredObject] | Unread | PassedOver] = deque()
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for entry in entries:
                if isinstance(entry, StoredObject):
                    coming.append(pool.submit(self._fetched, entry))
                else:
                    coming.append(entry)
                while coming and (len(coming) > AT_ONCE or not isinstance(coming[0], Future)):
                    yield from self._settled(coming.popleft())
            while coming:
                yield from self._settled(coming.popleft())
        finally:  # somebody who wants no more, as by Ctrl-C, waits for nothing
            pool.shutdown(wait=False, cancel_futures=True)

    def _settled(
        self, entry: Future[Packed | Unread | StoredObject] | Unread | PassedOver
    ) -> Iterator[Unit | Unread | PassedOver | Declared]:
        found = entry.result() if isinstance(entry, Future) else entry
        if isinstance(found, Unread | PassedOver | Packed):
            yield found
        else:
            yield from self._streamed(found)

    def _fetched(self, stored: StoredObject) -> Packed | Unread | StoredObject:
        """The bytes of an object; itself where it has too many to be held, or is none that is unpacked."""
        if stored.size > HANDED_OVER or is_terraform_source(stored.key):
            return stored
        try:
            with stream(self.asker, stored.bucket, stored.key) as body:
                content = body.read(HANDED_OVER + 1)
        except UnansweredError as error:
            return _unread(stored, error)
        if len(content) > HANDED_OVER:  # it has grown
            return stored
        if not content and self._is_missed(stored):
            return Unread(Place(str(stored)), f"{stored} cannot be read: it is empty")
        return Packed(str(stored), content, named=self._is_missed(stored), has_neighbours=False)

    def _streamed(self, stored: StoredObject) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """A large object, piece by piece."""
        missed = self._is_missed(stored)
        try:
            with stream(self.asker, stored.bucket, stored.key) as body:
                yield from read(str(stored), body, named=missed, has_neighbours=False)
        except UnansweredError as error:
            yield _unread(stored, error)

    def _is_missed(self, stored: StoredObject) -> bool:
        """Whether it is to hold keys: somebody named it, or AWS has."""
        asked_for = self.named and stored.key == self.address.prefix
        return asked_for or delivery(stored.key).holds_keys


def _unread(stored: StoredObject, error: UnansweredError) -> Unread:
    return Unread(Place(str(stored)), str(error))
