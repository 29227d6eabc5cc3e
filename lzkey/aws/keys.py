"""KMS keys of an account and Region: as KMS tells of them, and as AWS Config has recorded them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KmsKey
from landing_zone_key.key import RESOURCE_TYPE
from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from landing_zone_key.key import KeyArn
    from lzkey.aws.account import Asker

#: KMS's code for a key or alias that is not there.
NOT_FOUND: Final = "NotFoundException"

#: Keys at most in one BatchGetResourceConfig, and items in one page of GetResourceConfigHistory.
#: https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
BATCH: Final = 100

#: What a condition on a key's own tags begins with.
#: https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
RESOURCE_TAG: Final = re.compile("aws:ResourceTag/", re.IGNORECASE)


def has_tag_condition(policy: object) -> bool:
    """Whether the text of a policy has a condition on the key's tags."""
    return isinstance(policy, str) and RESOURCE_TAG.search(policy) is not None


@takes("kms:ListKeys")
def key_arns(asker: Asker, region: str | None = None) -> Iterator[str]:
    """The ARNs of all keys, AWS's own among them, as the pages come."""
    return (str(entry["KeyArn"]) for entry in asker.each("kms:ListKeys", "Keys", region=region, size=1000))


@takes("kms:ListAliases")
def key_aliases(asker: Asker, region: str | None = None) -> dict[str, list[str]]:
    """The aliases of all keys of a Region, by the keys' ARNs."""
    found: dict[str, list[str]] = defaultdict(list)
    for alias in asker.each("kms:ListAliases", "Aliases", region=region, size=100):
        if "TargetKeyId" in alias:  # AWS's own aliases are there before their keys
            place = str(alias["AliasArn"]).partition(":alias/")[0]
            found[f"{place}:key/{alias['TargetKeyId']}"].append(str(alias["AliasName"]))
    return found


@takes("kms:DescribeKey")
def key(asker: Asker, name: str, region: str | None = None) -> KmsKey:
    """The key of an ARN, id or alias, without its policy."""
    answer = asker.ask("kms:DescribeKey", region=region, about=f"key {name}", KeyId=name)
    return KmsKey.from_describe_key(answer)


@dataclass(frozen=True, slots=True)
class Described:
    """A key without its policy, and when it was made."""

    key: KmsKey
    created: datetime | None


@takes("kms:DescribeKey")
def described_key(asker: Asker, name: str, region: str | None = None) -> Described:
    """The key of an ARN, id or alias, without its policy, and when it was made."""
    answer = asker.ask("kms:DescribeKey", region=region, about=f"key {name}", KeyId=name)
    return Described(KmsKey.from_describe_key(answer), answer["KeyMetadata"].get("CreationDate"))


@takes("kms:GetKeyPolicy")
def key_policy(asker: Asker, arn: KeyArn) -> str:
    """The key policy as it was put, character by character."""
    answer = asker.ask(
        "kms:GetKeyPolicy", region=arn.region, about=f"key {arn}", KeyId=str(arn), PolicyName="default"
    )
    return str(answer.get("Policy", ""))


@takes("kms:PutKeyPolicy")
def put_key_policy(asker: Asker, arn: KeyArn, policy: str) -> None:
    """Put a key policy, with KMS's own check that whoever puts it can still change it afterwards."""
    asker.change(
        "kms:PutKeyPolicy",
        region=arn.region,
        KeyId=str(arn),
        PolicyName="default",
        Policy=policy,
        BypassPolicyLockoutSafetyCheck=False,
    )


@takes("kms:ListResourceTags")
def key_tags(asker: Asker, arn: KeyArn) -> dict[str, str]:
    """The key's tags."""
    tags = asker.each("kms:ListResourceTags", "Tags", region=arn.region, about=f"key {arn}", KeyId=str(arn))
    return {tag["TagKey"]: tag["TagValue"] for tag in tags}


@takes("config:ListDiscoveredResources")
def recorded_keys(asker: Asker) -> tuple[str, ...] | None:
    """The ids of the keys that AWS Config has recorded; None where there is no recorder."""
    listed = asker.all(
        "config:ListDiscoveredResources",
        "resourceIdentifiers",
        absent={"NoAvailableConfigurationRecorderException"},
        resourceType=RESOURCE_TYPE,
    )
    return None if listed is None else tuple(found["resourceId"] for found in listed)


@takes("config:GetResourceConfigHistory")
def recorded_history(asker: Asker, arn: KeyArn) -> tuple[dict[str, Any], ...] | None:
    """All configuration items of a key, the newest first; None where AWS Config has recorded none.

    https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html
    """
    found = asker.all(
        "config:GetResourceConfigHistory",
        "configurationItems",
        region=arn.region,
        absent={"ResourceNotDiscoveredException", "NoAvailableConfigurationRecorderException"},
        about=f"key {arn}",
        size=BATCH,
        resourceType=RESOURCE_TYPE,
        resourceId=arn.key_id,
    )
    return None if found is None else tuple(found)


@takes("config:BatchGetResourceConfig")
def recorded_items(asker: Asker, key_ids: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """The configuration items of at most a batch of keys; keys that are gone are left out."""
    keys = [{"resourceType": RESOURCE_TYPE, "resourceId": key_id} for key_id in key_ids]
    answer = asker.ask("config:BatchGetResourceConfig", resourceKeys=keys)
    return tuple(item for item in answer["baseConfigurationItems"] if item.get("configuration"))
