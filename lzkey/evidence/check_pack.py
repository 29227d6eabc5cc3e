"""The pack of a check: every result as `lzkey check` gives it, and in full the keys that matter most.

What a file holds beside its keys is nobody's business: of files there is the digest alone.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.aws.address import is_address
from lzkey.check.formats.json import as_json
from lzkey.check.formats.json import key as verdict_members
from lzkey.check.verdict import Verdict, zone_for
from lzkey.documents import document
from lzkey.evidence.bag import new_bag, opened
from lzkey.evidence.checking import decoded
from lzkey.evidence.facts import as_facts, as_text, digest, found_key
from lzkey.evidence.pack import (
    CHECK,
    FACTS,
    MOST_KEYS,
    RECORDED,
    SOURCES,
    VERDICTS,
    Folders,
    Lines,
    Made,
    finish,
    written,
)
from lzkey.evidence.readings import KeyReadings
from lzkey.sources.subject import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from landing_zone_key import LandingZone
    from lzkey import Json
    from lzkey.aws.witness import Witness
    from lzkey.check.run import Judged
    from lzkey.evidence.bag import Bag
    from lzkey.evidence.signing import Signer
    from lzkey.sources.input import Input
    from lzkey.sources.subject import FoundKey

#: What is said of keys that are not in full.
BY_DIGEST: Final = "by the digest of its facts; the facts are not in the pack"


@dataclass(frozen=True, slots=True)
class Keep:
    """Keeps the facts of a key, where it is one of those in full; of others their digest."""

    zone: LandingZone
    named: bool = False
    """Whether somebody has named the keys: then all of them are in full."""

    def __call__(self, found: FoundKey) -> Kept:
        """What is kept. Facts that no JSON can hold, such as a date of YAML, are kept by nobody."""
        try:
            text = as_text(as_facts(found))
        except (TypeError, ValueError, RecursionError):
            return Kept(sha256(repr(found.key).encode("utf-8", "backslashreplace")).hexdigest())
        return Kept(digest(text), text if self._in_full(found) else None)

    def _in_full(self, found: FoundKey) -> bool:
        """Those that are named, that the manifest names, or else those of the management account."""
        manifest, arn = zone_for(found, self.zone).manifest_keys, found.key.arn
        if self.named:
            return True
        if manifest is not None and found.arn_known:
            return manifest.may_log_with({str(arn), arn.key_id})
        return arn.account == self.zone.management_account_id


@dataclass(slots=True)
class Collected:
    """What passes on its way to the results, for the pack."""

    recorded: Lines
    """Is told of every key that is not in full."""
    stdin: Input | None = None
    full: list[Verdict] = field(default_factory=list)
    left_out: int = 0
    _sources: dict[str, Json] = field(default_factory=dict)

    def passing(self, results: Iterator[Judged]) -> Iterator[Judged]:
        """The results as they come; each file is read once more for its digest when it is first met."""
        for entry in results:
            source = entry.place.source
            if source not in self._sources:
                self._sources[source] = _digest_of(source)
            if isinstance(entry, Verdict):
                self._take(entry)
                yield replace(entry, kept=None)
            else:
                yield entry

    def _take(self, verdict: Verdict) -> None:
        if verdict.kept is not None and verdict.kept.facts is not None:
            if len(self.full) < MOST_KEYS:
                self.full.append(verdict)
                return
            self.left_out += 1
        row = as_json(verdict)
        kept = None if verdict.kept is None else verdict.kept.sha256
        self.recorded.add(
            {
                "name": verdict.name,
                "arn": verdict.arn,
                "place": row["place"],
                "facts_sha256": kept,
                "compliance": verdict.state.value,
            }
        )

    def sources(self) -> list[dict[str, Json]]:
        """Each source with its digest; of standard input, that of what was read of it."""
        if self.stdin is not None and "-" in self._sources:
            self._sources["-"] = {"sha256": self.stdin.sha256}
        return [{"source": source, **(told or {"sha256": None})} for source, told in self._sources.items()]

    def undigested(self) -> Iterator[str]:
        """That the objects of Amazon S3 which were read have no digest: they are streamed once."""
        objects = sum(told is None and is_address(source) for source, told in self._sources.items())
        if objects:
            yield f"objects of Amazon S3 are streamed once, and have no digest in the pack: {objects:,}"


@dataclass(frozen=True, slots=True)
class CheckPack:
    """The pack of a check that is going on."""

    bag: Bag
    collected: Collected

    @property
    def results(self) -> Path:
        """The file that the results are to be written into, as JSON."""
        return self.bag.file(CHECK)

    def passing(self, results: Iterator[Judged]) -> Iterator[Judged]:
        """The results as they come, of which the pack keeps what it needs."""
        return self.collected.passing(results)

    def write(self, made: Made, witness: Witness, signer: Signer | None) -> None:
        """Write the rest, once all results have passed; raises OutputError, and what `sign` does."""
        self.collected.recorded.end()
        _write(self.bag, made, self.collected, witness, signer)


@contextmanager
def checking(folder: Path, stdin: Input) -> Iterator[CheckPack]:
    """A pack that is there as a whole when all went well; raises OutputError."""
    with new_bag(folder) as bag:
        recorded = Lines(bag, RECORDED, "keys", verdicts=BY_DIGEST)
        try:
            yield CheckPack(bag, Collected(recorded, stdin))
        finally:
            recorded.end()


def _write(bag: Bag, made: Made, collected: Collected, witness: Witness, signer: Signer | None) -> None:
    folders, verdicts = Folders(), []
    for verdict in collected.full:
        facts = (verdict.kept and verdict.kept.facts) or ""
        found = found_key(decoded(facts.encode(), FACTS), FACTS)
        place = folders.of(found.key.arn)
        bag.write(f"{place}/{FACTS}", facts)
        readings = KeyReadings.seen(witness, found.key.arn)
        for name, reading in readings.files().items():
            bag.write(f"{place}/{name}", written(reading))
        told: dict[str, Any] = {"arn": str(found.key.arn), "folder": place}
        verdicts.append({**told, "verdict": verdict_members(verdict)})
    bag.write(VERDICTS, written(document({"keys": verdicts})))
    bag.write(SOURCES, written(document({"sources": collected.sources()})))
    notes = (*made.notes, *collected.undigested())
    if collected.left_out:
        notes = (
            *notes,
            f"{collected.left_out:,} more keys would be in full; a pack has {MOST_KEYS:,} at most",
        )
    if witness.caller is not None:
        made = replace(made, caller=witness.caller.arn)
    finish(bag, replace(made, notes=notes), signer)


def _digest_of(source: str) -> dict[str, Json] | None:
    """The size and digest of a file; None for what is none, such as a live account."""
    path, read = Path(source), sha256()
    try:
        with opened(path.resolve()) as descriptor:
            size = os.fstat(descriptor).st_size
            while piece := os.read(descriptor, 1 << 20):
                read.update(piece)
    except (OSError, ValueError):
        return None
    return {"bytes": size, "sha256": read.hexdigest()}
