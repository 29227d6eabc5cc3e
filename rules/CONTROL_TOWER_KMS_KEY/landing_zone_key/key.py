"""A KMS key as data, read from configuration items, or from DescribeKey and GetKeyPolicy."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from landing_zone_key.errors import KeyDataError
from landing_zone_key.records import dataclass

RESOURCE_TYPE: Final = "AWS::KMS::Key"

#: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html
_GONE: Final = frozenset({"ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"})

_ARN: Final = re.compile(r"arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):key/([A-Za-z0-9-]+)", re.ASCII)
#: Since 1970; a number of more is milliseconds, since 1973.
_MOST_SECONDS: Final = 1e11
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}


def partition_of(region: str) -> str:
    """The partition of a Region.

    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


@dataclass(frozen=True, slots=True)
class KeyArn:
    """The ARN of a KMS key, in its parts."""

    partition: str
    region: str
    account: str
    key_id: str

    @classmethod
    def parse(cls, text: str) -> "KeyArn":
        """Read `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`; raise `KeyDataError` for anything else."""
        found = _ARN.fullmatch(text)
        if not found:
            raise KeyDataError(
                f"{json.dumps(text)[:120]} is not the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID)"
            )
        return cls(*found.groups())

    @property
    def is_one(self) -> bool:
        """Whether AWS writes any ARN so: of a configuration item without one the parts may be any text."""
        return _ARN.fullmatch(str(self)) is not None

    def __str__(self) -> str:
        """The ARN as AWS writes it."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/{self.key_id}"


@dataclass(frozen=True, slots=True)
class KmsKey:
    """What is known of one key; None is always "not known"."""

    arn: KeyArn
    resource_type: str = RESOURCE_TYPE
    deleted: bool = False
    """The resource is gone, or AWS Config does not record it any more."""
    key_manager: str | None = None
    key_state: str | None = None
    deletion_date: str | None = None
    """ISO 8601 date; only while the key is pending deletion."""
    material_expires: str | None = None
    """ISO 8601 date from which on imported key material is gone; None also where it does not expire."""
    key_spec: str | None = None
    key_usage: str | None = None
    origin: str | None = None
    multi_region: bool | None = None
    policy: str | Mapping[str, Any] | None = None
    """As it was found: JSON text, JSON text inside a JSON string, or an object."""
    attributes_missing: str | None = None
    """Why attributes are not known, where something is known of it."""
    policy_missing: str | None = None
    """Why there is no policy."""
    policy_put: bool = True
    """False: KMS does not have the policy yet, so that what nobody knows in it is a mistake, and not new."""
    tags: Mapping[str, str] | None = None

    @classmethod
    def from_configuration_item(cls, item: Mapping[str, Any]) -> "KmsKey":
        """Read a configuration item in any of its shapes: notification, history, query, rdk's sample.

        Raises `KeyDataError` where it names no key. Missing attributes are no error: they stay None.
        https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
        """
        if not isinstance(item, Mapping):
            raise KeyDataError(f"a configuration item is an object, not {type(item).__name__}")
        attributes = _attributes(_object(item.get("configuration")))
        supplementary = _object(item.get("supplementaryConfiguration"))
        policy = supplementary.get("Policy")
        known = isinstance(policy, str | Mapping) and bool(policy)
        arn = _arn_of_item(item, attributes)
        return cls(
            arn=arn,
            resource_type=str(item.get("resourceType") or RESOURCE_TYPE),
            deleted=str(item.get("configurationItemStatus")) in _GONE,
            policy=policy if known else None,
            policy_missing=None if known else "the key policy is not in the configuration item",
            tags=_tags(item.get("tags"), supplementary.get("Tags")),
            **_known(attributes, arn),
        )

    @classmethod
    def from_describe_key(cls, metadata: Mapping[str, Any]) -> "KmsKey":
        """Read DescribeKey's `KeyMetadata` (or the whole answer); the policy comes by `with_policy`.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
        """
        attributes = _attributes(_object(metadata.get("KeyMetadata", metadata)))
        arn = KeyArn.parse(str(attributes.get("arn", "")))
        return cls(arn, policy_missing="the key policy was not read", **_known(attributes, arn))

    @classmethod
    def from_arn(cls, arn: KeyArn) -> "KmsKey":
        """A key of which nothing but its ARN is known."""
        missing = "nothing but the key's ARN is known"
        return cls(arn, multi_region=_is_multi_region(arn), policy_missing=missing)

    def with_policy(self, policy: str | Mapping[str, Any] | None, missing: str | None = None) -> "KmsKey":
        """The same key with GetKeyPolicy's answer, or with the reason why there is none."""
        return replace(self, policy=policy, policy_missing=missing)

    def completed_by(self, described: "KmsKey") -> "KmsKey":
        """The same key with what it lacks taken from another description of it, but for the policy."""
        names = (
            *("key_manager", "key_state", "deletion_date", "material_expires"),
            *("key_spec", "key_usage", "origin"),
        )
        lacking = {name: getattr(described, name) for name in names if getattr(self, name) is None}
        return replace(self, multi_region=self.multi_region or _is_multi_region(self.arn), **lacking)

    @property
    def policy_text(self) -> str:
        """The policy, where it was found as text; else empty."""
        return self.policy if isinstance(self.policy, str) else ""

    @property
    def lacks_attributes(self) -> bool:
        """Whether an attribute that a requirement asks for is not known."""
        return None in (self.key_state, self.key_spec, self.key_usage, self.key_manager)


