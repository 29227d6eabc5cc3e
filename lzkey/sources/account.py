"""A live account: its keys (all that customers manage, some, or the landing zone's), and its landing zone.

Policies of AWS managed keys are not read: nobody can change them, and reading them raises alarms.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import KeyArn
from lzkey.aws.account import Asker, Manner, at_once
from lzkey.aws.key_name import key_name
from lzkey.aws.keys import NOT_FOUND, has_tag_condition, key, key_aliases, key_arns, key_policy, key_tags
from lzkey.aws.landing_zone import home_region, landing_zone_arn, landing_zone_detail
from lzkey.aws.organization import members, organization
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import LiveError
from lzkey.sources.open_policy import TAGS_OPEN, with_any_tags
from lzkey.sources.source import known_key
from lzkey.sources.subject import FoundKey, Kind, Place, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import boto3

    from landing_zone_key.manifest import ManifestKeys
    from lzkey.aws.caller import Caller
    from lzkey.aws.landing_zone import LandingZoneDetail
    from lzkey.aws.witness import Witness
    from lzkey.sources.subject import Context

#: Errors stand in files that others read.
MANNER: Final = Manner(quoting=False)

_ARN: Final = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):(\d{12}):(?:key|alias)/.+")


def live(
    session: boto3.Session,
    context: Context,
    *,
    keys: Sequence[str] | None = None,
    landing_zone: bool = False,
    witness: Witness | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[FoundKey | Unread]:
    """Read keys that are given by ARN, id or alias; else those of the landing zone's manifest, or all.

    A witness keeps what is read. What cannot be read of one key is unknown of that key; the rest goes on.
    With `tell` keys are called by their aliases, too, and it is told why not where those cannot be listed.
    Raises LiveError where not even the caller's account can be told.
    """
    reader = _Reader(*Asker.of(session, MANNER, witness), context)
    try:
        wanted = list(keys or (reader.of_manifest() if landing_zone else key_arns(reader.asker)))
    except LiveError as error:
        yield Unread(reader.place(), str(error))
        return
    one = reader.asked_for if keys or landing_zone else reader.one_of_all
    aliases = reader.aliases({_region(name) for name in wanted}, tell) if tell else {}
    for result in at_once(one, wanted):
        if isinstance(result, FoundKey):
            label = key_name(aliases.get(str(result.key.arn), ()), result.key.tags)
            yield replace(result, manifest_keys=reader.manifest_keys, label=label)
        elif result is not None:
            yield result


class _Reader:
    """Reads one key after the other; several threads may do so at once."""

    def __init__(self, asker: Asker, caller: Caller, context: Context) -> None:
        self.asker = asker
        self._partition = caller.partition
        self._context = context
        self.manifest_keys: ManifestKeys | None = None

    def place(self, region: str | None = None) -> Place:
        """Where keys are."""
        return Place(f"account {self.asker.account} in {region or self.asker.region}", Kind.LIVE)

    def of_manifest(self) -> list[str]:
        """The keys that the landing zone's manifest names for logging; raise LiveError.

        A manifest that is given is the one that is meant, whatever is in force.
        """
        self.manifest_keys = self._context.zone.manifest_keys
        if self.manifest_keys is None:
            _, zone = landing_zone_of(self.asker, self._context.zone.home_region)
            self.manifest_keys = zone.manifest_keys
        names = self.manifest_keys.logging
        if not self.manifest_keys.delivers:
            raise LiveError("no logs are delivered: centralizedLogging and config are disabled")
        if not names:
            raise LiveError(
                "the landing zone's manifest names no KMS key: its logs have Amazon S3's own encryption"
            )
        return list(names)

    def aliases(self, regions: Iterable[str | None], tell: Callable[[str], None]) -> dict[str, list[str]]:
        """The aliases of all keys there, by the keys' ARNs; where they are refused, that is told."""
        found: dict[str, list[str]] = {}
        for region in sorted({region or self.asker.region for region in regions}):
            try:
                found |= key_aliases(self.asker, region)
            except UnansweredError as error:
                tell(f"{error}: aliases are not shown")
        return found

    def one_of_all(self, arn: str) -> FoundKey | Unread | None:
        """One of the account's keys; None for AWS's own, and for one that is gone by now."""
        result = self._read(arn)
        if isinstance(result, UnansweredError):
            return None if result.code == NOT_FOUND else self._undescribed(arn, result)
        return None if result.key_manager == "AWS" else self._complete(result, str(result.arn))

    def asked_for(self, name: str) -> FoundKey | Unread:
        """The key of an ARN, id or alias."""
        result = self._read(name)
        if not isinstance(result, UnansweredError):
            return self._complete(result, name if "alias/" in name else str(result.arn))
        if result.code == NOT_FOUND:
            kind = "" if ":" in name or name.startswith("alias/") else " (an alias begins with alias/)"
            place = self.place(_region(name))
            return Unread(place, f"there is no key {name} in {place.source}{kind}", absent=True)
        return self._undescribed(name, result)

    def _read(self, name: str) -> KmsKey | UnansweredError:
        try:
            return key(self.asker, name, _region(name))
        except UnansweredError as error:
            return error

    def _complete(self, described: KmsKey, name: str) -> FoundKey:
        """The key with its policy, and with its tags where the policy asks for them."""
        open_tags, failed = False, ""
        whole = described.with_policy(None, "an AWS managed key's policy is not read")
        if whole.key_manager != "AWS":
            whole = self._with_policy(whole)
        if has_tag_condition(whole.policy):
            try:
                whole = replace(whole, tags=key_tags(self.asker, whole.arn))
            except UnansweredError as error:
                open_tags, failed = True, str(error)
        made = known_key(whole, self.place(whole.arn.region), self._context, name=name)
        if not open_tags:
            return made
        unresolved = f"{TAGS_OPEN}: {failed}"
        return replace(
            made, hopeful=with_any_tags(whole, self._context.zone), unresolved=(*made.unresolved, unresolved)
        )

    def _with_policy(self, described: KmsKey) -> KmsKey:
        try:
            return described.with_policy(key_policy(self.asker, described.arn))
        except UnansweredError as error:
            if error.code == NOT_FOUND:
                return replace(described, deleted=True)
            return described.with_policy(None, str(error))

    def _undescribed(self, name: str, error: UnansweredError) -> FoundKey | Unread:
        """A key of which nothing but its ARN is known; without that, nothing at all."""
        own = f"arn:{self._partition}:kms:{self.asker.region}:{self.asker.account}:key/{name}"
        text = name if ":" in name else own
        try:
            arn = KeyArn.parse(text)
        except KeyDataError:
            return Unread(self.place(_region(name)), str(error))
        bare = replace(KmsKey.from_arn(arn), attributes_missing=str(error), policy_missing=str(error))
        return known_key(bare, self.place(arn.region), self._context)


