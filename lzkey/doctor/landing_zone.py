"""The landing zone, its keys, and whether the rule has judged them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key import LandingZone
from landing_zone_key.settings import KeyScope
from lzkey import RULE_NAME
from lzkey.aws.fact import takes
from lzkey.aws.former_keys import former_keys
from lzkey.aws.landing_zone import home_region, landing_zone_arn, landing_zone_detail
from lzkey.aws.rule import is_named, results_of_key
from lzkey.doctor.names import key_names
from lzkey.doctor.subject import RULES, ago, not_applicable, ok, problem, unknown, warning

if TYPE_CHECKING:
    from lzkey.aws.landing_zone import LandingZoneDetail
    from lzkey.aws.rule import Evaluation
    from lzkey.doctor.names import Names
    from lzkey.doctor.subject import Check, Subject

#: What it takes to find the landing zone.
FIND: Final = (landing_zone_arn, landing_zone_detail)

_NONE: Final = "there is no landing zone to read them from"
_NO_KEY: Final = "the landing zone's manifest names no KMS key of yours"
_NOTHING: Final = "no logs are delivered: centralizedLogging and config are disabled in the manifest"
READ_KEYS: Final = "allow kms:DescribeKey and kms:GetKeyPolicy (lzkey doctor --print-iam-policy)"
_SET_UP: Final = "set up or update the landing zone in Control Tower, or correct HomeRegion"


@takes(facts=FIND)
def landing_zone(subject: Subject) -> Check:
    """Check that the management account has a landing zone whose home Region is HomeRegion."""
    home = subject.parameters.home_region
    arn = _arn(subject)
    if arn is None:
        return problem(f"Control Tower knows no landing zone in account {subject.account}", _SET_UP)
    if home_region(arn) != home:
        return problem(f"its home Region is {home_region(arn)}, HomeRegion says {home}", _SET_UP)
    found = found_landing_zone(subject)
    if found is None:
        return problem(f"Control Tower does not find {arn} in {home}", _SET_UP)
    status = found.status or "of unknown status"
    seen = f"version {found.version}, {' and '.join(filter(None, (status, found.drift)))}"
    if status == "FAILED":
        return problem(
            f"{seen}: its manifest may not be what is in force", "reset or update it in Control Tower"
        )
    if status == "PROCESSING":
        return unknown(f"{seen}: its manifest may be changing", "wait until that has ended, and look again")
    return ok(seen)


@takes(facts=(*FIND, *RULES, key_names))
def keys_in_scope(subject: Subject) -> Check:
    """Check that every key that the landing zone encrypts its logs with is one that the rule judges.

    Here it is said, too, where it is not known what keys are called.
    """
    found = found_landing_zone(subject)
    if found is None:
        return not_applicable(_NONE)
    if not found.keys:
        return _without_keys(found)
    names = key_names(subject)
    check = _in_scope(subject, found.keys, names)
    return replace(check, detail=f"{check.detail}; {names.untold}") if names.untold else check


def _in_scope(subject: Subject, keys: tuple[str, ...], names: Names) -> Check:
    faults = [fault for key in keys if (fault := _scope_fault(subject, key, names))]
    if faults:
        return problem(
            "; ".join(faults), "correct KeyScope and deploy, or give the landing zone a key of this account"
        )
    aliases = [key for key in keys if ":key/" not in key]
    if aliases:
        return unknown(
            f"the manifest names {', '.join(aliases)}, which may be any key", "update it with the key's ARN"
        )
    return ok(", ".join(names.each(keys)))


@takes(facts=(*FIND, *RULES, results_of_key, key_names))
def keys_judged(subject: Subject) -> Check:
    """Check that the rule has a result for every key of the landing zone, whatever the result is."""
    found = found_landing_zone(subject)
    if found is None:
        return not_applicable(_NONE)
    names = key_names(subject)
    here = [key for key in found.keys if f":{subject.account}:key/" in key]
    keys = [key for key in here if not _scope_fault(subject, key, names)]
    if not keys:
        return not_applicable("the landing zone names no key that the rule judges in this account")
    if subject.rule_here() is None:
        return not_applicable("there is no rule in this account")
    results = {key: _result(subject, key) for key in keys}
    missing = [
        key for key, result in results.items() if result is None or result.compliance == "NOT_APPLICABLE"
    ]
    if missing:
        return problem(
            f"no result for {', '.join(names.each(missing))}; does the key exist?",
            "see whether the key exists and the last evaluation succeeded, then evaluate the rule again",
        )
    shown = (_shown(subject, names.beside_id(key), result) for key, result in results.items() if result)
    return ok("; ".join(shown))


@takes(facts=(*FIND, former_keys, key_names))
def older_logs(subject: Subject) -> Check:
    """Check that the keys that the landing zone encrypted its logs with before can still decrypt them.

    What the rule says of the keys of today is as true without it: a warning.
    """
    found = found_landing_zone(subject)
    if found is None:
        return not_applicable(_NONE)
    if not found.keys:
        return _without_keys(found)
    zone = LandingZone.from_rule_parameters(subject.parameters.rule)
    former = former_keys(subject.asker, zone.with_manifest(found.manifest, found.version))
    names = key_names(subject)
    failing = [key for key in former.keys if key.fault]
    if failing:
        told = [f"{names.beside(key.arn)} is {key.fault}" for key in failing]
        return warning("; ".join((*told, *former.unread)), "; ".join(key.fix for key in failing))
    if former.unread:
        return unknown("; ".join(former.unread), READ_KEYS)
    kept = ", ".join(names.each(key.arn for key in former.keys))
    return ok(f"still Enabled: {kept}" if kept else "there are none")


def logging_keys(subject: Subject) -> tuple[str, ...] | None:
    """The keys of the manifest that logs are encrypted with; None where there is no landing zone."""
    found = found_landing_zone(subject)
    return found.keys if found is not None else None


def keys_here(subject: Subject) -> list[str]:
    """The ids of the landing zone's keys in this account and Region."""
    here = f":kms:{subject.region}:{subject.account}:key/"
    keys = logging_keys(subject) or ()
    return [key.rpartition("/")[2] for key in keys if here in key]


