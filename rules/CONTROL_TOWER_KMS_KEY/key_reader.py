"""Reads KMS keys and the landing zone through boto3 clients that are handed in; decides nothing.

One key that cannot be read is a key with unknown attributes, never the end of the run.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone_key.key import KeyArn, KmsKey
from landing_zone_key.settings import LandingZone

# KMS allows at least 500 of these requests a second: https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
WORKERS: Final = 8


def all_keys(kms: Any) -> Iterator[KmsKey]:  # noqa: ANN401 - boto3 makes its clients at run time
    """Every key of the account and Region; keys deleted while they are read are left out.

    Raises what ListKeys raises: without the list nothing can be said.
    """
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1000})
    arns = [KeyArn.parse(entry["KeyArn"]) for page in pages for entry in page["Keys"]]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        for key in pool.map(lambda arn: read_key(kms, arn), arns):
            if key is not None:
                yield key


def read_key(kms: Any, arn: KeyArn) -> KmsKey | None:  # noqa: ANN401
    """Read one key by DescribeKey and GetKeyPolicy; None where it does not exist (any more)."""
    try:
        key = KmsKey.from_describe_key(kms.describe_key(KeyId=str(arn)))
        return key if key.key_manager == "AWS" else key.with_policy(_policy(kms, key))
    except kms.exceptions.NotFoundException:
        return None
    except (ClientError, BotoCoreError) as error:
        return KmsKey.from_arn(arn).with_policy(None, f"the key could not be read: {_named(error)}")


def complete(key: KmsKey, client: Callable[[], Any]) -> KmsKey:
    """Ask KMS for what a configuration item lacks; a complete item costs no call."""
    if key.deleted or not (key.lacks_attributes or key.policy is None):
        return key
    kms = client()
    try:
        if key.lacks_attributes:
            key = key.completed_by(KmsKey.from_describe_key(kms.describe_key(KeyId=str(key.arn))))
        # The policies of AWS managed keys are nobody's business.
        return (
            key if key.policy is not None or key.key_manager == "AWS" else key.with_policy(_policy(kms, key))
        )
    except (ClientError, BotoCoreError) as error:
        # What stays unknown fails its requirement, with this reason.
        return key.with_policy(key.policy, f"{key.policy_missing}, and {_named(error)}")


def _policy(kms: Any, key: KmsKey) -> str:  # noqa: ANN401
    return str(kms.get_key_policy(KeyId=str(key.arn), PolicyName="default")["Policy"])


def with_landing_zone_manifest(zone: LandingZone, controltower: Any) -> LandingZone:  # noqa: ANN401
    """Add the keys that the landing zone's manifest names.

    Raises what Control Tower's API raises, and `LookupError` where there is no landing zone.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
    """
    for page in controltower.get_paginator("list_landing_zones").paginate():
        for entry in page["landingZones"]:
            found: Mapping[str, Any] = controltower.get_landing_zone(landingZoneIdentifier=entry["arn"])
            return zone.with_manifest(found["landingZone"].get("manifest"))
    raise LookupError(f"KeyScope is landing-zone, but this account has no landing zone in {zone.home_region}")


def _named(error: ClientError | BotoCoreError) -> str:
    """The action and what became of it, without the service's text, which may hold anything."""
    if isinstance(error, ClientError):
        return f"kms:{error.operation_name} failed with {error.response['Error']['Code']}"
    return f"AWS KMS could not be asked ({type(error).__name__})"
