"""What would have become of each service's deliveries at a time, by what is known of the key then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from landing_zone_key import Certainty, FindingReason, Requirement, assess
from landing_zone_key.access import SERVICES
from landing_zone_key.policy import Policy, PolicyError
from landing_zone_key.policy.seeds import moments
from lzkey.aws.keys import has_tag_condition
from lzkey.history.model import Reason, Standing
from lzkey.history.parts import GONE, NOT_YET, KeyState, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from landing_zone_key import Finding, KmsKey, LandingZone
    from lzkey.history.parts import Value

#: What stops deliveries of both services; what else the rule requires, such as the home Region, stops none.
_USE: Final = (Requirement.ENABLED, Requirement.SYMMETRIC)
#: Nothing that can be said to have been refused, or to be: it could not be read, or not be proved.
_NOT_KNOWN: Final = (FindingReason.UNKNOWN, FindingReason.MALFORMED_POLICY, FindingReason.TOO_COMPLEX)
#: The services, in the order in which they are told.
NAMES: Final = tuple(sorted(SERVICES.values(), reverse=True))

_CLOCKS: Final = ("aws:currenttime", "aws:epochtime")


@dataclass(frozen=True, slots=True)
class Facts:
    """The key at a time, each part known or not."""

    key: KmsKey
    """What never changes of it."""
    policy: Value
    state: Value
    tags: Value

    @property
    def is_there(self) -> bool:
        """Whether there is a key, as far as is known."""
        return self.state not in (NOT_YET, GONE)

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted."""
        return self.state == GONE

    @property
    def whole(self) -> KmsKey:
        """The key for the engine, with the reason for what is missing."""
        state = self.state if isinstance(self.state, KeyState) else None
        policy = self.policy if isinstance(self.policy, str) else None
        return replace(
            self.key,
            key_state=state.name if state else None,
            deletion_date=state.deletion.date().isoformat() if state and state.deletion else None,
            attributes_missing=self.state.why if isinstance(self.state, Unknown) else None,
            policy=policy,
            policy_missing=f"the key policy is not known: {_why(self.policy)}" if policy is None else None,
            tags=self.tags if isinstance(self.tags, Mapping) else None,
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not known of it and matters, with the reason."""
        named = [("key policy", self.policy), ("key state", self.state)]
        if isinstance(self.policy, str) and has_tag_condition(self.policy):
            named.append(("tags that its policy names", self.tags))
        kind = "no source tells its key spec and usage"
        alike: dict[str, list[str]] = {}
        for name, value in named:
            if isinstance(value, Unknown):
                alike.setdefault(value.why, []).append(name)
        found = [f"{' and '.join(names)}: {why}" for why, names in alike.items()]
        return (*found, *([kind] if None in (self.key.key_spec, self.key.key_usage) else []))


@dataclass(frozen=True, slots=True)
class Proof:
    """What would have become of one service's deliveries."""

    standing: Standing
    reasons: tuple[Reason, ...] = ()
    unknown: str = ""
    besides: str = ""


def proofs(facts: Facts, zone: LandingZone, start: datetime, until: datetime) -> dict[str, Proof]:
    """By service, for all requests between two moments, both included."""
    if not facts.is_there:
        return {service: Proof(Standing.NO_KEY) for service in SERVICES.values()}
    assessment = assess(facts.whole, zone, at=start, until=until)
    if assessment.reason:
        return {service: Proof(Standing.UNKNOWN, unknown=assessment.reason) for service in SERVICES.values()}
    return {
        service: _proof(facts, [each for each in assessment.findings if each.requirement in (*_USE, access)])
        for access, service in SERVICES.items()
    }


def later_refused(facts: Facts, zone: LandingZone, now: datetime) -> tuple[str, ...]:
    """The services whose deliveries are allowed now, and will not always be, by dates in the policy."""
    if not facts.is_there:
        return ()
    today = proofs(facts, zone, now, now)
    ever = assess(facts.whole, zone, at=now)
    failing = {each.requirement for each in ever.findings}
    return tuple(
        service
        for access, service in SERVICES.items()
        if today[service].standing is Standing.ALLOWED and access in failing
    )


def dates_of(policy: Value) -> frozenset[datetime]:
    """The moments at which a policy's conditions on the time may begin to decide otherwise."""
    if not isinstance(policy, str):
        return frozenset()
    try:
        statements = Policy.parse(policy).statements
    except PolicyError:
        return frozenset()
    conditions = [each for one in statements for each in one.conditions if each.lookup_key in _CLOCKS]
    found = set()
    for seconds in moments(conditions):
        try:
            found.add(datetime.fromtimestamp(int(seconds), UTC))
        except (OverflowError, OSError, ValueError):  # no time that a calendar has
            continue
    return frozenset(found)


def _proof(facts: Facts, findings: list[Finding]) -> Proof:
    refused = [each for each in findings if each.certainty is Certainty.REFUSED]
    not_known = [each for each in findings if each.reason in _NOT_KNOWN]
    possible = [each for each in findings if each not in refused and each not in not_known]
    missing = "; ".join(facts.missing)
    if possible and isinstance(facts.tags, Unknown) and has_tag_condition(facts.policy):
        possible, not_known = [], [*not_known, *possible]
    if refused:
        return Proof(Standing.REFUSED, _reasons([*refused, *possible]), besides=missing)
    if possible:
        return Proof(Standing.POSSIBLE, _reasons(possible), besides=missing)
    if not_known:
        why = facts.missing or tuple(each.message for each in not_known)
        return Proof(Standing.UNKNOWN, unknown="; ".join(why))
    return Proof(Standing.ALLOWED)


def _reasons(findings: Iterable[Finding]) -> tuple[Reason, ...]:
    return tuple(
        Reason(each.requirement.value, each.reason.value, each.message, each.certainty.value)
        for each in findings
    )


def _why(value: Value) -> str:
    return value.why if isinstance(value, Unknown) else "no source tells it"
