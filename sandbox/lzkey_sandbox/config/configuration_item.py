"""Configuration items of AWS::KMS::Key in the three shapes in which Config hands them out.

*Notification*: what a rule's Lambda receives. *History*: what GetResourceConfigHistory returns, where
``configuration`` is a JSON string and each supplementary value a JSON-encoded string (so the policy is
encoded twice). *Summary*: what an oversized notification carries instead of the item.

Sources: the samples captured from AWS in awslabs/aws-iam-access-analyzer-policy-validation-config-rule
(function/sample-events), awslabs/aws-config-resource-schema (AWS::KMS::Key.properties.json) and
https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_TYPE: Final = "AWS::KMS::Key"
ITEM_VERSION: Final = "1.3"

#: Sources: the KMS API reference (EncryptionAlgorithms, MacAlgorithms of KeyMetadata), by key spec.
_ENCRYPTION: Final = {
    "SYMMETRIC_DEFAULT": ["SYMMETRIC_DEFAULT"],
    "RSA": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
    "SM2": ["SM2PKE"],
}


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key as KMS describes it: DescribeKey's metadata, policy, rotation and tags."""

    metadata: Mapping[str, Any]
    region: str
    policy: str
    rotation: bool
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ConfigurationItem:
    """One recorded state of a key; ``configuration`` is None once the key is deleted."""

    account: str
    region: str
    key_id: str
    arn: str
    captured: datetime
    created: datetime
    status: str
    change: str
    configuration: Mapping[str, Any] | None
    supplementary: Mapping[str, Any]
    tags: tuple[tuple[str, str], ...]

    @property
    def state_id(self) -> int:
        """Milliseconds since the epoch: Config's ids of recorded states grow with time."""
        return round(self.captured.timestamp() * 1000)

    def notification(self) -> dict[str, Any]:
        """The item as a change notification carries it."""
        return {
            "relatedEvents": [],
            "relationships": [],
            "configuration": self.configuration,
            "supplementaryConfiguration": dict(self.supplementary),
            "tags": dict(self.tags),
            **self._identity(),
        }

    def summary(self) -> dict[str, Any]:
        """What an oversized notification says of the item."""
        return {"changeType": self.change, **self._identity()}

    def _identity(self) -> dict[str, Any]:
        return {
            "configurationItemVersion": ITEM_VERSION,
            "configurationItemCaptureTime": timestamp(self.captured),
            "configurationStateId": self.state_id,
            "awsAccountId": self.account,
            "configurationItemStatus": self.status,
            "resourceType": KEY_TYPE,
            "resourceId": self.key_id,
            "resourceName": None,
            "ARN": self.arn,
            "awsRegion": self.region,
            "availabilityZone": "Not Applicable",
            "configurationStateMd5Hash": "",
            "resourceCreationTime": timestamp(self.created),
        }

    def base(self) -> dict[str, Any]:
        """The item as BatchGetResourceConfig answers it."""
        item: dict[str, Any] = {
            "version": ITEM_VERSION,
            "accountId": self.account,
            "configurationItemCaptureTime": self.captured,
            "configurationItemStatus": self.status,
            "configurationStateId": str(self.state_id),
            "arn": self.arn,
            "resourceType": KEY_TYPE,
            "resourceId": self.key_id,
            "awsRegion": self.region,
            "availabilityZone": "Not Applicable",
            "resourceCreationTime": self.created,
            "supplementaryConfiguration": {
                name: json.dumps(value) for name, value in self.supplementary.items()
            },
        }
        if self.configuration is not None:
            item["configuration"] = json.dumps(self.configuration)
        return item

    def history(self) -> dict[str, Any]:
        """The item as GetResourceConfigHistory answers it."""
        return {
            **self.base(),
            "configurationItemMD5Hash": "",
            "tags": dict(self.tags),
            "relatedEvents": [],
            "relationships": [],
        }


def timestamp(moment: datetime) -> str:
    """A moment as Config writes it: ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def key_configuration(facts: KeyFacts) -> dict[str, Any]:
    """The ``configuration`` member of a key's item; dates are milliseconds since the epoch."""
    data = facts.metadata
    spec, usage, key_id = data["KeySpec"], data["KeyUsage"], data["KeyId"]
    configuration = {
        "keyId": key_id,
        "arn": data["Arn"],
        "creationDate": round(data["CreationDate"] * 1000),
        "enabled": data["Enabled"],
        "description": data["Description"],
        "keyUsage": usage,
        "keyState": data["KeyState"],
        "origin": data["Origin"],
        "keyManager": data["KeyManager"],
        "customerMasterKeySpec": spec,
        "keySpec": spec,
        "encryptionAlgorithms": _encryption_algorithms(spec, usage),
        "signingAlgorithms": list(data["SigningAlgorithms"] or []) if usage == "SIGN_VERIFY" else [],
        "multiRegion": key_id.startswith("mrk-"),
        "macAlgorithms": [spec.replace("HMAC_", "HMAC_SHA_")] if usage == "GENERATE_VERIFY_MAC" else [],
        "awsaccountId": data["AWSAccountId"],
    }
    if "DeletionDate" in data:
        configuration["deletionDate"] = round(data["DeletionDate"] * 1000)
    if "MultiRegionConfiguration" in data:
        configuration["multiRegionConfiguration"] = _multi_region(data)
    return configuration


def key_supplement(facts: KeyFacts) -> dict[str, Any]:
    """The ``supplementaryConfiguration`` member: rotation, the policy as a JSON string, tags."""
    return {
        "KeyRotationStatus": facts.rotation,
        "Policy": facts.policy,
        "Tags": [{"tagKey": name, "tagValue": value} for name, value in facts.tags],
    }


def changed_properties(old: ConfigurationItem, new: ConfigurationItem) -> dict[str, Any]:
    """Return ``configurationItemDiff.changedProperties`` between two states of one key."""
    changes = {}
    pairs = (
        ("Configuration", old.configuration or {}, new.configuration or {}),
        ("SupplementaryConfiguration", old.supplementary, new.supplementary),
    )
    for group, before, after in pairs:
        for name in (*before, *(name for name in after if name not in before)):
            if before.get(name) != after.get(name):
                changes[f"{group}.{name[:1].upper()}{name[1:]}"] = _change(before.get(name), after.get(name))
    return changes


def _change(before: object, after: object) -> dict[str, Any]:
    kind = "CREATE" if before is None else "DELETE" if after is None else "UPDATE"
    return {"previousValue": before, "updatedValue": after, "changeType": kind}


def _encryption_algorithms(spec: str, usage: str) -> list[str]:
    if usage != "ENCRYPT_DECRYPT":
        return []
    return _ENCRYPTION.get(spec.partition("_")[0] if spec.startswith("RSA") else spec, [])


def _multi_region(data: Mapping[str, Any]) -> dict[str, Any]:
    """The multi-Region member; whether primary or replica follows from the ARN, as moto shares it."""
    known = data["MultiRegionConfiguration"]
    primary = known["PrimaryKey"]
    return {
        "multiRegionKeyType": "PRIMARY" if primary["Arn"] == data["Arn"] else "REPLICA",
        "primaryKey": {"arn": primary["Arn"], "region": primary["Region"]},
        "replicaKeys": [{"arn": key["Arn"], "region": key["Region"]} for key in known["ReplicaKeys"]],
    }
