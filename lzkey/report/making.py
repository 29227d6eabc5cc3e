"""The whole report, from a boto3 session."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from landing_zone_key.settings import PermissionStandard
from lzkey import RULE_NAME
from lzkey.aws.account import Asker, Manner
from lzkey.errors import ReportArgumentError
from lzkey.report.answer import answer
from lzkey.report.collection import collect
from lzkey.report.facts import Options
from lzkey.report.histories import opened
from lzkey.report.judgement import Measure, judge, missing_keys, with_keys
from lzkey.report.model import Collected, Report
from lzkey.report.todays import for_todays_accounts
from lzkey.report.trend import require_earlier, trend

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3

    from lzkey.aws.account import Progress
    from lzkey.aws.caller import Caller
    from lzkey.aws.witness import Witness
    from lzkey.report.facts import World
    from lzkey.report.model import KeyResult, RegionResult

#: Thousands of accounts are asked, many of them at the same time.
MANNER: Final = Manner(retries="adaptive", attempts=10)

#: The organization of the rule, by its own name, and nothing left out.
DEFAULT: Final = Options(RULE_NAME)


def make_report(
    session: boto3.Session,
    options: Options = DEFAULT,
    *,
    previous: Sequence[Report] = (),
    now: datetime | None = None,
    progress: Progress = lambda _what, _done, _of: None,
    witness: Witness | None = None,
) -> Report:
    """Read what AWS tells the session's account of the rule's results, and return the report.

    Nothing is changed anywhere. A call that is refused becomes one of the report's notes. `progress` is told
    what is done, how many, of how many; a `witness` keeps what an evidence pack needs. Raises
    CredentialsError or UnansweredError where nothing can be asked, ReportError where there is no Region,
    where it is not clear what to ask (several aggregators), and where one of `previous` is of another
    organization, or later.
    """
    moment = now or datetime.now(UTC)
    require_earlier(previous, moment)
    aws, caller = _identified(session, witness)
    report = as_report(collect(aws, caller.partition, options, progress, moment), moment)
    report = replace(
        report,
        scope=replace(report.scope, caller=caller.arn),
        notes=aws.log.notes,
        calls=dict(sorted(aws.log.calls.items())),
        title=options.title,
    )
    return replace(report, trend=trend(report, *previous)) if previous else report


def as_report(world: World, now: datetime) -> Report:
    """The report of what AWS has told; nothing is asked any more."""
    zone = world.rule.zone
    listed = zone.listed_keys if zone and world.landing_zone.unknown else ()
    named = frozenset((*world.landing_zone.keys, *listed))
    aggregated = world.scope.collected is Collected.AGGREGATOR
    measure = Measure(now, world.partition, zone, world.rule.period, named, aggregated=aggregated)
    if world.observed is not None:
        measure = replace(measure, in_force=world.observed.in_force)
    places: list[RegionResult] = []
    keys: list[KeyResult] = []
    for seen in world.seen:
        place, found = judge(seen, measure)
        places.append(place)
        keys.extend(for_todays_accounts(key, world) for key in found)
    absent = missing_keys(named, keys, world.seen)
    if absent:
        places = [_with_absent(place, absent) for place in places]
        order = {(place.account, place.region): index for index, place in enumerate(places)}
        keys.extend(absent)
        keys.sort(key=lambda key: (order.get((key.account, key.region), len(order)), key.arn))
    return Report(
        now,
        answer(
            world.landing_zone,
            keys,
            zone.governed_regions if zone else (),
            len(world.active),
            functional=zone is None or zone.permission_standard is PermissionStandard.FUNCTIONAL,
        ),
        world.scope,
        world.rule.facts,
        world.landing_zone,
        world.accounts,
        tuple(places),
        tuple(keys),
        observed=world.observed,
        opened=opened(keys, world),
    )


def _with_absent(place: RegionResult, absent: list[KeyResult]) -> RegionResult:
    here = [key for key in absent if (key.account, key.region) == (place.account, place.region)]
    return with_keys(place, here) if here else place


def _identified(session: boto3.Session, witness: Witness | None) -> tuple[Asker, Caller]:
    """The account that the credentials belong to, and whose they are."""
    if session.region_name is None:
        raise ReportArgumentError("there is no Region: set --region, AWS_REGION or the profile's")
    return Asker.of(session, MANNER, witness)
