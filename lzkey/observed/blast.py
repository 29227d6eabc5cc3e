"""What depends on a key, since when it has been out of service, and until when that can be mended."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass
from lzkey.aws.delivery_channel import delivery_channel_statuses, delivery_channels
from lzkey.aws.events import event_history
from lzkey.aws.key_record import key_usage
from lzkey.aws.landing_zone import landing_zone_arn, landing_zone_detail
from lzkey.aws.trail import trail, trail_status
from lzkey.figures import counted, moment, some
from lzkey.observed.values import CLOUDTRAIL, CONFIG, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from lzkey.aws.standing import Standing
    from lzkey.documents import Count
    from lzkey.observed.values import Observation, Observed, OutOfService

#: What `lzkey.observed.asking` asks for, to find out what depends on one key.
FACTS: Final = (
    landing_zone_arn,
    landing_zone_detail,
    trail,
    trail_status,
    delivery_channels,
    delivery_channel_statuses,
    key_usage,
    event_history,
)


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What stops when one key does: only what is observed to encrypt with it, and how much was looked at."""

    key: str
    """The ARN, or whatever the landing zone's manifest calls it."""
    state: str
    """The key state, such as PendingDeletion, or `of unknown state`."""
    purpose: str
    """In a sentence: whose logs it is for, or why nobody knows."""
    depends: str
    """In a sentence: what is observed to encrypt with it, and how much was looked at."""
    former: bool = False
    """Whether the landing zone does not encrypt with it any more."""
    services: tuple[str, ...] = ()
    """CloudTrail, AWS Config: by the landing zone's manifest; of a former key, by its policy."""
    trails: tuple[str, ...] = ()
    """The ARNs of the trails that encrypt with it."""
    delivery_channels: Count = 0
    """How many delivery channels encrypt with it, of those that were asked for."""
    accounts: tuple[str, ...] = ()
    """Where these trails and delivery channels are."""
    regions: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    """Where they deliver to today."""
    out_of_service: OutOfService | None = None
    """Since when it is not Enabled; null where it is."""
    failing: Count = 0
    """How many kinds of deliveries that encrypt with it fail, whatever the cause is."""
    first_failure: datetime | None = None
    """The first of them that is known; of a trail's AWS does not tell when they were."""
    last_success: datetime | None = None
    """The last success of them that is known."""
    ends: str | None = None
    """ISO 8601 date of its deletion, or on which its key material expires."""
    days_left: int | None = None
    """Calendar days in UTC until then: 0 on that day, less after it."""
    trouble: str = ""
    """In a sentence: why logs cannot be read, or from when on, and since when; empty where none is seen."""
    fix: str = ""
    """The command that stops it; empty where nothing is to be done to the key."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was observed, by the key that encrypts it."""

    observations: Mapping[str, list[Observation]]
    """By the key's ARN, and by its id: a manifest may name that alone."""
    out_of_service: Mapping[str, OutOfService]
    """By the key's ARN."""
    seen: str
    """How much was looked at, and what of it was not seen."""


def survey(found: Observed) -> Survey:
    """What was observed, in the order in which blast radii ask for it."""
    by_key: dict[str, list[Observation]] = defaultdict(list)
    for one in found.observations:
        for name in {one.key, one.key.rpartition("/")[2]} if one.key else ():
            by_key[name].append(one)
    return Survey(by_key, {one.key: one for one in found.out_of_service}, "; ".join(_seen(found)))


def blast_radius(
    standing: Standing,
    found: Survey | None,
    now: datetime,
    services: tuple[str, ...] = (),
    *,
    purpose: str = "",
    former: bool = False,
) -> BlastRadius:
    """What depends on a key by what was observed, and until when it can serve, seen from `now`.

    `purpose` says what is known of the manifest where it names the key for no service.
    """
    its = found.observations.get(standing.arn, []) if found else []
    failing = [one for one in its if one.outcome is Outcome.FAILING]
    out = found.out_of_service.get(standing.arn) if found else None
    buckets = _names(one.bucket for one in its)
    return BlastRadius(
        standing.arn,
        standing.state,
        purpose or _purpose(services, former=former),
        _depends(standing.arn, its, found),
        former,
        services,
        _names(one.sender for one in its if one.service == CLOUDTRAIL),
        len({_place(one) for one in its if one.service == CONFIG}),
        _names(one.account for one in its),
        _names(one.region for one in its),
        buckets,
        out,
        len(failing),
        _first(failing),
        _last(failing),
        standing.ends,
        standing.days_left(now),
        "; ".join((*_fault(standing, buckets, now), *_since(out), *_failures(its))),
        standing.fix,
    )


