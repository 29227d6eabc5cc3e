"""Reads KMS keys and the landing zone through boto3 clients that are handed in; decides nothing.

One key that cannot be read is a key with unknown attributes, never the end of the run.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone_key import KmsKey, LandingZone, SettingsError
from landing_zone_key.key import KeyArn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_controltower import ControlTowerClient
    from mypy_boto3_kms import KMSClient

#: KMS allows at least 500 of these requests a second: https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
WORKERS: Final = 8


def all_keys(kms: KMSClient) -> Iterator[KmsKey]:
    """Every key of the account and Region; keys deleted while they are read are left out.

    Raises what ListKeys raises: without the list nothing can be said.
    """
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1000})
    arns = [KeyArn.parse(entry["KeyArn"]) for page in pages for entry in page["Keys"]]
    unread = [KmsKey.from_arn(arn).with_policy(None, "a scheduled event has no key policy") for arn in arns]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        for key in pool.map(lambda key: complete(key, lambda: kms), unread):
            if not key.deleted:
                yield key


def complete(key: KmsKey, client: Callable[[], KMSClient]) -> KmsKey:
    """Ask KMS for what is not known of a key; a complete one costs no call.

    A key that KMS does not find (any more) is deleted. What cannot be read stays unknown, and fails its
    requirement.
    """
    if key.deleted or not (key.lacks_attributes or _lacks_policy(key)):
        return key
    kms = client()
    try:
        if key.lacks_attributes:
            key = key.completed_by(KmsKey.from_describe_key(kms.describe_key(KeyId=str(key.arn))))
        if _lacks_policy(key):
            answer = kms.get_key_policy(KeyId=str(key.arn), PolicyName="default")
            key = key.with_policy(answer.get("Policy", ""))
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "NotFoundException":
            return replace(key, deleted=True)
        return _unread(key, _failed(error))
    return key


def _unread(key: KmsKey, why: str) -> KmsKey:
    """The key with the reason beside what is not known of it."""
    if _lacks_policy(key):
        key = key.with_policy(None, f"{key.policy_missing} and {why}")
    return replace(key, attributes_missing=why) if key.lacks_attributes else key


def _lacks_policy(key: KmsKey) -> bool:
    """Whether the policy is not known, and is somebody's business: AWS managed keys' are not."""
    return key.policy is None and key.key_manager != "AWS"


def with_landing_zone_manifest(zone: LandingZone, controltower: ControlTowerClient) -> LandingZone:
    """Add the keys that the landing zone's manifest names.

    Raises what Control Tower's API raises, and `SettingsError` where there is no landing zone.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
    """
    for page in controltower.get_paginator("list_landing_zones").paginate():
        for entry in page["landingZones"]:
            found: Mapping[str, Any] = controltower.get_landing_zone(landingZoneIdentifier=entry["arn"])
            shown = found["landingZone"]
            return zone.with_manifest(shown.get("manifest"), shown.get("version"))
    raise SettingsError(
        f"KeyScope is landing-zone, but this account has no landing zone in {zone.home_region}"
    )


def _failed(error: ClientError | BotoCoreError) -> str:
    """The action and what became of it, without the service's text, which may hold anything."""
    if not isinstance(error, ClientError):
        return f"AWS KMS could not be asked ({type(error).__name__})"
    code = error.response["Error"]["Code"]
    outcome = "was refused" if code.startswith("AccessDenied") else f"failed with {code}"
    return f"kms:{error.operation_name} {outcome}"
