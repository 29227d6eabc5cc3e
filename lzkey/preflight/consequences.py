"""What the change brings with it, and until when: told from what is planned, without asking anybody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.key import partition_of
from landing_zone_key.manifest import Delivery
from lzkey.preflight.change import SPLIT, splits
from lzkey.preflight.model import SERVICES, Level, Part, Topic, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lzkey.aws.organization import Member
    from lzkey.preflight.change import Change
    from lzkey.preflight.model import Configuration, Item

_GUIDE: Final = "https://docs.aws.amazon.com/controltower/latest/userguide/"
_UPDATES: Final = f"{_GUIDE}configuration-updates.html"
_SPLIT_PAGE: Final = f"{_GUIDE}config-updates-v4.html"
_KEY_CHANGES: Final = f"{_GUIDE}key-changes-lz-v4.html"
_REGIONS: Final = f"{_GUIDE}region-how.html"
_PARTITIONS: Final = (
    "https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"
)
_ENROLL: Final = f"{_GUIDE}enroll-account.html"
_EXISTING: Final = f"{_GUIDE}existing-config-resources.html"
_FAILURES: Final = f"{_GUIDE}common-eg-failures.html"
_API: Final = "https://docs.aws.amazon.com/controltower/latest/APIReference/"
_DELETING: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"

_VERSION: Final = Topic(Part.CHANGE, "version", "Landing zone version", f"{_API}API_UpdateLandingZone.html")
_ROLLBACK: Final = replace(_VERSION, source=f"{_API}API_ResetLandingZone.html")
_UNHEARD: Final = replace(_VERSION, source=_UPDATES)
_SPLIT: Final = Topic(Part.CHANGE, "config-delivery", "Deliveries of AWS Config", _SPLIT_PAGE)
_LOGGING: Final = Topic(Part.CHANGE, "centralized-logging", "Centralized logging", _KEY_CHANGES)
_FORMER: Final = Topic(Part.CHANGE, "former-key", "Former key", _DELETING)
_IN_USE: Final = Topic(Part.CHANGE, "former-key-in-use", "Accounts with the former key", _UPDATES)
_WITHOUT: Final = replace(_IN_USE, what="Accounts without a key")
_REGION: Final = Topic(Part.CHANGE, "region", "Governed Region", _REGIONS)
_ACCOUNT: Final = Topic(Part.CHANGE, "account", "Account of the organization", _ENROLL)
_OWN: Final = Topic(
    Part.CHANGE, "existing-config-resources", "No recorder or delivery channel of its own", _EXISTING
)

#: What there is to update to, the last one as far as what it brings is known here.
#: https://docs.aws.amazon.com/controltower/latest/userguide/lz-version-selection.html
_VERSIONS: Final = ("3.1", "3.2", "3.3", "4.0")

_REGISTER: Final = "register every OU again, or update its accounts, as soon as the update has ended"
_MANIFEST: Final = "allow controltower:GetLandingZone; with files give what it prints"


def consequences(
    change: Change, before: Configuration, after: Configuration, latest: str | None
) -> Iterator[Item]:
    """Those of the version, of the logs' separation, of each key, and of each Region."""
    yield _of_version(before, after, latest)
    yield from _of_the_split(before, after)
    yield from _of_keys(before, after)
    yield from _of_regions(change, before)


def enrolments(change: Change, members: Sequence[Member] | None) -> Iterator[Item]:
    """Whether each account can be enrolled; None: nobody knows which accounts there are."""
    for account in change.accounts:
        yield _of_account(account, members)
        yield _OWN.item(
            Level.NOT_KNOWN,
            "the account alone tells, in each governed Region",
            "look there: aws configservice describe-configuration-recorders, describe-delivery-channels",
            account,
        )


