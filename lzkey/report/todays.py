"""A refusal of some accounts, held against those that there are: is one of them refused, or the next one?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from landing_zone_key import Certainty, assess
from landing_zone_key.finding import FindingReason
from landing_zone_key.whose import FOR_ACCOUNT
from lzkey.report.annotations import admits, is_of_some_accounts
from lzkey.report.model import Cause, Doubt
from lzkey.report.troubles import DIAGNOSE

if TYPE_CHECKING:
    from landing_zone_key import Finding
    from lzkey.report.facts import World
    from lzkey.report.model import Failure, KeyResult


def for_todays_accounts(key: KeyResult, world: World) -> KeyResult:
    """The result with its failures as certain as they are for the organization's active accounts.

    The policy of today decides, where it can be read; else the names in the annotation, which has room for
    three. Where nobody has listed the accounts, a failure is as certain as it is told.
    """
    if not world.active or not any(map(is_of_some_accounts, key.failures)):
        return key
    proved = _proved(key.arn, world)
    failed = {failure.requirement for failure in key.failures}
    more = sorted(
        requirement
        for requirement, finding in (proved or {}).items()
        if requirement not in failed and finding.reason is not FindingReason.UNKNOWN
    )
    changed = Doubt(Cause.RESULT_OUTDATED, f"the key has changed since: {', '.join(more)}", DIAGNOSE)
    return replace(
        key,
        outdated=key.outdated or (changed if more else None),
        failures=tuple(
            _settled(failure, world.active, proved) if is_of_some_accounts(failure) else failure
            for failure in key.failures
        ),
    )


def _proved(arn: str, world: World) -> dict[str, Finding] | None:
    """What the key's policy of today comes to for these accounts, by requirement; None: not known."""
    own, zone = world.own_keys.get(arn), world.rule.zone
    if own is None or zone is None:
        return None
    assessment = assess(own, replace(zone, accounts=tuple(sorted(world.active))))
    return {finding.requirement: finding for finding in assessment.findings}


def _settled(failure: Failure, accounts: frozenset[str], proved: dict[str, Finding] | None) -> Failure:
    if proved is None:
        known, account = admits(failure, accounts), None
    else:
        known, account = _of(proved.get(failure.requirement))
    certainty = failure.certainty if known is False else Certainty.POSSIBLE
    return replace(failure, certainty=certainty, allows_todays_accounts=known, refused_account=account)


def _of(finding: Finding | None) -> tuple[bool | None, str | None]:
    """Whether today's accounts are all allowed, and one that is not; open where the policy has changed."""
    if finding is None:
        return None, None
    if finding.reason is FindingReason.NEXT_ACCOUNT:
        return True, None
    if finding.certainty is Certainty.POSSIBLE:
        return None, None
    account = "".join(finding.request.values.get("aws:sourceaccount", ())) if finding.request else ""
    return False, account if f" {FOR_ACCOUNT} {account}" in finding.summary else None