def _is_multi_region(arn: KeyArn) -> bool:
    """Multi-Region keys, and they alone, have ids that begin with `mrk-`.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    """
    return arn.key_id.startswith("mrk-")


def _arn_of_item(item: Mapping[str, Any], attributes: Mapping[str, Any]) -> KeyArn:
    candidates = [item.get("ARN"), item.get("arn"), attributes.get("arn")]
    for text in candidates:
        if isinstance(text, str) and (found := _ARN.fullmatch(text)):
            return KeyArn(*found.groups())
    region, account = item.get("awsRegion"), item.get("awsAccountId", item.get("accountId"))
    key_id = item.get("resourceId", attributes.get("keyId"))
    if not all(isinstance(part, str) and part for part in (region, account, key_id)):
        shown = next((text for text in candidates if text is not None), None)
        raise KeyDataError(
            f"the configuration item names no KMS key: its ARN is {json.dumps(shown, default=repr)[:120]}"
        )
    return KeyArn(partition_of(str(region)), str(region), str(account), str(key_id))


def _object(value: object) -> Mapping[str, Any]:
    """An object, also one that is kept as JSON text; empty where there is none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _attributes(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes under the names of configuration items: DescribeKey begins them with capitals."""
    return {name[:1].lower() + name[1:]: value for name, value in configuration.items()}


def _known(attributes: Mapping[str, Any], arn: KeyArn) -> dict[str, Any]:
    return {
        "key_manager": _text(attributes.get("keyManager")),
        "key_state": _state(attributes),
        "deletion_date": _date(attributes.get("deletionDate")),
        "material_expires": _expiry(attributes),
        "key_spec": _text(attributes.get("keySpec")) or _text(attributes.get("customerMasterKeySpec")),
        "key_usage": _text(attributes.get("keyUsage")),
        "origin": _text(attributes.get("origin")),
        "multi_region": _boolean(attributes.get("multiRegion")) or _is_multi_region(arn),
    }


def _state(attributes: Mapping[str, Any]) -> str | None:
    state, enabled = _text(attributes.get("keyState")), _boolean(attributes.get("enabled"))
    if state is None and enabled is not None:
        return "Enabled" if enabled else "Disabled"
    return "Disabled" if state == "Enabled" and enabled is False else state


def _expiry(attributes: Mapping[str, Any]) -> str | None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html (ExpirationModel, ValidTo)."""
    keeps = attributes.get("expirationModel") == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    return None if keeps else _date(attributes.get("validTo"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _date(value: object) -> str | None:
    """A date from ISO 8601 text, milliseconds since 1970 (configuration items) or a datetime (boto3)."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).date().isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            seconds = value / 1000 if value > _MOST_SECONDS else value
            return datetime.fromtimestamp(seconds, UTC).date().isoformat()
        except (OverflowError, OSError, ValueError):
            return None
    return value[:10] if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value) else None


def _tags(tags: object, listed: object) -> dict[str, str] | None:
    """The tags, from the item's own member or from the list in its supplementary configuration.

    None, "not known", where neither is there or where a tag cannot be read.
    """
    if isinstance(listed, str):
        try:
            listed = json.loads(listed)
        except (ValueError, RecursionError):
            return None
    pairs = list(tags.items()) if isinstance(tags, Mapping) else []
    if isinstance(listed, list):
        members = [tag if isinstance(tag, Mapping) else {} for tag in listed]
        pairs += [(tag.get("tagKey"), tag.get("tagValue")) for tag in members]
    # An item without the list has an empty `tags` also where AWS Config could not read them.
    known = bool(pairs) or isinstance(listed, list)
    readable = all(isinstance(name, str) and isinstance(value, str) for name, value in pairs)
    return dict(pairs) if readable and known else None
