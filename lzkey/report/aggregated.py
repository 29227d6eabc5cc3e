"""Every account and Region through an aggregator of AWS Config, and through the organization's rule."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lzkey.aws import aggregator as asked
from lzkey.aws.account import at_once
from lzkey.aws.aggregator import ANY_REGION
from lzkey.aws.fact import takes
from lzkey.aws.rule import NONE_SEEN, is_named, member_statuses
from lzkey.aws.unanswered import UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from landing_zone_key import KmsKey
    from lzkey.aws.account import Asker, Progress
    from lzkey.aws.aggregator import Aggregator, RecordedKey, Row, Source
    from lzkey.aws.recorder import Recorder
    from lzkey.aws.rule import Evaluation, MemberStatus
    from lzkey.report.facts import AccountRegion

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The keys and the recorders that an aggregator knows of, in all accounts and Regions."""

    keys: Mapping[AccountRegion, tuple[KmsKey, ...]]
    changed_at: Mapping[AccountRegion, Mapping[str, datetime]]
    """When each key was last recorded, by its id: it changed then at the latest."""
    recorders: Mapping[AccountRegion, Recorder]
    not_listed: frozenset[str]
    """Regions that could not be asked."""
    names: Mapping[str, str]
    """What keys are called, by their ARNs, where they have a tag Name."""


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What an aggregator, and the organization's rule, tell; None is always "not answered"."""

    regions: tuple[str, ...]
    sources: Mapping[AccountRegion, Source] | None
    rules: Mapping[AccountRegion, str]
    """The rule's name where it has a result."""
    evaluations: Mapping[AccountRegion, tuple[Evaluation, ...]]
    unread: Mapping[AccountRegion, str]
    """Why results could not be read."""
    unread_regions: Mapping[str, str]
    """Why it is not known where in a Region there are results."""
    inventory: Inventory
    statuses: Mapping[str, Mapping[str, MemberStatus]]
    """By Region, how the organization's rule fares in each account."""


@takes(facts=(asked.sources, asked.rows, asked.details, asked.keys, asked.recorders, member_statuses))
def collect(
    asker: Asker, maker: Asker, aggregator: Aggregator, wanted: str, progress: Progress
) -> Aggregated:
    """Ask an aggregator for everything; what it does not answer is noted and left out."""
    progress("sources", 0, 1)
    sources = asker.unless(lambda: _sources(asker, aggregator.name), None)
    regions = _regions(aggregator, sources or {}, asker.region)
    told = at_once(lambda region: _statuses(maker, wanted, region), regions)
    statuses = {region: found for region, found in zip(regions, told, strict=True) if found}
    progress("rules", 0, len(regions))
    found = at_once(
        lambda region: _rows(asker, aggregator.name, wanted, region, statuses.get(region)), regions
    )
    by_region = dict(zip(regions, found, strict=True))
    rows = [row for found, _ in by_region.values() for row in found]
    evaluations, unread = _evaluations(asker, aggregator.name, rows, progress)
    return Aggregated(
        regions,
        sources or None,
        {(row.account, row.region): row.rule for row in rows},
        evaluations,
        unread,
        {region: why for region, (_, why) in by_region.items() if why},
        _inventory(asker, aggregator.name, regions, progress),
        statuses,
    )


def _sources(asker: Asker, aggregator: str) -> dict[AccountRegion, Source]:
    """Each account and Region; the organization's own is a note where it is bad."""
    found = asked.sources(asker, aggregator)
    for source in found:
        if not (source.is_account or source.is_fresh):
            told = f"{source.status} ({source.error})"
            asker.log.note(f"aggregator {aggregator} could not read the organization: {told}")
    return {(source.account, source.region): source for source in found if source.is_account}


def _regions(aggregator: Aggregator, sources: Mapping[AccountRegion, Source], own: str) -> tuple[str, ...]:
    found = {region for _, region in sources} - {ANY_REGION}
    named = found | {own} if aggregator.everywhere else set(aggregator.regions)
    return tuple(sorted(named or found | {own}))