def _place(one: Observation) -> tuple[str, str, str]:
    return one.account, one.region, one.sender


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))


def _purpose(services: tuple[str, ...], *, former: bool) -> str:
    if former:
        return f"its policy admits {' and '.join(services)}"
    used = f" for the logs of {' and '.join(services)}" if services else ""
    return f"the landing zone's manifest names it{used}"


def _depends(key: str, its: list[Observation], found: Survey | None) -> str:
    if found is None:
        return "what encrypts with it was not observed"
    if key.startswith("alias/") or ":alias/" in key:
        return "it is named by an alias, which may be any key's, so what encrypts with it is not known"
    trails = [f"trail {arn.rpartition('/')[2]}" for arn in _names(_senders(its, CLOUDTRAIL))]
    told = [*trails, *_channels([one for one in its if one.service == CONFIG])]
    verb = "encrypts" if len(told) == 1 and not told[0].startswith("delivery channels") else "encrypt"
    buckets = some(_names(one.bucket for one in its))
    what = f"{' and '.join(told)} {verb} with it, into {buckets}" if told else _NOTHING
    return f"{what} ({found.seen})"


_NOTHING: Final = "nothing that was observed encrypts with it"


def _senders(its: Iterable[Observation], service: str) -> Iterator[str]:
    return (one.sender for one in its if one.service == service)


def _channels(its: list[Observation]) -> Iterator[str]:
    accounts, regions = _names(one.account for one in its), _names(one.region for one in its)
    if its:
        number = "the delivery channel" if len({_place(one) for one in its}) == 1 else "delivery channels"
        whose = "account" if len(accounts) == 1 else f"{len(accounts):,} accounts:"
        yield f"{number} of {whose} {some(accounts)} in {some(regions)}"


def _seen(found: Observed) -> Iterator[str]:
    services = {one.service for one in found.observations}
    if CONFIG in services:
        yield f"the landing zone's trail and {found.asked}" if CLOUDTRAIL in services else found.asked
    else:
        yield "the landing zone's trail alone was asked for" if services else "nothing was asked for"
    places = {(one.service, *_place(one)): one for one in found.observations}
    unseen = [one for one in places.values() if not one.sender]
    if unseen:
        number = f"{len(unseen):,} of {counted(len(places), 'trail or delivery channel', _PLACES)}"
        yield f"of {number} nothing was seen: {unseen[0].detail}"
    unnamed = [one for one in places.values() if one.sender and one.key is None and one.service == CONFIG]
    if unnamed:
        number = counted(len(unnamed), "delivery channel names", "delivery channels name")
        yield f"{number} no key: with what the bucket encrypts was not observed"


_PLACES: Final = "trails and delivery channels"


def _fault(standing: Standing, buckets: tuple[str, ...], now: datetime) -> Iterator[str]:
    if not standing.fault:
        return
    yield standing.fault
    days = standing.days_left(now)
    if days is not None:
        yield _left(days)
    if buckets:
        yield f"as far as is observed they are in {some(buckets)}"


def _left(days: int) -> str:
    if days < 0:
        return "that date is past"
    return f"{counted(days, 'day')} left, in UTC" if days else "that is today, in UTC"


def _since(out: OutOfService | None) -> Iterator[str]:
    if out is not None and out.since is None:
        yield f"since when is not known: {out.unknown}"
    elif out is not None:
        yield f"out of service since {moment(out.since)} at the latest ({out.change})"


def _failures(its: list[Observation]) -> Iterator[str]:
    """What fails of what encrypts with it, whatever the cause is; then what has failed before a change."""
    failing = [one for one in its if one.outcome is Outcome.FAILING]
    if failing:
        last = _last(failing)
        succeeded = f", the last success that is known at {moment(last)}" if last else ""
        first = f", the first failure that is known at {moment(_first(failing))}" if _first(failing) else ""
        number = f"{len(failing):,} of {counted(len(its), 'kind')} of deliveries that encrypt with it"
        yield f"{number} {'fails' if len(failing) == 1 else 'fail'}{first}{succeeded}"
    earlier = [one for one in its if one.error and one.outcome is Outcome.NOT_OBSERVED]
    yield from (f"{one.what} of account {one.account} in {one.region}: {one.detail}" for one in earlier[:1])


def _first(failing: list[Observation]) -> datetime | None:
    return min((one.at for one in failing if one.at and one.service != CLOUDTRAIL), default=None)


def _last(failing: list[Observation]) -> datetime | None:
    return max((one.succeeded_at for one in failing if one.succeeded_at), default=None)
