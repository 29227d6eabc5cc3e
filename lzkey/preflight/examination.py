"""One preflight: of the live landing zone, or of a manifest and keys in files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError
from landing_zone_key.key import KeyArn
from landing_zone_key.manifest import Delivery
from lzkey.aws.account import ASSUME_ROLE, at_once
from lzkey.aws.fact import actions_of, identity_policy, statement
from lzkey.aws.landing_zone import LandingZoneDetail
from lzkey.aws.unanswered import UnansweredError
from lzkey.catalogue import PREMISES
from lzkey.errors import UsageError
from lzkey.preflight.change import resolved, splits
from lzkey.preflight.consequences import consequences, enrolments
from lzkey.preflight.landing import FACTS
from lzkey.preflight.looks import LOOKS, UNIT
from lzkey.preflight.model import Configuration, Level, Part, Preflight, Topic
from lzkey.preflight.requirements import (
    KEY,
    key_items,
    missing_item,
    several_item,
    taken_for_granted,
    unread_item,
)
from lzkey.preflight.subject import Subject, unanswered
from lzkey.sources import KEYS, live
from lzkey.sources.manifest import key_fault
from lzkey.sources.subject import Context, FoundKey, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import boto3

    from landing_zone_key import LandingZone
    from lzkey.preflight.change import Change
    from lzkey.preflight.landing import Landing
    from lzkey.preflight.model import Item
    from lzkey.sources.manifest import Manifest

_ACCOUNTS: Final = Topic(
    Part.BESIDE,
    "accounts",
    "Accounts of the organization",
    "https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html",
)

#: What no reading tells.
LIMITS: Final = (
    "how Control Tower's own pre-check asks, and whether since 4.0 of each key for its own service alone",
    "whether the buckets' policies, and service and resource control policies, let the services write",
    "quotas, AWS STS in each Region, IAM Identity Center, and whatever else an update meets",
    "what is changed between this look and the update",
)
_NOT_ASKED: Final = (
    "the state beside the key (log buckets, delivery channels, trusted access, stack sets, status, drift): "
    "no file is asked for it; without files, with credentials of the management account, AWS is"
)


@dataclass(frozen=True, slots=True)
class Files:
    """What was given in place of a live landing zone."""

    manifest: Manifest | None
    keys: Callable[[Context], Iterable[FoundKey | Unread]]
    """Reads them, once it is known which key a bare policy is of."""


def examine(
    landing: Landing,
    zone: LandingZone,
    change: Change,
    session: boto3.Session,
    *,
    role: str | None = None,
    at: datetime,
) -> Preflight:
    """Look at the live landing zone, with a session in its home Region, and change nothing.

    `role` is the name of one in the accounts of the log buckets. Raises UsageError for a change that cannot
    be; what AWS does not answer is an item.
    """
    detail = landing.detail
    manifest = detail.manifest if isinstance(detail, LandingZoneDetail) else None
    version = detail.version if isinstance(detail, LandingZoneDetail) else None
    before = _configuration(replace(zone, accounts=landing.accounts), manifest, version)

    def read(names: Sequence[str]) -> dict[str, FoundKey | Unread]:
        found = live(session, Context(before.zone), keys=names) if names else ()
        return dict(zip(names, found, strict=True))

    former = () if before.keys is None else before.keys.logging
    named = read([*change.keys, *(name for name in former if name not in change.keys and not _is_arn(name))])
    arns = {name: str(each.key.arn) for name, each in named.items() if isinstance(each, FoundKey)}
    before, change = resolved(before, arns), change.with_keys(arns)
    after = change.applied(before, landing.latest)
    known = {str(each.key.arn): each for each in named.values() if isinstance(each, FoundKey)} | named
    wanted = () if after.keys is None else after.keys.logging
    known |= read([name for name in wanted if name not in known])
    subject = Subject(
        landing.at_home(session, zone.home_region),
        landing.caller.partition,
        change,
        before,
        after,
        detail,
        landing.members,
        role,
    )
    looked = at_once(lambda look: list(look.items(subject)), LOOKS)
    items = [
        *_of_keys(after, {name: [known[name]] for name in wanted}, at),
        *consequences(change, before, after, landing.latest),
        *enrolments(change, None if isinstance(landing.members, UnansweredError) else landing.members),
        *(item for each in looked for item in each),
        *_of_members(landing),
    ]
    assumed = _assumed(change, before, after, [known[name] for name in wanted])
    return _made(before, after, items, at, assumed, is_live=True)


def examine_files(files: Files, context: Context, change: Change, at: datetime) -> Preflight:
    """Look at a manifest and keys in files; without a manifest every key is for both services.

    Raises UsageError for a change that cannot be, or a key that is named and no file has.
    """
    manifest, version = (files.manifest.content, files.manifest.version) if files.manifest else (None, None)
    before = _configuration(context.zone, manifest, version)
    found = list(files.keys(_of_one_key(context, change.applied(before))))
    keys = [each for each in found if isinstance(each, FoundKey)]
    change = change.with_keys({name: str(_named(name, keys).key.arn) for name in change.keys})
    after = change.applied(before)
    if after.keys is None:
        known = {each.name: [each] for each in keys}
    else:
        known = {name: [each for each in keys if _is_named(name, each)] for name in after.keys.logging}
    items = [
        *_of_keys(after, known, at),
        *(unread_item(each.place.source, each) for each in found if isinstance(each, Unread)),
        *consequences(change, before, after, None),
        *enrolments(change, None),
        *_of_unit(change),
    ]
    assumed = _assumed(change, before, after, [each for several in known.values() for each in several])
    return _made(before, after, items, at, assumed, is_live=False)


def iam_policy() -> dict[str, Any]:
    """The least that whoever looks must be allowed; the role in other accounts has permissions of its own."""
    return identity_policy(
        statement("ReadTheLandingZone", actions_of(*FACTS)),
        statement("ReadKeys", actions_of(*KEYS)),
        statement("LookBesideTheKeys", actions_of(*(each.look for each in LOOKS))),
        statement("LookAtTheLogBuckets", [ASSUME_ROLE]),
    )


def _configuration(
    zone: LandingZone, manifest: Mapping[str, Any] | None, version: str | None
) -> Configuration:
    zone = zone if manifest is None else zone.with_manifest(manifest, version)
    return Configuration(zone, manifest, version)


def _of_one_key(context: Context, after: Configuration) -> Context:
    """The context in which a bare policy is that of the landing zone's key, where it has one alone."""
    keys = () if after.keys is None else after.keys.logging
    if context.key_arn is not None or len(keys) != 1:
        return context
    return replace(context, key_arn=keys[0]) if _is_arn(keys[0]) else context


