"""What would make a key pass: the policy with the missing statements, judged again. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from landing_zone_key import repair
from landing_zone_key.amendment import document_of, with_statements
from lzkey.check.verdict import judge, not_known, zone_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.mending import Unresolved
    from lzkey.check.verdict import Verdict
    from lzkey.sources.subject import FoundKey


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do about one key."""

    found: FoundKey
    before: Mapping[str, Any] | None
    """The policy as it is; None where it is not known, or no policy."""
    after: Mapping[str, Any] | None
    """The policy as it should be; the same where nothing is to be added."""
    added: tuple[Mapping[str, Any], ...]
    """The statements that are new."""
    changes: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]
    """What adding statements cannot mend."""
    verdict: Verdict
    """Of the key with the policy as it should be."""
    needed: bool
    """Whether, without what is added, some request is certain to be refused; else it may be."""
    perhaps: tuple[str, ...]
    """The Sids of what is added for a request that may be refused, and is not certain to be."""
    whole: bool
    """False: parts of the policy could not be resolved, so that the added statements alone can be shown."""


def propose(found: FoundKey, zone: LandingZone, *, at: datetime | None = None) -> Proposal:
    """Repair the policy of one key, and judge the key again with it."""
    before = document_of(found.key.policy)
    repaired = repair(found.key, zone_for(found, zone), at=at)
    as_it_is = judge(found, zone, at=at)
    certain = {problem.requirement for problem in as_it_is.problems if problem.certain}
    # Where the key has no ARN yet, `*` names it in its own policy.
    added = tuple(
        statement if found.arn_known else {**statement, "Resource": "*"} for statement in repaired.added
    )
    return Proposal(
        found=found,
        before=before,
        after=with_statements(before, added) if before and added else before,
        added=added,
        changes=repaired.changes,
        unresolved=tuple(_of_not_known(each, found) for each in repaired.unresolved),
        verdict=judge(_with(found, added), zone, at=at) if added else as_it_is,
        needed=any(requirement in certain for requirement in repaired.added_for),
        perhaps=tuple(
            statement["Sid"]
            for statement, requirement in zip(added, repaired.added_for, strict=True)
            if requirement not in certain
        ),
        whole=found.hopeful is None or found.hopeful.policy == found.key.policy,
    )


def _of_not_known(unresolved: Unresolved, found: FoundKey) -> Unresolved:
    """What stands for a statement of which nothing is known is no Deny that anybody could mend."""
    if unresolved.statement not in found.not_known or not unresolved.exemption:
        return unresolved
    why = f"{not_known(unresolved.statement)}, and may deny it; give what is deployed"
    return replace(unresolved, message=why, exemption=None)


def _with(found: FoundKey, added: tuple[Mapping[str, Any], ...]) -> FoundKey:
    """The key as it would be found with these statements more."""
    if not added:
        return found
    hopeful = found.hopeful and _extended(found.hopeful, added)
    return replace(found, key=_extended(found.key, added), hopeful=hopeful)


def _extended(key: KmsKey, added: tuple[Mapping[str, Any], ...]) -> KmsKey:
    document = document_of(key.policy)
    return key if document is None else key.with_policy(with_statements(document, added))
