"""Control Tower's pre-check, for one key: its five requirements, in the guide's order and words.

The permissions are proved, for the Regions and accounts that there are after the change.
https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
"""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING, Final

from landing_zone_key import FindingReason, Requirement
from landing_zone_key.access import SERVICES
from landing_zone_key.advisories import AdvisoryCode
from lzkey.catalogue import ADVISORIES, GUIDE, advice
from lzkey.check.explanation import explanation
from lzkey.preflight.model import Level, Part, Topic
from lzkey.sources.documents import ONLY_A_POLICY
from lzkey.sources.subject import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from lzkey.check.explanation import Answer, Explanation
    from lzkey.preflight.model import Configuration, Item
    from lzkey.sources.subject import FoundKey, Unread

#: The key of a delivery channel "must belong to the same Region as the destination S3 bucket", which is the
#: home Region.
_CHANNEL: Final = "https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannel.html"
_MATERIAL: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html"

#: What a policy alone, without its key, leaves open; the key's ARN tells the rest.
_OPEN: Final = frozenset({Requirement.ENABLED, Requirement.SYMMETRIC})
_OF_THE_ARN: Final = frozenset(
    {Requirement.SINGLE_REGION, Requirement.MANAGEMENT_ACCOUNT, Requirement.HOME_REGION}
)
_ALLOW: Final = "allow kms:DescribeKey, kms:GetKeyPolicy and kms:ListResourceTags, also in the key policy"
_GIVE_ALL: Final = "give what describe-key and get-key-policy of the AWS CLI print, or look at the live key"


_PERMISSIONS: Final = "Has correct permissions added to the policy"


def _asked(name: str, words: str) -> Topic:
    return Topic(Part.REQUIREMENTS, name, words, GUIDE)


#: The engine's requirements as the guide's, in the guide's order.
_TOPICS: Final[Mapping[Requirement, Topic]] = {
    Requirement.ENABLED: _asked("enabled", "Enabled"),
    Requirement.SYMMETRIC: _asked("symmetric", "Symmetric"),
    Requirement.SINGLE_REGION: _asked("not-multi-region", "Not a multi-Region key"),
    Requirement.CLOUDTRAIL_ACCESS: _asked("permissions-cloudtrail", f"{_PERMISSIONS}, for CloudTrail"),
    Requirement.CONFIG_ACCESS: _asked("permissions-config", f"{_PERMISSIONS}, for AWS Config"),
    Requirement.MANAGEMENT_ACCOUNT: _asked("management-account", "Key is in the management account"),
    Requirement.HOME_REGION: Topic(Part.BESIDE, "home-region", "Key is in the home Region", _CHANNEL),
}
KEY: Final = _asked("key", "Key")
_KEY_MATERIAL: Final = Topic(Part.BESIDE, "key-material", "Key material stays", _MATERIAL)


def key_items(found: FoundKey, after: Configuration, at: datetime) -> Iterator[Item]:
    """Every requirement of a key, and its home Region; one item alone where Control Tower takes none such."""
    explained = explanation(found, after.zone, at=at)
    if not explained.answers:
        yield KEY.item(Level.BLOCKER, explained.verdict.annotation, "give another key", _about(found))
        return
    certain = explained
    if not after.zone.accounts:
        certain = explanation(found, replace(after.zone, accounts=after.some_accounts), at=at)
    answers, surely = (
        {answer.requirement: answer for answer in each.answers} for each in (explained, certain)
    )
    for requirement in _TOPICS:
        yield _item(answers[requirement], surely[requirement], explained, found, after)
    yield from _expiring(explained, _about(found))


def unread_item(name: str, unread: Unread) -> Item:
    """Of a key of which nothing can be told: it is not there, or nobody says so."""
    if unread.absent:
        return KEY.item(Level.BLOCKER, unread.message, "give a key that is there", name)
    fix = _ALLOW if unread.place.kind is Kind.LIVE else _GIVE_ALL
    return KEY.item(Level.NOT_KNOWN, unread.message, fix, name)


def missing_item(name: str) -> Item:
    """Of a key of which no file tells."""
    return KEY.item(Level.NOT_KNOWN, "no file that was given tells of it", _GIVE_ALL, name)


def several_item(name: str, sources: Sequence[str]) -> Item:
    """Of a key that several sources describe: nobody knows which of them is right."""
    detail = f"{len(sources)} sources describe it: {', '.join(sources)}"
    return KEY.item(Level.NOT_KNOWN, detail, "give one of them", name)


def _item(
    answer: Answer, surely: Answer, explained: Explanation, found: FoundKey, after: Configuration
) -> Item:
    """One requirement; `surely` is the answer for accounts of which it is known that they are there."""
    requirement, about = Requirement(answer.requirement), _about(found)
    topic, fix = _TOPICS[requirement], _fix(requirement, found, after)
    if answer.holds:
        open_because = _assumed(requirement, found)
        if open_because:
            return topic.item(Level.NOT_KNOWN, open_because, _GIVE_ALL, about)
        return topic.item(Level.OK, answer.detail, "", about)
    if surely.holds is False:
        return topic.item(Level.BLOCKER, surely.detail, fix, about)
    if answer.holds is False:
        told = f"{answer.detail}; which accounts there are is not known"
        return topic.item(Level.NOT_KNOWN, told, fix, about)
    (problem,) = (each for each in explained.verdict.problems if each.requirement == requirement)
    if problem.reason == FindingReason.NEXT_ACCOUNT:
        return topic.item(Level.WARNING, answer.detail, fix, about)
    if problem.reason == FindingReason.UNKNOWN:
        fix = _ALLOW if found.place.kind is Kind.LIVE else _GIVE_ALL
    return topic.item(Level.NOT_KNOWN, answer.detail, "; ".join((*found.unresolved, fix)), about)


def taken_for_granted(found: FoundKey) -> tuple[str, ...]:
    """What was taken for granted of a key, without what a policy alone leaves open: that is not known."""
    return tuple(each for each in found.assumptions if each != ONLY_A_POLICY)


def _assumed(requirement: Requirement, found: FoundKey) -> str:
    """Why it is not known that a requirement holds, although it was taken to; empty where it is."""
    if requirement in _OPEN and ONLY_A_POLICY in found.assumptions:
        return "the file has the policy alone, which does not tell"
    if requirement in _OF_THE_ARN and not found.arn_known:
        return "; ".join(taken_for_granted(found))
    return ""


def _about(found: FoundKey) -> str:
    return str(found.key.arn) if found.arn_known else found.name


def _fix(requirement: Requirement, found: FoundKey, after: Configuration) -> str:
    """What to do about a requirement that does not hold, or may not."""
    if requirement in (Requirement.MANAGEMENT_ACCOUNT, Requirement.HOME_REGION):
        return "give another key: one of the management account, in the home Region"
    if requirement not in SERVICES:
        return advice(requirement).brief(str(found.key.arn))
    target = f"--discover {found.key.arn}" if found.place.kind is Kind.LIVE else quote(found.place.source)
    regions = ",".join(after.zone.governed_regions)
    governed = f" --governed-regions {regions}" if regions else ""
    return f"lzkey fix {target}{governed} shows the smallest addition with which it is allowed"


def _expiring(explained: Explanation, about: str) -> Iterator[Item]:
    """That imported key material goes one day, with which the key can do nothing any more."""
    code = AdvisoryCode.EXPIRING_KEY_MATERIAL
    for remark in explained.verdict.remarks:
        if remark.code == code.value:
            yield _KEY_MATERIAL.item(Level.WARNING, remark.message, ADVISORIES[code].remedy, about)
