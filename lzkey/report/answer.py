"""Can the landing zone's logs be delivered today? Yes only where each of its keys is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.access import NOT_AS_DOCUMENTED, OWN_ALLOWED
from landing_zone_key.finding import Requirement
from landing_zone_key.manifest import Delivery as Block
from lzkey.report.annotations import admits, stops
from lzkey.report.model import Delivery, DeliveryAnswer
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lzkey.report.model import Failure, KeyResult, LandingZoneFacts

#: https://docs.aws.amazon.com/controltower/latest/APIReference/API_LandingZoneDetail.html (status)
_SETTLED: Final = "ACTIVE"
_UNSETTLED: Final = {
    "PROCESSING": "the landing zone is being changed, and its keys with it",
    "FAILED": "the landing zone's last operation failed, so its manifest may not be what is in force",
}


def answer(
    landing_zone: LandingZoneFacts,
    keys: Iterable[KeyResult],
    proved_regions: Collection[str] = (),
    accounts: Collection[str] = (),
) -> DeliveryAnswer:
    """The answer, with its reason: a refusal is certain, anything that is not known is a doubt.

    `proved_regions` are those that the rule proves deliveries from; empty: any. `accounts` are the
    organization's active ones; empty: nobody has listed them.
    """
    own = [key for key in keys if key.of_landing_zone]
    refused = [key for key in own if any(map(stops, _own_failures(key, landing_zone)))]
    if refused:
        return DeliveryAnswer(Delivery.NO, "; ".join(map(_failing, refused)))
    told = _by_landing_zone(landing_zone)
    if told is not None:
        return told
    found = {key.arn: key for key in own}
    doubts = [
        doubt for arn in landing_zone.keys if (doubt := _doubt(arn, found.get(arn), landing_zone, accounts))
    ]
    unproved = sorted(set(landing_zone.governed_regions) - set(proved_regions)) if proved_regions else ()
    if unproved:
        doubts.append(
            f"the landing zone governs {', '.join(unproved)} too, which the rule parameter GovernedRegions "
            "leaves out"
        )
    if doubts:
        return DeliveryAnswer(Delivery.UNKNOWN, "; ".join(doubts))
    failing_keys = [key for key in found.values() if key.state is State.NON_COMPLIANT]
    if any(_own_failures(key, landing_zone) for key in failing_keys):
        today = f"today's {len(accounts)} accounts"
        return DeliveryAnswer(Delivery.YES, f"for {today}; the next one would be refused")
    if failing_keys:
        failing = "; ".join(map(_failing, failing_keys))
        return DeliveryAnswer(Delivery.YES, f"{failing}: {NOT_AS_DOCUMENTED}; {OWN_ALLOWED}")
    what = "the landing zone's key is" if len(found) == 1 else f"the landing zone's {len(found)} keys are"
    return DeliveryAnswer(
        Delivery.YES, f"{what} COMPLIANT: every request of CloudTrail and AWS Config is allowed"
    )


def _by_landing_zone(landing_zone: LandingZoneFacts) -> DeliveryAnswer | None:
    """The answer where none depends on a key, or nobody knows on which; None where some key decides."""
    unsettled = _unsettled(landing_zone)
    if unsettled:
        return DeliveryAnswer(Delivery.UNKNOWN, unsettled)
    if {*landing_zone.disabled} == {*Block}:
        return DeliveryAnswer(Delivery.NONE, f"{' and '.join(landing_zone.disabled)} are disabled")
    if not landing_zone.keys:
        return DeliveryAnswer(
            Delivery.YES, "the landing zone uses no KMS key of its own, so no key can refuse it"
        )
    return None


def _unsettled(landing_zone: LandingZoneFacts) -> str:
    """Why it is not known which keys are in force; empty where it is."""
    if landing_zone.unknown:
        return f"the landing zone's keys are not known: {landing_zone.unknown}"
    if landing_zone.status == _SETTLED:
        return ""
    told = f"the landing zone's status is {landing_zone.status}, which is not understood"
    return _UNSETTLED.get(str(landing_zone.status), told)


def _failing(key: KeyResult) -> str:
    failed = ", ".join(failure.requirement for failure in key.failures)
    return f"the landing zone's key {key.arn} is NON_COMPLIANT ({failed})"


def _own_failures(key: KeyResult, landing_zone: LandingZoneFacts) -> list[Failure]:
    """The failures that matter to what is encrypted with the key: in 4.0 one service may have a key alone."""
    idle = {
        requirement
        for requirement, keys in (
            (Requirement.CLOUDTRAIL_ACCESS, landing_zone.cloudtrail_keys),
            (Requirement.CONFIG_ACCESS, landing_zone.config_keys),
        )
        if key.arn not in keys
    }
    if len(idle) > 1:  # nobody tells what the key is for
        idle = set()
    return [failure for failure in key.failures if failure.requirement not in idle]


def _doubt(arn: str, key: KeyResult | None, landing_zone: LandingZoneFacts, accounts: Collection[str]) -> str:
    if ":key/" not in arn:
        return f"the landing zone's manifest names {arn}, which may be any key"
    if key is None:
        return f"nothing is known of the landing zone's key {arn}"
    if key.state is State.NON_COMPLIANT:
        own = _own_failures(key, landing_zone)
        open_end = not key.failures or not all(admits(failure, accounts) for failure in own)
        return f"{_failing(key)}, and whether that stops deliveries is not certain" if open_end else ""
    if key.state is State.NOT_APPLICABLE:
        return f"the rule does not judge the landing zone's key {arn}: {key.annotation}"
    if key.doubt is not None:
        return f"the landing zone's key {arn} is UNKNOWN ({key.doubt.cause}): {key.doubt.detail}"
    return ""