def _arn(subject: Subject) -> str | None:
    """The landing zone's ARN."""
    return landing_zone_arn(subject.asker, subject.parameters.home_region)


def found_landing_zone(subject: Subject) -> LandingZoneDetail | None:
    """The landing zone; None when there is none in HomeRegion."""
    arn = _arn(subject)
    if arn is None or home_region(arn) != subject.parameters.home_region:
        return None
    return landing_zone_detail(subject.asker, arn)


def _without_keys(found: LandingZoneDetail) -> Check:
    """Why a landing zone whose manifest names no key of its own has none."""
    return not_applicable(_NO_KEY if found.manifest_keys.delivers else _NOTHING)


def _scope_fault(subject: Subject, key: str, names: Names) -> str:
    """Why the rule does not judge a key that the manifest names; empty when it does."""
    zone = LandingZone.from_rule_parameters(subject.parameters.rule)
    if ":key/" not in key:
        return ""
    _, _, _, region, account, resource = key.split(":", 5)
    name, listed = names.beside(key), {key, resource.removeprefix("key/")} & set(zone.listed_keys)
    if zone.key_scope is KeyScope.LISTED and not listed:
        return f"{name} is not listed in KeyScope"
    if region != subject.region:
        return f"{name} is in {region}, the rule in {subject.region}"
    if not subject.is_organization():
        other = account != subject.account
        return f"{name} is in account {account}, the rule in {subject.account}" if other else ""
    rule = subject.organization_rule()
    excluded = rule.excluded_accounts if rule else ()
    return f"{name} is in account {account}, which the rule excludes" if account in excluded else ""


def _result(subject: Subject, key: str) -> Evaluation | None:
    """What the rule says of a key; None where it says nothing."""
    results = results_of_key(subject.asker, key.rpartition("/")[2])
    return next((result for result in results if is_named(result.rule, RULE_NAME)), None)


def _shown(subject: Subject, name: str, result: Evaluation) -> str:
    when = ago(subject.now, result.at) if result.at else "at some time"
    return f"{name} is {result.compliance}, judged {when}"
