"""The smallest additive change that makes a key policy pass: the documented statements, only those needed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from landing_zone_key.access import FAMILIES
from landing_zone_key.amendment import (
    MAXIMUM_POLICY_BYTES,
    Document,
    document_of,
    size,
    size_note,
    statements_of,
    with_condition,
    with_statement,
)
from landing_zone_key.assessment import ask, why_not_judged
from landing_zone_key.finding import Finding, Question, Requirement, reference
from landing_zone_key.key import KmsKey
from landing_zone_key.policy.document import CURRENT_VERSION, Policy, Statement
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.proof import Proved, Refused, find_refused, prove
from landing_zone_key.records import dataclass
from landing_zone_key.refusal import settled_by
from landing_zone_key.requests import CLOUDTRAIL, CONFIG, trail_arn
from landing_zone_key.requirements import REQUIREMENTS
from landing_zone_key.settings import LandingZone

_SIDS: Final = {
    Requirement.CONFIG_ACCESS: "Allow Config to use KMS for encryption",
    Requirement.CLOUDTRAIL_ACCESS: "Allow CloudTrail to use KMS for encryption",
}
_SERVICES: Final = {Requirement.CONFIG_ACCESS: CONFIG, Requirement.CLOUDTRAIL_ACCESS: CLOUDTRAIL}
_MOST_DENIES: Final = 16
_MORE_DENIES: Final = (
    f"after these {_MOST_DENIES} statements others are in the way; mend these first, then look again"
)
_TOO_COMPLEX: Final = "the policy is too complex to prove anything; simplify its conditions"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Something that adding statements cannot mend."""

    requirement: Requirement
    message: str
    """What to do instead."""
    statement: str | int | None = None
    """The Sid of the statement in the way; its index where it has no Sid."""
    exemption: Mapping[str, Any] | None = None
    """For a Deny: an operator and its keys, as they should stand in the Deny's Condition. Not applied.

    Proved to be enough, together with the exemptions of the other Denies in the way.
    """


@dataclass(frozen=True, slots=True)
class Repair:
    """What `repair` proposes; nothing is changed by it."""

    policy: Mapping[str, Any] | None
    """The new policy document; None where there is no policy to build on."""
    added: tuple[Mapping[str, Any], ...]
    """Its statements that are new; empty where nothing had to be added, or nothing would help."""
    added_for: tuple[Requirement, ...]
    """The requirement that each of them is for."""
    changes: tuple[str, ...]
    """The same in words, a sentence each."""
    unresolved: tuple[Unresolved, ...]


def documented_statement(requirement: Requirement, key: KmsKey, zone: LandingZone) -> dict[str, Any]:
    """Control Tower's statement for one service, for this key.

    With RequireConfusedDeputyProtection, Config's is limited to the organization, where that is known.
    https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
    """
    statement = {
        "Sid": _SIDS[requirement],
        "Effect": "Allow",
        "Principal": {"Service": _SERVICES[requirement]},
    }
    if requirement is Requirement.CONFIG_ACCESS:
        own = zone.organization_id if zone.require_confused_deputy_protection else None
        return {
            **statement,
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": str(key.arn),
            **({"Condition": {"StringEquals": {"aws:SourceOrgID": own}}} if own else {}),
        }
    trails = f"arn:{key.arn.partition}:cloudtrail:*:{zone.management_account_id}:trail/*"
    return {
        **statement,
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": str(key.arn),
        "Condition": {
            "StringEquals": {"aws:SourceArn": trail_arn(key.arn.partition, zone)},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails},
        },
    }


def repair(key: KmsKey, landing_zone: LandingZone, *, at: datetime | None = None) -> Repair:
    """Add the documented statements that are missing, and prove that they are enough.

    The policy given is left as it is, in order; the new one is another object. What adding cannot mend is in
    `unresolved`: properties of the key, and a Deny in the way.
    """
    document = document_of(key.policy)
    if why_not_judged(key, landing_zone):
        return Repair(document, (), (), (), ())
    question = ask(key, landing_zone, at)
    answers = [test(question) for test in REQUIREMENTS.values()]
    findings = [answer for answer in answers if isinstance(answer, Finding)]
    refused = [finding for finding in findings if finding.requirement in FAMILIES]
    unresolved = [Unresolved(found.requirement, found.message) for found in findings if found not in refused]
    if question.policy is None or document is None:
        unresolved += [
            Unresolved(found.requirement, f"{found.message}; repair needs the policy as it is")
            for found in refused
        ]
        return Repair(None, (), (), (), tuple(unresolved))
    statements: list[Mapping[str, Any]] = []
    added_for: list[Requirement] = []
    changes: list[str] = []
    services = sorted(_SERVICES[found.requirement] for found in refused)
    for found in refused:
        document, added, obstacles = _Mending(question, found, services).of(document)
        if added is not None:
            statements.append(added)
            added_for.append(found.requirement)
            changes.append(f'added "{added["Sid"]}"{size_note(document)}')
        unresolved += obstacles
    return Repair(document, tuple(statements), tuple(added_for), tuple(changes), tuple(unresolved))


