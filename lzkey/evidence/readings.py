"""Answers of AWS in a pack, and the key that they tell of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from landing_zone_key import KeyDataError, KmsKey
from lzkey.aws.keys import has_tag_condition
from lzkey.documents import time_text
from lzkey.errors import PackError
from lzkey.evidence.facts import with_named_tags
from lzkey.sources.open_policy import TAGS_OPEN, with_any_tags
from lzkey.sources.source import known_key
from lzkey.sources.subject import Context, FoundKey, Kind, Place
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.aws.witness import Reading, Witness

#: The file of each answer about a key.
DESCRIBED: Final = "describe-key.json"
POLICY: Final = "key-policy.json"
TAGS: Final = "tags.json"
_NAMES: Final = (DESCRIBED, POLICY, TAGS)
#: What was asked for each.
_OPERATIONS: Final = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags")

_UNTOLD: Final = "KMS did not tell it to whoever made the pack"


class KeyReadings(NamedTuple):
    """What KMS answered of one key, as a pack has it; None where it did not."""

    described: Json = None
    policy: Json = None
    tags: Json = None

    @classmethod
    def seen(cls, witness: Witness, arn: KeyArn) -> KeyReadings:
        """The first answers of each kind: those that everything else rests on."""
        names = {"KeyId": str(arn)}
        described = next((each for each in witness.of("kms:DescribeKey") if _names_key(each, str(arn))), None)
        policy = next(witness.of("kms:GetKeyPolicy", **names), None)
        pages = [*witness.of("kms:ListResourceTags", **names)]
        told = None if described is None else as_members(described)
        put = None if policy is None else as_members(policy)
        if not pages or put is None:
            return cls(told, put)
        tags = as_members(pages[0])
        tags["answer"] = {"Tags": [tag for page in pages for tag in page.answer.get("Tags", ())]}
        return cls(told, put, _with_named_tags(tags, put["answer"].get("Policy"), arn))

    def lacking(self, found: FoundKey) -> Iterator[str]:
        """The questions that were to be answered of a key and were not."""
        wanted = (True, True, has_tag_condition(found.key.policy))
        for operation, reading, needed in zip(_OPERATIONS, self, wanted, strict=True):
            if needed and reading is None:
                yield operation

    def files(self) -> dict[str, Json]:
        """The answers that there are, by the names of their files."""
        named = zip(_NAMES, self, strict=True)
        return {name: reading for name, reading in named if reading is not None}

    def key(self, arn: KeyArn) -> KmsKey:
        """The key that the answers tell of; raises PackError where they tell of none, or of another one."""
        for name, reading, operation in zip(_NAMES, self, _OPERATIONS, strict=True):
            if reading is not None:
                _require_question(reading, name, operation, None if name == DESCRIBED else str(arn))
        found = replace(KmsKey.from_arn(arn), attributes_missing=_UNTOLD)
        if self.described is not None:
            try:
                found = KmsKey.from_describe_key(_answer(self.described, DESCRIBED))
            except KeyDataError as error:
                raise PackError(f"{DESCRIBED}: {error}") from error
        if found.arn != arn:
            raise PackError(f"{DESCRIBED} is of {found.arn}, and lies where {arn} belongs")
        policy = None if self.policy is None else _answer(self.policy, POLICY).get("Policy")
        text = policy if isinstance(policy, str) else None
        found = found.with_policy(text, None if text is not None else _UNTOLD)
        return found if self.tags is None else replace(found, tags=_tags(self.tags))


def found_in(key: KmsKey, zone: LandingZone) -> FoundKey:
    """A key that KMS told of, as something that is judged; what was not told is open."""
    arn = key.arn
    place = Place(f"account {arn.account} in {arn.region}", Kind.LIVE)
    made = known_key(key, place, Context(zone))
    if key.tags is not None or not has_tag_condition(key.policy):
        return made
    unresolved = (*made.unresolved, f"{TAGS_OPEN}: {_UNTOLD}")
    return replace(made, hopeful=with_any_tags(key, zone), unresolved=unresolved)


def _names_key(reading: Reading, arn: str) -> bool:
    """Whether an answer is of this key, by whatever name it was asked for."""
    metadata = reading.answer.get("KeyMetadata")
    return isinstance(metadata, dict) and metadata.get("Arn") == arn


def as_members(reading: Reading) -> dict[str, Any]:
    """An answer as a pack has it."""
    return {
        "operation": reading.operation,
        "account": reading.account,
        "region": reading.region,
        "asked_at": time_text(reading.asked_at),
        "request_id": reading.request_id,
        "arguments": dict(reading.arguments),
        "answer": json.loads(json.dumps(dict(reading.answer), default=_as_text)),
    }


def rule_reading(witness: Witness, name: str) -> dict[str, Any] | None:
    """The answer that tells of the rule in force, and of no other: the organization's, else the account's."""
    for operation, member, named in (
        ("config:DescribeOrganizationConfigRules", "OrganizationConfigRules", "OrganizationConfigRuleName"),
        ("config:DescribeConfigRules", "ConfigRules", "ConfigRuleName"),
    ):
        for reading in witness.of(operation):
            rules = [rule for rule in reading.answer.get(member, ()) if rule.get(named) == name]
            if rules:
                members = as_members(replace(reading, answer={member: rules}))
                return members | {"left_out": "every other rule"}
    return None


def _with_named_tags(tags: dict[str, Any], policy: object, arn: KeyArn) -> dict[str, Any]:
    """The answer without the tags that no condition names."""
    key = KmsKey.from_arn(arn).with_policy(policy if isinstance(policy, str) else None)
    named = with_named_tags(replace(key, tags=_tags(tags))).tags or {}
    kept = [tag for tag in tags["answer"]["Tags"] if tag.get("TagKey") in named]
    return tags | {"answer": {"Tags": kept}, "left_out": "tags that no condition of the policy names"}


def _require_question(reading: Json, name: str, operation: str, arn: str | None) -> None:
    """Raise PackError where it was asked otherwise; `arn` is of a key that the answer does not name."""
    told = reading if isinstance(reading, dict) else {}
    arguments = told.get("arguments")
    asked = arguments.get("KeyId") if isinstance(arguments, dict) else None
    if told.get("operation") != operation or (arn is not None and asked != arn):
        what = one_line(f"{told.get('operation')} of {asked}")[:160]
        raise PackError(f"{name} is the answer to {what}, and lies where that to {operation} belongs")


def _answer(reading: Json, name: str) -> Mapping[str, Json]:
    answer = reading.get("answer") if isinstance(reading, dict) else None
    if not isinstance(answer, dict):
        raise PackError(f"{name} has no answer")
    return answer


def _tags(reading: Json) -> dict[str, str]:
    tags = _answer(reading, TAGS).get("Tags")
    listed = tags if isinstance(tags, list) else []
    pairs = [(tag.get("TagKey"), tag.get("TagValue")) for tag in listed if isinstance(tag, dict)]
    return {name: value for name, value in pairs if isinstance(name, str) and isinstance(value, str)}


def _as_text(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)