def _of_version(before: Configuration, after: Configuration, latest: str | None) -> Item:
    present, wanted, newest = map(numbers, (before.version, after.version, latest))
    told = f"from {before.version} to {after.version}"
    if not present or not wanted:
        return _VERSION.item(Level.NOT_KNOWN, "the landing zone's version is not known", _MANIFEST)
    if wanted < present:
        return _ROLLBACK.item(Level.BLOCKER, f"{told}: no version can be rolled back", "give a later version")
    if newest and wanted > newest:
        return _VERSION.item(Level.BLOCKER, f"{told}: the latest there is is {latest}", f"give {latest}")
    if wanted > numbers(_VERSIONS[-1]):
        told = f"{told}: what a version later than {_VERSIONS[-1]} brings is not known here"
        return _UNHEARD.item(Level.NOT_KNOWN, told, "see whether there is one, and what it changes")
    if present < wanted != newest and after.version not in _VERSIONS:
        told = f"{told}: the versions to update to that AWS names are {', '.join(_VERSIONS)}"
        return _UNHEARD.item(Level.NOT_KNOWN, told, "give one of them")
    return _VERSION.item(Level.OK, told if wanted > present else f"it stays {before.version}")


def _of_the_split(before: Configuration, after: Configuration) -> Iterator[Item]:
    if splits(before, after):
        yield _SPLIT.item(
            Level.WARNING,
            "from the update on nothing is delivered to Amazon S3, until every OU is registered again: the "
            "former bucket admits AWS Config no more, and the delivery channels keep it until then",
            "right after the update register every OU again, or enable its ConfigBaseline; "
            "aws configservice get-resource-config-history has what was recorded meanwhile",
        )
    crosses = before.major is not None and after.major is not None and before.major < SPLIT <= after.major
    if crosses and before.keys is not None and Delivery.CLOUDTRAIL not in before.keys.delivers:
        yield _LOGGING.item(
            Level.WARNING,
            f"it is off in the manifest, and by {SPLIT}.0 that deletes its resources in the logging account",
            "turn it on, or save what must stay, before the update",
        )


def _of_keys(before: Configuration, after: Configuration) -> Iterator[Item]:
    """Of each key that is in use no more, and of what goes on to use it."""
    if before.keys is None:
        return
    changed = {use: key for use in SERVICES if (key := before.key_of(use)) != after.key_of(use)}
    for key in filter(None, dict.fromkeys(changed.values())):
        services = " and ".join(SERVICES[use] for use, each in changed.items() if each == key)
        yield _FORMER.item(
            Level.WARNING,
            f"the logs of {services} that it encrypted can be read with it alone",
            "keep it enabled, and its policy, as long as the logs",
            key,
        )
    if Delivery.CONFIG in changed and after.key_of(Delivery.CONFIG) is not None:
        former = changed[Delivery.CONFIG]
        until = f"{_REGISTER}; until then the former key must serve AWS Config, too" if former else _REGISTER
        yield (_IN_USE if former else _WITHOUT).item(
            Level.WARNING,
            "an update changes the shared accounts alone: enrolled accounts deliver as before, until each is "
            "updated",
            until,
            former or "",
        )


def _of_regions(change: Change, before: Configuration) -> Iterator[Item]:
    partition = partition_of(before.zone.home_region)
    for region in change.regions:
        if partition_of(region) != partition:
            yield replace(_REGION, source=_PARTITIONS).item(
                Level.BLOCKER,
                f"it is in partition {partition_of(region)}, and the landing zone in {partition}: no account "
                "is in both",
                "leave it out",
                region,
            )
        elif region in before.zone.governed_regions:
            yield _REGION.item(Level.OK, "it is governed already", "", region)
        else:
            yield _REGION.item(
                Level.WARNING,
                "the update does not reach the enrolled accounts: nothing of theirs is recorded there until "
                "their OUs are registered again",
                _REGISTER,
                region,
            )


def _of_account(account: str, members: Sequence[Member] | None) -> Item:
    if members is None:
        why = "which accounts the organization has is not known"
        return _ACCOUNT.item(Level.NOT_KNOWN, why, "allow organizations:ListAccounts, live", account)
    member = next((each for each in members if each.account == account), None)
    if member is None:
        fix = "invite it into the organization first"
        return _ACCOUNT.item(Level.BLOCKER, "it is not in this organization", fix, account)
    if not member.is_active:
        suspended = replace(_ACCOUNT, source=_FAILURES)
        detail = f"it is {member.status}, and cannot be enrolled"
        return suspended.item(Level.BLOCKER, detail, "enrol another one", account)
    return _ACCOUNT.item(Level.OK, "it is one, and active", "", account)