@dataclass(frozen=True, slots=True)
class _Mending:
    """The work on one requirement."""

    question: Question
    finding: Finding
    services: list[str]
    """All that are refused: what spares one of them spares them together."""

    def of(self, document: Document) -> tuple[Document, Mapping[str, Any] | None, list[Unresolved]]:
        """The document, with a statement more if one is missing; that statement; what is in the way."""
        added: Mapping[str, Any] | None = None
        if isinstance(self.prove(_allows_of(Policy.parse(document))), Refused):
            wanted = documented_statement(self.finding.requirement, self.question.key, self.question.zone)
            attempt = with_statement(document, wanted)
            fault = self.fault_of(attempt)
            if fault:
                return document, None, [self.unresolved(fault)]
            document, added = attempt, attempt["Statement"][-1]
        obstacles = list(self.denies(document))
        left = None if obstacles else self.test(document)
        if left is not None:
            # Allowed, and more than that: only RequireConfusedDeputyProtection is left to fail.
            narrower = f"{left.message}; no statement that is added can narrow one that is there"
            obstacles = [replace(self.unresolved(narrower), statement=left.statement)]
        return document, added, obstacles

    def fault_of(self, attempt: Document) -> str:
        """Why the statement at the document's end should not be added; empty where it helps."""
        alone = self.test({"Version": CURRENT_VERSION, "Statement": attempt["Statement"][-1:]})
        if alone is not None:
            return alone.message
        if size(attempt) > MAXIMUM_POLICY_BYTES:
            return "with the documented statement the policy would be over KMS's 32 KB; shorten it first"
        return _TOO_COMPLEX if isinstance(self.prove(_allows_of(Policy.parse(attempt))), Refused) else ""

    def denies(self, document: Document) -> Iterator[Unresolved]:
        """Each Deny in the way, with the narrowest exemption that gets past it; of very many the first."""
        policy = Policy.parse(document)
        for _ in range(_MOST_DENIES):
            result = self.prove(policy)
            if isinstance(result, Proved):
                return
            deny = result.decision.statement
            if deny is None or result.request is None:
                yield self.unresolved(_TOO_COMPLEX)
                return
            does = "denies" if result.certain or self.is_certain(policy, deny) else "may deny"
            what = f"{deny.label} {does} {result.request.action} to {result.request.service}"
            policy, obstacle = self.spared(policy, document, deny, what)
            yield obstacle
        if isinstance(self.prove(policy), Refused):
            yield self.unresolved(_MORE_DENIES)

    def spared(
        self, policy: Policy, document: Document, deny: Statement, what: str
    ) -> tuple[Policy, Unresolved]:
        """The policy with the services exempted from one Deny, and how; the document has the Deny as it was.

        Users and roles have no aws:PrincipalServiceName, so for them nothing changes.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        operator, key = "StringNotEqualsIfExists", "aws:PrincipalServiceName"
        exempted = with_condition(document, deny.index, operator, {key: self.services})
        every = with_condition(document, deny.index, "BoolIfExists", {"aws:PrincipalIsAWSService": "false"})
        message = (
            f"{what}; add {operator} {key} {json.dumps(self.services)} to its Condition"
            f"{self.wider(_with_deny_of(policy, every, deny), deny)}"
            f"{settled_by(self.question.zone, deny.conditions)}"
        )
        entry = {operator: exempted["Statement"][deny.index]["Condition"][operator]}
        obstacle = Unresolved(self.finding.requirement, message, reference(deny), entry)
        return _with_deny_of(policy, exempted, deny), obstacle

    def wider(self, policy: Policy, deny: Statement) -> str:
        """The end of a message: that the exemption of all AWS services would do as well, if it would."""
        result = self.prove(policy)
        still = result.decision.statement if isinstance(result, Refused) else None
        if still is not None and still.index == deny.index:
            return ""
        return ' (BoolIfExists aws:PrincipalIsAWSService "false" would spare all AWS services)'

    def prove(self, policy: Policy) -> Proved | Refused:
        """Whether every request of the service is allowed."""
        return prove(policy, self.family())

    def is_certain(self, policy: Policy, deny: Statement) -> bool:
        """Whether the Deny refuses a request of which all is documented."""
        found = find_refused(policy, self.family())
        by = found.decision.statement if found else None
        return by is not None and by.index == deny.index

    def family(self) -> Family:
        """The requests of the service."""
        question = self.question
        return FAMILIES[self.finding.requirement](question.key, question.zone, question.earliest)

    def test(self, document: Document) -> Finding | None:
        """The requirement, asked of this document in place of the key's policy."""
        asked = replace(self.question, policy=Policy.parse(document))
        answer = REQUIREMENTS[self.finding.requirement](asked)
        return answer if isinstance(answer, Finding) else None

    def unresolved(self, message: str) -> Unresolved:
        """Something about this requirement."""
        return Unresolved(self.finding.requirement, message)


def _allows_of(policy: Policy) -> Policy:
    """What is allowed where nothing is denied."""
    return Policy(tuple(statement for statement in policy.statements if statement.allows))


def _with_deny_of(policy: Policy, document: Document, deny: Statement) -> Policy:
    """The policy with one Deny as another document has it."""
    one = {**document, "Statement": statements_of(document)[deny.index]}
    (changed,) = Policy.parse(one).statements
    return Policy(
        tuple(
            replace(changed, index=deny.index) if statement.index == deny.index else statement
            for statement in policy.statements
        )
    )