def landing_zone_of(asker: Asker, region: str | None = None) -> tuple[str, LandingZoneDetail]:
    """The landing zone's home Region, and the landing zone; raise LiveError where there is none.

    The home Region need not be known: the first question may be asked in any.
    """
    arn = landing_zone_arn(asker, region)
    found = None if arn is None else landing_zone_detail(asker, arn)
    if arn is None or found is None:
        raise LiveError(
            f"account {asker.account} has no landing zone: only the organization's management account has one"
        )
    return home_region(arn), found


def _region(name: str) -> str | None:
    """The Region of an ARN; None for ids and aliases."""
    matched = _ARN.fullmatch(name)
    return matched[1] if matched else None


def todays_accounts(session: boto3.Session) -> tuple[str, ...]:
    """The organization's active accounts; none where the credentials' account may not list them.

    Raises LiveError where that is not answered otherwise.
    """
    asker, _ = Asker.of(session, MANNER)
    try:
        return tuple(member.account for member in members(asker) if member.is_active)
    except UnansweredError as error:
        if not error.refused:
            raise
        return ()


def discover(session: boto3.Session) -> dict[str, str]:
    """HomeRegion, ManagementAccountId, OrganizationId and, where it tells, GovernedRegions.

    Raises LiveError, naming the action, where one of the questions is not answered.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
    """
    asker, _ = Asker.of(session, MANNER)
    region, zone = landing_zone_of(asker)
    its = organization(asker)
    if its is None:
        raise LiveError(f"account {asker.account} is in no organization")
    governed = {"GovernedRegions": ",".join(zone.governed_regions)} if zone.governed_regions else {}
    return {
        "HomeRegion": region,
        "ManagementAccountId": its.management_account,
        "OrganizationId": its.id,
        **governed,
    }
