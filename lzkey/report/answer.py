"""What is proved: can the landing zone's logs be delivered? Yes only where each of its keys is proved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.access import FAMILIES, NOT_AS_DOCUMENTED, OWN_ALLOWED, SERVICES
from landing_zone_key.finding import Requirement
from landing_zone_key.manifest import Delivery as Block
from landing_zone_key.whose import FOR_ACCOUNT
from lzkey.observed.values import BLOCKS
from lzkey.report.annotations import may_stop, proved, stops
from lzkey.report.model import Delivery, DeliveryAnswer, ServiceProof
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
    accounts: int = 0,
    *,
    functional: bool = False,
) -> DeliveryAnswer:
    """The answer, with its reason, for both services together and for each alone.

    A refusal is certain, anything that is not known is a doubt.

    `proved_regions` are those that the rule proves deliveries from; empty: any. `accounts` is how many
    the organization has today, where that is known. `functional`: by the rule's
    parameters, as far as they are known, a service that does not use a key needs no permission.
    """
    own = [key for key in keys if key.of_landing_zone]
    whole = _of(landing_zone, own, proved_regions, accounts, functional=functional)

    def alone(block: Block) -> DeliveryAnswer:
        if block in landing_zone.disabled and not _unsettled(landing_zone):
            return DeliveryAnswer(Delivery.NONE, f"{block} is disabled")
        return _of(_with(landing_zone, block), own, proved_regions, accounts, functional=functional)

    return replace(
        whole,
        services=tuple(
            ServiceProof(service, its.delivery, its.why)
            for service, its in ((service, alone(block)) for service, block in BLOCKS.items())
        ),
        evidence=tuple(key.arn for key in own),
        at=min((key.evaluated_at for key in own if key.evaluated_at), default=None),
    )


def _with(landing_zone: LandingZoneFacts, block: Block) -> LandingZoneFacts:
    """The landing zone as if it delivered with one block alone; as it is where nobody tells them apart."""
    told = landing_zone.cloudtrail_keys or landing_zone.config_keys
    if landing_zone.unknown or not told:
        return landing_zone
    cloudtrail = landing_zone.cloudtrail_keys if block is Block.CLOUDTRAIL else ()
    config = landing_zone.config_keys if block is Block.CONFIG else ()
    return replace(
        landing_zone,
        keys=tuple(dict.fromkeys((*cloudtrail, *config))),
        cloudtrail_keys=cloudtrail,
        config_keys=config,
        disabled=(),
    )


def _of(
    landing_zone: LandingZoneFacts,
    keys: list[KeyResult],
    proved_regions: Collection[str],
    accounts: int,
    *,
    functional: bool,
) -> DeliveryAnswer:
    """The answer for what the landing zone delivers."""
    own = [key for key in keys if landing_zone.unknown or key.arn in landing_zone.keys]
    refused = [key for key in own if any(map(stops, _own_failures(key, landing_zone)))]
    if refused:
        return DeliveryAnswer(Delivery.NO, "; ".join(map(_failing, refused)))
    told = _by_landing_zone(landing_zone)
    if told is not None:
        return told
    found = {key.arn: key for key in own}
    known = (_open(arn, found.get(arn), landing_zone, functional=functional) for arn in landing_zone.keys)
    doubts = [doubt for doubt in known if doubt is not None]
    unproved = sorted(set(landing_zone.governed_regions) - set(proved_regions)) if proved_regions else ()
    if unproved:
        why = f"the landing zone governs {', '.join(unproved)} too, which the rule parameter GovernedRegions "
        doubts.append(DeliveryAnswer(Delivery.UNKNOWN, f"{why}leaves out"))
    if doubts:
        possible = all(doubt.delivery is Delivery.POSSIBLE for doubt in doubts)
        delivery = Delivery.POSSIBLE if possible else Delivery.UNKNOWN
        return DeliveryAnswer(delivery, "; ".join(doubt.why for doubt in doubts))
    failing_keys = [key for key in found.values() if key.state is State.NON_COMPLIANT]
    if any(_own_failures(key, landing_zone) for key in failing_keys):
        today = f"today's {accounts} account{'' if accounts == 1 else 's'}"
        return DeliveryAnswer(Delivery.YES, f"for {today}; the next one would be refused")
    if failing_keys:
        failing = "; ".join(map(_failing, failing_keys))
        return DeliveryAnswer(Delivery.YES, f"{failing}: {NOT_AS_DOCUMENTED}; {OWN_ALLOWED}")
    what = "the landing zone's key is" if len(found) == 1 else f"the landing zone's {len(found)} keys are"
    uses = frozenset().union(*(_uses(key, landing_zone) for key in own))
    services = " and ".join(sorted((SERVICES[use] for use in uses), key=[*BLOCKS].index))
    return DeliveryAnswer(Delivery.YES, f"{what} COMPLIANT: every request of {services} is allowed")


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
    failed = ", ".join(map(_named, key.failures))
    return f"the landing zone's key {key.arn} is NON_COMPLIANT ({failed})"


def _named(failure: Failure) -> str:
    account = failure.refused_account
    return f"{failure.requirement}, {FOR_ACCOUNT} {account}" if account else failure.requirement


def _uses(key: KeyResult, landing_zone: LandingZoneFacts) -> frozenset[Requirement]:
    """What is encrypted with the key: in 4.0 one service may have a key alone; both, where nobody tells."""
    keys = {
        Requirement.CLOUDTRAIL_ACCESS: landing_zone.cloudtrail_keys,
        Requirement.CONFIG_ACCESS: landing_zone.config_keys,
    }
    return frozenset(use for use, its in keys.items() if key.arn in its) or frozenset(keys)


def _own_failures(key: KeyResult, landing_zone: LandingZoneFacts) -> list[Failure]:
    """The failures that matter to what is encrypted with the key."""
    idle = frozenset(FAMILIES) - _uses(key, landing_zone)
    return [failure for failure in key.failures if failure.requirement not in idle]


def _unproved(key: KeyResult, landing_zone: LandingZoneFacts, *, functional: bool) -> str:
    """The services that encrypt with the key, and of which its result says nothing.

    By the functional standard a service that did not use the key when it was judged needed no proof; by the
    documented one, what does not fail is proved.
    """
    told = {*proved(key.annotation), *(failure.requirement for failure in key.failures)}
    if key.state is State.NON_COMPLIANT and not functional:
        return ""
    uses = _uses(key, landing_zone)
    return " and ".join(SERVICES[use] for use in FAMILIES if use in uses and use not in told)


def _doubt(arn: str, key: KeyResult | None) -> str:
    """Why nothing can be said of a key that the manifest names; empty where something can."""
    if ":key/" not in arn:
        return f"the landing zone's manifest names {arn}, which may be any key"
    if key is None:
        return f"nothing is known of the landing zone's key {arn}"
    if key.state is State.NOT_APPLICABLE:
        return f"the rule does not judge the landing zone's key {arn}: {key.annotation}"
    if key.doubt is not None:
        return f"the landing zone's key {arn} is UNKNOWN ({key.doubt.cause}): {key.doubt.detail}"
    return ""


def _open(
    arn: str, key: KeyResult | None, landing_zone: LandingZoneFacts, *, functional: bool
) -> DeliveryAnswer | None:
    """Why a key's result does not prove the deliveries that use it; None where it does."""
    doubt = _doubt(arn, key)
    if doubt or key is None:
        return DeliveryAnswer(Delivery.UNKNOWN, doubt)
    own = _own_failures(key, landing_zone)
    failing = key.state is State.NON_COMPLIANT
    if failing and (not key.failures or not all(failure.allows_todays_accounts for failure in own)):
        uncertain = f"{_failing(key)}, and whether that stops deliveries is not certain"
        refuses = any(map(may_stop, own))
        return DeliveryAnswer(Delivery.POSSIBLE if refuses else Delivery.UNKNOWN, uncertain)
    if key.outdated is not None:
        told = f"({key.outdated.cause}): {key.outdated.detail}"
        return DeliveryAnswer(Delivery.UNKNOWN, f"{_failing(key)}, and that is not certain today {told}")
    unproved = _unproved(key, landing_zone, functional=functional)
    if unproved:
        nothing = f"the result of the landing zone's key {key.arn} proves nothing of {unproved}"
        return DeliveryAnswer(Delivery.UNKNOWN, nothing)
    return None
