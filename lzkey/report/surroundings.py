"""What every report begins with: the organization, the rule, its function, and the landing zone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from landing_zone_key import LandingZone, SettingsError
from lzkey.aws.account import UnansweredError
from lzkey.aws.fact import actions_of
from lzkey.aws.landing_zone import landing_zone_arn, landing_zone_detail
from lzkey.aws.organization import members
from lzkey.aws.organization import organization as described
from lzkey.aws.rule import PERIODS, is_named
from lzkey.report.facts import Organization, Rule
from lzkey.report.model import Account, LandingZoneFacts, RuleFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lzkey.aws.account import Answer, Asker
    from lzkey.aws.landing_zone import LandingZoneDetail

ORGANIZATION_ACTIONS: Final = actions_of(described, members)
RULE_ACTIONS: Final = (
    "config:DescribeOrganizationConfigRules",
    "config:DescribeConfigRules",
    "lambda:GetFunctionConfiguration",
)
LANDING_ZONE_ACTIONS: Final = actions_of(landing_zone_arn, landing_zone_detail)

_NO_ORGANIZATION_RULES: Final = ("NoSuchOrganizationConfigRuleException", "OrganizationAccessDeniedException")
_ON_SCHEDULE: Final = "ScheduledNotification"


def organization(aws: Asker) -> Organization:
    """Return who should be there; any account may ask which organization it is in, few may list it."""
    found = aws.unless(lambda: described(aws), None)
    if found is None:
        return Organization(None, None, None)
    return Organization(found.id, found.management_account, aws.unless(lambda: _accounts(aws), None))


def rule(aws: Asker, home: Asker, name: str) -> Rule:
    """Return the rule as its owner shows it, else as this account has it from the organization."""
    found = home.unless(lambda: _organization_rule(home, name), None, *_NO_ORGANIZATION_RULES)
    if found is None:
        found = aws.unless(lambda: _own_rule(aws, name), None)
    if found is None:
        where = f"account {aws.account} shows no rule {name} in {aws.region}"
        unknown = f"{where}, so its parameters are not known: is that the home Region?"
        return Rule(RuleFacts(name, {}, unknown=unknown))
    shown, parameters, function, period, excluded = found
    zone, unknown = None, ""
    try:
        zone = LandingZone.from_rule_parameters(parameters)
    except SettingsError as error:
        unknown = f"its parameters are wrong: {error}"
    code, no_code = _code(home, function)
    facts = RuleFacts(shown, parameters, function, code, unknown or no_code)
    return Rule(facts, zone, period, excluded)


def landing_zone(home: Asker, region: str, management: str | None) -> tuple[LandingZoneFacts, object]:
    """Return the landing zone, and its manifest; nobody but the management account is told of it."""
    if management is not None and home.account != management:
        why = f"only the management account, {management}, can read the landing zone"
        return LandingZoneFacts(
            None, None, None, (), f"{why}: make the report there, or use --management-role"
        ), None
    try:
        found = _landing_zone(home, region)
    except UnansweredError as error:
        home.log.note(str(error))
        return LandingZoneFacts(None, None, None, (), str(error)), None
    if found is None:
        why = f"Control Tower knows no landing zone in account {home.account}, {region}"
        return LandingZoneFacts(None, None, None, (), why), None
    facts = LandingZoneFacts(found.version, found.latest, found.status, ())
    if found.manifest is None:
        return replace(facts, unknown="Control Tower does not show its manifest"), None
    facts = replace(facts, keys=found.keys, governed_regions=found.governed_regions)
    return facts, found.manifest


def _accounts(aws: Asker) -> tuple[Account, ...]:
    return tuple(Account(member.account, member.name, member.status) for member in members(aws))


_Found = tuple[str, dict[str, str], str | None, timedelta | None, tuple[str, ...]]


def _organization_rule(home: Asker, name: str) -> _Found | None:
    answer = home.ask("config:DescribeOrganizationConfigRules", OrganizationConfigRuleNames=[name])
    for found in answer["OrganizationConfigRules"]:
        custom = found.get("OrganizationCustomRuleMetadata") or {}
        on_schedule = _ON_SCHEDULE in custom.get("OrganizationConfigRuleTriggerTypes", [])
        return (
            found["OrganizationConfigRuleName"],
            _parameters(custom),
            custom.get("LambdaFunctionArn"),
            _period(custom) if on_schedule else None,
            tuple(found.get("ExcludedAccounts", [])),
        )
    return None


def _own_rule(aws: Asker, name: str) -> _Found | None:
    for found in own_rules(aws, name):
        source = found.get("Source", {})
        scheduled = [
            detail for detail in source.get("SourceDetails", []) if detail.get("MessageType") == _ON_SCHEDULE
        ]
        period = _period({**found, **scheduled[0]}) if scheduled else None
        return found["ConfigRuleName"], _parameters(found), source.get("SourceIdentifier"), period, ()
    return None


def own_rules(aws: Asker, name: str, region: str | None = None) -> list[Answer]:
    """Return an account's own rules of that name, or made by the organization's rule of that name."""
    rules: Iterable[Answer] = aws.each("config:DescribeConfigRules", "ConfigRules", region=region)
    return [found for found in rules if is_named(found["ConfigRuleName"], name)]


def _parameters(shown: Answer) -> dict[str, str]:
    try:
        given = json.loads(shown.get("InputParameters") or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def _period(shown: Answer) -> timedelta:
    frequency = shown.get("MaximumExecutionFrequency") or "TwentyFour_Hours"
    return PERIODS.get(frequency, PERIODS["TwentyFour_Hours"])


def _code(home: Asker, function: str | None) -> tuple[str | None, str]:
    """Return the SHA-256 of the function's code as Lambda tells it, or why it is not known."""
    parts = (function or "").split(":")
    if len(parts) < 7:  # noqa: PLR2004 - arn:aws:lambda:REGION:ACCOUNT:function:NAME
        return None, "it names no function, so its code is not known"
    if parts[4] != home.account:
        return None, f"its function is in account {parts[4]}, so its code is not known"
    answer: Answer = home.unless(
        lambda: home.ask("lambda:GetFunctionConfiguration", region=parts[3], FunctionName=function), {}
    )
    code = answer.get("CodeSha256")
    return code, "" if code else "its function could not be read, so its code is not known"


def _landing_zone(home: Asker, region: str) -> LandingZoneDetail | None:
    arn = landing_zone_arn(home, region)
    return None if arn is None else landing_zone_detail(home, arn)
