"""Can the landing zone's logs be delivered today? Yes only where each of its keys is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.report.model import Answer, Delivery, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lzkey.report.model import KeyResult, LandingZoneFacts

#: https://docs.aws.amazon.com/controltower/latest/APIReference/API_LandingZoneDetail.html (status)
_UNSETTLED: Final = {
    "PROCESSING": "the landing zone is being changed, and its keys with it",
    "FAILED": "the landing zone's last operation failed, so its manifest may not be what is in force",
}


def answer(landing_zone: LandingZoneFacts, keys: Iterable[KeyResult]) -> Answer:
    """Return the answer, with its reason: a refusal is certain, anything that is not known is a doubt."""
    own = [key for key in keys if key.of_landing_zone]
    refused = [key for key in own if key.state is State.NON_COMPLIANT]
    if refused:
        return Answer(Delivery.NO, "; ".join(map(_refused, refused)))
    if landing_zone.unknown:
        return Answer(Delivery.UNKNOWN, f"the landing zone's keys are not known: {landing_zone.unknown}")
    if landing_zone.status in _UNSETTLED:
        return Answer(Delivery.UNKNOWN, _UNSETTLED[landing_zone.status])
    if not landing_zone.keys:
        return Answer(Delivery.YES, "the landing zone uses no KMS key of its own, so no key can refuse it")
    found = {key.arn: key for key in own}
    doubts = [doubt for arn in landing_zone.keys if (doubt := _doubt(arn, found.get(arn)))]
    if doubts:
        return Answer(Delivery.UNKNOWN, "; ".join(doubts))
    what = "the landing zone's key is" if len(found) == 1 else f"the landing zone's {len(found)} keys are"
    return Answer(Delivery.YES, f"{what} COMPLIANT: every request of CloudTrail and AWS Config is allowed")


def _refused(key: KeyResult) -> str:
    failed = ", ".join(failure.requirement for failure in key.failures)
    return f"the landing zone's key {key.arn} is NON_COMPLIANT ({failed})"


def _doubt(arn: str, key: KeyResult | None) -> str:
    if ":key/" not in arn:
        return f"the landing zone's manifest names {arn}, which may be any key"
    if key is None:
        return f"nothing is known of the landing zone's key {arn}"
    if key.state is State.NOT_APPLICABLE:
        return f"the rule does not judge the landing zone's key {arn}: {key.annotation}"
    if key.doubt is not None:
        return f"the landing zone's key {arn} is UNKNOWN ({key.doubt.cause}): {key.doubt.detail}"
    return ""