def _is_arn(name: str) -> bool:
    try:
        KeyArn.parse(name)
    except KeyDataError:
        return False
    return True


def _named(name: str, keys: Sequence[FoundKey]) -> FoundKey:
    """The key of a name; raises UsageError unless there is just one, but for an ARN that no file has."""
    found = [each for each in keys if _is_named(name, each)]
    if len(found) != 1:
        there = ", ".join(each.name for each in keys) or "none"
        raise UsageError(f"the files have {len(found) or 'no'} keys of the name {name}; there is {there}")
    return found[0]


def _is_named(name: str, key: FoundKey) -> bool:
    return name in (key.name, str(key.key.arn), key.key.arn.key_id)


def _of_keys(
    after: Configuration, known: Mapping[str, Sequence[FoundKey | Unread]], at: datetime
) -> Iterator[Item]:
    """Control Tower's requirements, of each key that is in use after the change."""
    silent = after.keys is not None and any(after.key_of(use) is None for use in after.keys.delivers)
    if silent and after.manifest is not None and (fault := key_fault(after.manifest)):
        yield KEY.item(Level.NOT_KNOWN, f"in the manifest {fault}", "look at the landing zone's settings")
    elif not known:
        yield _of_no_key(after)
    for name, found in known.items():
        if len(found) > 1:
            yield several_item(name, [each.place.source for each in found])
        elif not found:
            yield missing_item(name)
        elif isinstance(found[0], Unread):
            yield unread_item(name, found[0])
        else:
            yield from key_items(found[0], after, at)


def _of_no_key(after: Configuration) -> Item:
    if after.keys is None:
        detail, fix = "no key is known: the manifest was not read", "give --key, or let the manifest be read"
        return KEY.item(Level.NOT_KNOWN, detail, fix)
    told = "the manifest names none: the logs have Amazon S3's own encryption, and nothing is asked of a key"
    if not after.keys.delivers:
        told = "no logs are delivered: both integrations are off in the manifest"
    return KEY.item(Level.OK, told)


def _of_unit(change: Change) -> Iterator[Item]:
    """That no file tells which accounts a unit has."""
    if change.unit is not None:
        yield UNIT.item(
            Level.NOT_KNOWN,
            "which accounts it has no file tells",
            "look at the live landing zone",
            change.unit,
        )


def _of_members(landing: Landing) -> Iterator[Item]:
    """That the proof is for any account, where nobody says which there are."""
    if isinstance(landing.members, UnansweredError):
        seen = unanswered(_ACCOUNTS, landing.members)
        yield replace(seen, detail=f"{seen.detail}; the permissions are proved for any account")


def _assumed(
    change: Change, before: Configuration, after: Configuration, keys: Iterable[FoundKey | Unread]
) -> Iterator[str]:
    """What is taken for granted."""
    if change.version is None and before.version and after.version != before.version:
        yield (
            f"the update is to {after.version}, the latest that there is; "
            f"--landing-zone-version {before.version} stays"
        )
    if splits(before, after) and change.config_key is None and before.key_of(Delivery.CONFIG):
        yield "AWS Config goes on with the key that both logs had; --config-key gives it another"
    if before.manifest is None and len(change.keys) == 1 and None in (change.logging_key, change.config_key):
        yield "the manifest was not read: the key that is given is taken for both logs"
    if after.zone.accounts:
        yield "AWS Config delivers from each active account of the organization, be it enrolled or not"
    found = [each for each in keys if isinstance(each, FoundKey)]
    yield from (sentence for each in found for sentence in taken_for_granted(each))
    yield from (premise.text for premise in PREMISES if found)


def _made(
    before: Configuration,
    after: Configuration,
    items: Sequence[Item],
    at: datetime,
    assumed: Iterable[str],
    *,
    is_live: bool,
) -> Preflight:
    """The preflight, its items in the order of their parts."""
    parts = list(Part)
    return Preflight(
        before,
        after,
        at,
        is_live,
        tuple(sorted(items, key=lambda item: parts.index(item.part))),
        tuple(dict.fromkeys(assumed)),
        LIMITS if is_live else (*LIMITS, _NOT_ASKED),
    )