def _statuses(maker: Asker, wanted: str, region: str) -> dict[str, MemberStatus]:
    """How the organization's rule of a Region fares; empty where nobody may know."""
    found = maker.unless(lambda: member_statuses(maker, wanted, region), (), *NONE_SEEN)
    return {status.account: status for status in found}


def _rows(
    asker: Asker, aggregator: str, wanted: str, region: str, statuses: Mapping[str, MemberStatus] | None
) -> tuple[list[Row], str]:
    """Where the rule has results in a Region, and why that is not known.

    It is found by its names there; where the organization's rule does not tell them, among all rules.
    """
    names: set[str | None] = {None}
    if statuses:
        names = {wanted, *(status.rule for status in statuses.values())}
    return _as_far_as_told(
        asker,
        (
            row
            for name in sorted(names, key=str)
            for row in asked.rows(asker, aggregator, region, name)
            if name or is_named(row.rule, wanted)
        ),
    )


def _as_far_as_told(asker: Asker, items: Iterable[_Item]) -> tuple[list[_Item], str]:
    """What came before a call was refused, and why there is no more: a failure seen is a failure."""
    found: list[_Item] = []
    try:
        found.extend(items)
    except UnansweredError as error:
        asker.log.miss(error)
        return found, str(error)
    return found, ""


def _evaluations(
    asker: Asker, aggregator: str, rows: list[Row], progress: Progress
) -> tuple[dict[AccountRegion, tuple[Evaluation, ...]], dict[AccountRegion, str]]:
    found: dict[AccountRegion, tuple[Evaluation, ...]] = defaultdict(tuple)
    unread: dict[AccountRegion, str] = {}
    pages = at_once(lambda row: _details(asker, aggregator, row), rows)
    for done, (row, (evaluations, why)) in enumerate(zip(rows, pages, strict=True), 1):
        where = (row.account, row.region)
        found[where] += evaluations
        if why:
            unread[where] = why
        progress("results", done, len(rows))
    return found, unread


def _details(asker: Asker, aggregator: str, row: Row) -> tuple[tuple[Evaluation, ...], str]:
    """The results of one rule in one account and Region, and why they are not all."""
    found, why = _as_far_as_told(asker, asked.details(asker, aggregator, row))
    told = row.compliance
    if not why and told == "NON_COMPLIANT" and not any(result.compliance == told for result in found):
        why = "the aggregator says NON_COMPLIANT, and shows no key that is"
    return tuple(found), why


def _inventory(asker: Asker, aggregator: str, regions: tuple[str, ...], progress: Progress) -> Inventory:
    """Ask for every Region; one that is refused is noted, and in `not_listed`."""
    keys: dict[AccountRegion, list[KmsKey]] = defaultdict(list)
    changed_at: dict[AccountRegion, dict[str, datetime]] = defaultdict(dict)
    recorders: dict[AccountRegion, Recorder] = {}
    not_listed: set[str] = set()
    names: dict[str, str] = {}

    def ask(region: str) -> tuple[list[RecordedKey], dict[str, Recorder]] | None:
        return asker.unless(
            lambda: (
                list(asked.keys(asker, aggregator, region)),
                asked.recorders(asker, aggregator, region),
            ),
            None,
        )

    for done, (region, found) in enumerate(zip(regions, at_once(ask, regions), strict=True), 1):
        progress("inventory", done, len(regions))
        if found is None:
            not_listed.add(region)
            continue
        for one in found[0]:
            arn = one.key.arn
            where = (arn.account, arn.region)
            keys[where].append(one.key)
            if one.at is not None:
                changed_at[where][arn.key_id] = one.at
            if one.name:
                names[str(arn)] = one.name
        recorders |= {(account, region): recorder for account, recorder in found[1].items()}
    listed = {where: tuple(found) for where, found in keys.items()}
    return Inventory(listed, changed_at, recorders, frozenset(not_listed), names)
