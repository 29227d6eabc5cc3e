"""Reports of any size, made of a few kinds of keys that take turns."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import product

from lzkey.report.model import (
    Account,
    Cause,
    Collected,
    Delivery,
    DeliveryAnswer,
    Doubt,
    Failure,
    KeyResult,
    LandingZoneFacts,
    RegionResult,
    Report,
    RuleFacts,
    Scope,
)
from lzkey.state import State

AS_OF = datetime(2026, 12, 1, 9, tzinfo=UTC)
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "us-west-2")
MANAGEMENT = "111122223333"
UNEVALUATED = Doubt(
    Cause.NEVER_EVALUATED, "the key is in the inventory and has no result", "evaluate the rule"
)
UNRECORDED = Doubt(Cause.NO_RECORDER, "AWS Config does not record there", "enroll the account")


def key(account: str, region: str, number: int) -> KeyResult:
    """One key: every 7th fails, every 11th is unknown, every 5th is compliant, the rest are not judged."""
    arn = f"arn:aws:kms:{region}:{account}:key/{number:08x}-12ab-34cd-56ef-1234567890ab"
    at = AS_OF - timedelta(minutes=number % 5000)
    if number % 7 == 0:
        failures = (
            Failure("CLOUDTRAIL_ACCESS", 'kms:Decrypt refused, denied by "DenyOutsideOrg"'),
            Failure("MANAGEMENT_ACCOUNT", f"in account {account}, not {MANAGEMENT}"),
        )
        told = "; ".join(f"{failure.requirement}: {failure.detail}" for failure in failures)
        return KeyResult(arn, account, region, State.NON_COMPLIANT, told, failures, at, None, number == 0)
    if number % 11 == 0:
        return KeyResult(arn, account, region, State.UNKNOWN, "", doubt=UNEVALUATED)
    if number % 5 == 0:
        told = "Proved: every request of CloudTrail and AWS Config is allowed; all seven requirements hold"
        return KeyResult(arn, account, region, State.COMPLIANT, told, (), at)
    told = "An AWS managed key: Control Tower offers customer managed keys only"
    return KeyResult(arn, account, region, State.NOT_APPLICABLE, told)


def population(accounts: int, keys: int = 3) -> Report:
    """So many accounts in four Regions, with so many keys in each; every thirteenth place does not record."""
    numbers = [MANAGEMENT, *(f"{200000000000 + 7 * number}" for number in range(1, accounts))]
    found, places = [], []
    for number, (account, region) in enumerate(product(numbers, REGIONS)):
        doubt = UNRECORDED if number % 13 == 12 else None
        here = [key(account, region, number * keys + one) for one in range(keys)] if doubt is None else []
        counts = Counter(one.state for one in here)
        worst = max(counts, key=list(State).index, default=State.UNKNOWN if doubt else State.NOT_APPLICABLE)
        places.append(RegionResult(account, region, worst, counts, doubt=doubt))
        found += here
    return Report(
        AS_OF,
        DeliveryAnswer(Delivery.NO, f"the landing zone's key {found[0].arn} is NON_COMPLIANT"),
        Scope(
            Collected.AGGREGATOR,
            MANAGEMENT,
            REGIONS[0],
            REGIONS[0],
            MANAGEMENT,
            "o-exampleorgid",
            "all",
            REGIONS,
        ),
        RuleFacts("CONTROL_TOWER_KMS_KEY", {"HomeRegion": REGIONS[0]}),
        LandingZoneFacts("4.0", "4.0", "ACTIVE", (found[0].arn,)),
        tuple(Account(number, f"Team {place:04}", "ACTIVE") for place, number in enumerate(numbers)),
        tuple(places),
        tuple(found),
    )


def states_by_account(report: Report) -> dict[str, set[State]]:
    """Which states an account has in any Region."""
    found: dict[str, set[State]] = defaultdict(set)
    for place in report.places:
        found[place.account].add(place.state)
    return dict(found)
