"""What every report begins with: the organization, the rule, its function, and the landing zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from landing_zone_key import KeyDataError, LandingZone, SettingsError
from landing_zone_key.key import KeyArn
from landing_zone_key.manifest import Delivery
from lzkey.aws.fact import takes
from lzkey.aws.former_keys import FormerKeys, former_keys
from lzkey.aws.function import function
from lzkey.aws.key_name import key_name
from lzkey.aws.keys import has_tag_condition, key, key_aliases, key_policy, key_tags
from lzkey.aws.landing_zone import home_region, landing_zone_arn, landing_zone_detail
from lzkey.aws.organization import members
from lzkey.aws.organization import organization as described
from lzkey.aws.rule import organization_rule, rules_named
from lzkey.aws.unanswered import UnansweredError
from lzkey.aws.units import unit_paths
from lzkey.report.facts import RuleInForce
from lzkey.report.model import Account, LandingZoneFacts, RuleFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from landing_zone_key import KmsKey
    from lzkey.aws.account import Asker
    from lzkey.aws.landing_zone import LandingZoneDetail
    from lzkey.aws.organization import OrganizationDetail


@takes(facts=(described, members, unit_paths))
def organization(asker: Asker) -> tuple[OrganizationDetail | None, tuple[Account, ...]]:
    """Who should be there; any account may ask which organization it is in, few may list its accounts."""
    found = asker.unless(lambda: described(asker), None)
    listed = asker.unless(lambda: members(asker), ()) if found else ()
    units = asker.unless(lambda: unit_paths(asker), {}) if listed else {}
    return found, tuple(
        Account(one.account, one.name, one.status, units.get(one.account, "")) for one in listed
    )


@takes(facts=(organization_rule, rules_named, function))
def rule(asker: Asker, maker: Asker, name: str) -> RuleInForce:
    """The rule as the account that made it shows it, else as this account has it from the organization."""
    found = maker.unless(lambda: organization_rule(maker, name), None)
    if found is None:
        named = asker.unless(lambda: rules_named(asker, name), None)
        if not named:
            where = f"account {asker.account} in {asker.region}"
            unknown = f"{where} did not tell its rules, so their parameters are not known"
            if named is not None:
                absent = f"{where} shows no rule {name}, so its parameters are not known"
                unknown = f"{absent}: is that the home Region?"
            return RuleInForce(RuleFacts(name, {}, unknown=unknown), is_absent=named is not None)
        found = named[0]
    zone, unknown = None, ""
    try:
        zone = LandingZone.from_rule_parameters(found.parameters)
    except SettingsError as error:
        unknown = f"its parameters are wrong: {error}"
    code, no_code = _code(maker, found.function)
    hours = found.period // timedelta(hours=1) if found.period else None
    facts = RuleFacts(found.name, found.parameters, found.function, code, unknown or no_code, hours)
    return RuleInForce(facts, zone, found.period, found.excluded_accounts)


@takes(facts=(landing_zone_arn, landing_zone_detail))
def landing_zone(home: Asker, region: str, management: str | None) -> tuple[LandingZoneFacts, object]:
    """The landing zone, and its manifest; nobody but the management account is told of it."""
    if management is not None and home.account != management:
        why = f"only the management account, {management}, can read the landing zone"
        return LandingZoneFacts(
            None, None, None, (), f"{why}: make the report there, or use --management-role"
        ), None
    try:
        arn = landing_zone_arn(home, region)
        found = landing_zone_detail(home, arn) if arn else None
    except UnansweredError as error:
        home.log.note(str(error))
        return LandingZoneFacts(None, None, None, (), str(error)), None
    if arn is None or found is None:
        why = f"Control Tower knows no landing zone in account {home.account}, {region}"
        return LandingZoneFacts(None, None, None, (), why), None
    facts = facts_of(found, home_region(arn))
    return facts, None if facts.unknown else found.manifest


def facts_of(found: LandingZoneDetail, region: str) -> LandingZoneFacts:
    """What a landing zone with this home Region shows of itself."""
    facts = LandingZoneFacts(found.version, found.latest, found.status, (), home_region=region)
    if found.manifest is None:
        return replace(facts, unknown="Control Tower does not show its manifest")
    keys = found.manifest_keys
    return replace(
        facts,
        keys=keys.logging,
        governed_regions=found.governed_regions,
        cloudtrail_keys=tuple(key for key, use in keys.uses if use is Delivery.CLOUDTRAIL),
        config_keys=tuple(key for key, use in keys.uses if use is Delivery.CONFIG),
        disabled=tuple(each.value for each in Delivery if each not in keys.delivers),
    )


@takes(facts=(former_keys,))
def with_former_keys(home: Asker, facts: LandingZoneFacts, zone: LandingZone) -> LandingZoneFacts:
    """The landing zone's facts with its former keys; what cannot be looked at is a note."""
    found = home.unless(lambda: former_keys(home, zone), FormerKeys())
    for sentence in found.unread:
        home.log.note(sentence)
    return replace(facts, former_keys=found.keys)


@takes(facts=(key_aliases,))
def names_by_alias(asker: Asker, regions: Iterable[str]) -> dict[str, str]:
    """What keys of the account are called by their aliases, by ARN; what cannot be listed is a note."""
    found: dict[str, list[str]] = {}
    for region in sorted({*regions}):
        found |= asker.unless(partial(key_aliases, asker, region), {})
    return {arn: key_name(aliases) for arn, aliases in found.items()}


@takes(facts=(key, key_policy, key_tags))
def own_keys(home: Asker, facts: LandingZoneFacts) -> dict[str, KmsKey]:
    """The landing zone's keys as KMS shows them today, by ARN; what cannot be read is a note.

    Tags are read where the policy has a condition on some.
    """
    found: dict[str, KmsKey] = {}
    for text in facts.keys:
        try:
            arn = KeyArn.parse(text)
            read = key(home, text, arn.region).with_policy(key_policy(home, arn))
            found[text] = read
            if has_tag_condition(read.policy):
                found[text] = replace(read, tags=key_tags(home, arn))
        except KeyDataError:
            continue  # an alias may be any key's
        except UnansweredError as error:
            home.log.note(str(error))
    return found


def _code(home: Asker, arn: str | None) -> tuple[str | None, str]:
    """The SHA-256 of the function's code as Lambda tells it, or why it is not known."""
    parts = (arn or "").split(":")
    if len(parts) < 7:  # noqa: PLR2004 - arn:aws:lambda:REGION:ACCOUNT:function:NAME
        return None, "it names no function, so its code is not known"
    if parts[4] != home.account:
        return None, f"its function is in account {parts[4]}, so its code is not known"
    found = home.unless(lambda: function(home, str(arn), parts[3]), None)
    code = found.code_sha256 if found else None
    return code, "" if code else "its function could not be read, so its code is not known"
