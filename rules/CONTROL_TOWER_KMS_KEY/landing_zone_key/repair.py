"""The smallest additive change that makes a key policy pass: the documented statements, only those needed."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from landing_zone_key.assessment import ask, why_not_judged
from landing_zone_key.key import KmsKey
from landing_zone_key.policy.decision import Reason, Request
from landing_zone_key.policy.document import Policy, PolicyError, Statement, read_json
from landing_zone_key.policy.proof import Proved, Refused, prove
from landing_zone_key.requests import CLOUDTRAIL, CONFIG, cloudtrail_family, config_family, trail_arn
from landing_zone_key.requirements import REQUIREMENTS, Finding, FindingReason, Requirement
from landing_zone_key.settings import LandingZone

# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
MAXIMUM_POLICY_BYTES: Final = 32 * 1024

_SIDS: Final = {
    Requirement.CONFIG_ACCESS: "Allow Config to use KMS for encryption",
    Requirement.CLOUDTRAIL_ACCESS: "Allow CloudTrail to use KMS for encryption",
}
_FAMILIES: Final = {
    Requirement.CONFIG_ACCESS: config_family,
    Requirement.CLOUDTRAIL_ACCESS: cloudtrail_family,
}


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Something that adding statements cannot mend."""

    requirement: Requirement
    message: str
    """What to do instead."""
    statement: str | int | None = None
    exemption: Mapping[str, Any] | None = None
    """For a Deny: the condition to add to it, proved to be enough, not applied."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What `repair` proposes; nothing is changed by it."""

    policy: Mapping[str, Any] | None
    """The new policy document; None where there is no policy to build on."""
    changes: tuple[str, ...]
    """What was added, a sentence each; empty where nothing had to be, or nothing would help."""
    unresolved: tuple[Unresolved, ...]


def documented_statement(requirement: Requirement, key: KmsKey, zone: LandingZone) -> dict[str, Any]:
    """Control Tower's statement for one service, for this key.

    https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
    """
    statement: dict[str, Any] = {"Sid": _SIDS[requirement], "Effect": "Allow"}
    if requirement is Requirement.CONFIG_ACCESS:
        return {
            **statement,
            "Principal": {"Service": CONFIG},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": str(key.arn),
        }
    trails = f"arn:{key.arn.partition}:cloudtrail:*:{zone.management_account_id}:trail/*"
    return {
        **statement,
        "Principal": {"Service": CLOUDTRAIL},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": str(key.arn),
        "Condition": {
            "StringEquals": {"aws:SourceArn": trail_arn(key.arn, zone)},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails},
        },
    }


def repair(key: KmsKey, landing_zone: LandingZone, *, at: datetime | None = None) -> Repair:
    """Add the documented statements that are missing, and prove that they are enough.

    The policy given is left as it is, in order; the new one is another object. What adding cannot mend is in
    `unresolved`: properties of the key, and a Deny in the way.
    """
    if why_not_judged(key, landing_zone):
        return Repair(_document(key), (), ())
    question = ask(key, landing_zone, at)
    findings = {found.requirement: found for test in REQUIREMENTS.values() if (found := test(question))}
    unresolved = [_property(finding) for name, finding in findings.items() if name not in _FAMILIES]
    document = _document(key)
    if question.policy is None or document is None:
        unresolved += [
            Unresolved(name, f"{findings[name].message}; repair needs the policy as it is")
            for name in _FAMILIES
            if name in findings
        ]
        return Repair(None, (), tuple(unresolved))
    changes = []
    for name in _FAMILIES:
        if name not in findings:
            continue
        attempt = _with_statement(document, documented_statement(name, key, landing_zone))
        obstacle = _obstacle(name, replace(question.key, policy=attempt), landing_zone, findings[name], at)
        if obstacle is not None:
            unresolved.append(obstacle)
        if _is_needed(findings[name], obstacle, document, key, landing_zone, name, at):
            document = attempt
            changes.append(f'added "{attempt["Statement"][-1]["Sid"]}"')
    return Repair(document, tuple(changes), tuple(unresolved))


def _is_needed(  # noqa: PLR0913, PLR0917 - everything the question depends on
    finding: Finding,
    obstacle: Unresolved | None,
    document: Mapping[str, Any],
    key: KmsKey,
    zone: LandingZone,
    name: Requirement,
    at: datetime | None,
) -> bool:
    """The statement helps now, or will as soon as the Deny in the way has its exemption."""
    if obstacle is None:
        return True
    if finding.reason is FindingReason.FOREIGN_REQUEST_ALLOWED or obstacle.exemption is None:
        return False
    exempted = _with_exemption(document, obstacle)
    return isinstance(_prove(name, replace(key, policy=exempted), zone, at), Refused)


def _document(key: KmsKey) -> dict[str, Any] | None:
    try:
        found = read_json(key.policy)
    except PolicyError:
        return None
    return copy.deepcopy(dict(found)) if isinstance(found, Mapping) else None


def _with_statement(document: Mapping[str, Any], statement: Mapping[str, Any]) -> dict[str, Any]:
    """The document with one more statement at its end, under a Sid that no other statement has."""
    statements = document["Statement"]
    listed = list(statements) if isinstance(statements, list | tuple) else [statements]
    taken = {other.get("Sid") for other in listed}
    sid, number = statement["Sid"], 2
    while sid in taken:
        sid, number = f"{statement['Sid']} {number}", number + 1
    return {**document, "Statement": [*listed, {**statement, "Sid": sid}]}


def _prove(name: Requirement, key: KmsKey, zone: LandingZone, at: datetime | None) -> Proved | Refused:
    question = ask(key, zone, at)
    assert question.policy is not None  # noqa: S101 - built from a policy that was read
    return prove(question.policy, _FAMILIES[name](key, zone, question.earliest))


def _obstacle(
    name: Requirement, key: KmsKey, zone: LandingZone, finding: Finding, at: datetime | None
) -> Unresolved | None:
    """What still refuses a request of the service once it has its documented statement."""
    if finding.reason is FindingReason.FOREIGN_REQUEST_ALLOWED:
        return Unresolved(
            name, f"{finding.message}; a statement that is there must be narrowed", finding.statement
        )
    if len(json.dumps(key.policy).encode()) > MAXIMUM_POLICY_BYTES:
        return Unresolved(
            name, "with the documented statement the policy would be over KMS's 32 KB; shorten it first"
        )
    result = _prove(name, key, zone, at)
    if isinstance(result, Proved):
        return None
    if result.decision.statement is None or result.request is None:
        return Unresolved(name, "the policy is too complex to prove anything; simplify its conditions")
    return _deny_in_the_way(name, key, zone, result.decision.statement, result.request, at)


def _deny_in_the_way(
    name: Requirement, key: KmsKey, zone: LandingZone, deny: Statement, request: Request, at: datetime | None
) -> Unresolved:
    """Find the narrowest exemption of the Deny that would pass, and prove it."""
    sid = deny.sid or deny.index
    for exemption in _EXEMPTIONS:
        proposal = Unresolved(name, "", sid, exemption)
        result = _prove(name, replace(key, policy=_with_exemption(_mapping(key), proposal)), zone, at)
        still = result.decision.statement if isinstance(result, Refused) else None
        if still is not None and (still.index == deny.index or result_is_doubtful(result)):
            continue
        operator, keys = next(iter(exemption.items()))
        shown = ", ".join(f"{condition} {json.dumps(value)}" for condition, value in keys.items())
        then = f"; after that {still.label} is in the way" if still else ""
        return Unresolved(
            name,
            f"{deny.label} denies {request.action} to {request.service}; add {operator} {shown} to its "
            f"Condition, so that it spares AWS services{then}",
            sid,
            exemption,
        )
    return Unresolved(
        name,
        f"{deny.label} denies {request.action} to {request.service}, and an exemption for AWS services would "
        "not help; take the service, or the action, out of the statement",
        sid,
    )


def result_is_doubtful(result: Proved | Refused) -> bool:
    """Whether a Deny that cannot be decided stands in the way."""
    return isinstance(result, Refused) and result.decision.reason is Reason.UNDECIDABLE_DENY


# From the narrowest on. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_EXEMPTIONS: Final[tuple[Mapping[str, Any], ...]] = (
    {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": [CLOUDTRAIL, CONFIG]}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
)


def _mapping(key: KmsKey) -> Mapping[str, Any]:
    found = read_json(key.policy)
    return found if isinstance(found, Mapping) else {}


def _with_exemption(document: Mapping[str, Any], proposal: Unresolved) -> dict[str, Any]:
    statements = document["Statement"]
    listed = list(statements) if isinstance(statements, list | tuple) else [statements]
    place = _place(listed, proposal.statement)
    condition = copy.deepcopy(dict(listed[place].get("Condition", {})))
    for operator, keys in (proposal.exemption or {}).items():
        condition[operator] = {**condition.get(operator, {}), **keys}
    listed[place] = {**listed[place], "Condition": condition}
    return {**document, "Statement": listed}


def _place(statements: list[Mapping[str, Any]], reference: str | int | None) -> int:
    if isinstance(reference, int):
        return reference
    return next(place for place, statement in enumerate(statements) if statement.get("Sid") == reference)


def _property(finding: Finding) -> Unresolved:
    return Unresolved(finding.requirement, finding.message)


def parses(document: Mapping[str, Any]) -> bool:
    """Whether the document is a policy."""
    try:
        Policy.parse(document)
    except PolicyError:
        return False
    return True
