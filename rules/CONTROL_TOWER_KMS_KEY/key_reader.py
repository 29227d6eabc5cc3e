"""Reads KMS keys and the landing zone through boto3 clients that are handed in; decides nothing.

A key that AWS keeps from us is a key with unknown attributes. A failure that passes is none of the key's:
where one key alone is asked for, it ends the run, so that Lambda tries again and the former result stands.
Among many keys it leaves its own key unknown: it takes no result of another key with it, and a key without a
result of its own would have its former one withdrawn.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from config_event import RuleError
from landing_zone_key import KmsKey, LandingZone, SettingsError
from landing_zone_key.key import KeyArn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_controltower import ControlTowerClient
    from mypy_boto3_kms import KMSClient

#: KMS allows at least 500 of these requests a second: https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
WORKERS: Final = 8

#: What KMS answers for as long as it is busy or broken, whatever the status:
#: https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html and API_GetKeyPolicy.html
PASSING: Final = frozenset(
    {
        "DependencyTimeoutException",
        "InternalFailure",
        "KMSInternalException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def all_keys(kms: KMSClient) -> Iterator[KmsKey]:
    """Every key of the account and Region; keys deleted while they are read are left out.

    Raises what ListKeys raises: without the list nothing can be said.
    """
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1000})
    arns = [KeyArn.parse(entry["KeyArn"]) for page in pages for entry in page["Keys"]]
    unread = [KmsKey.from_arn(arn).with_policy(None, "a scheduled event has no key policy") for arn in arns]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        for key in pool.map(lambda key: complete(key, lambda: kms, among_many=True), unread):
            if not key.deleted:
                yield key


def complete(key: KmsKey, client: Callable[[], KMSClient], *, among_many: bool = False) -> KmsKey:
    """Ask KMS for what is not known of a key; a complete one costs no call.

    A key that KMS does not find (any more) is deleted. What cannot be read stays unknown, and fails its
    requirement; raises `RuleError` where it may be read the next time, unless the key is one among many.
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
        if _passes(error) and not among_many:
            raise RuleError(f"{_failed(error)} for {key.arn}; the next time it may be answered") from error
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


def _passes(error: ClientError | BotoCoreError) -> bool:
    """Whether the same question may be answered a minute later: throttled, timed out, or AWS's own fault."""
    if not isinstance(error, ClientError):
        return isinstance(error, NoConnectionError | HTTPClientError)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", HTTPStatus.BAD_REQUEST)
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.response["Error"]["Code"] in PASSING


def _failed(error: ClientError | BotoCoreError) -> str:
    """The action and what became of it, without the service's text, which may hold anything."""
    if not isinstance(error, ClientError):
        return f"AWS KMS could not be asked ({type(error).__name__})"
    code = error.response["Error"]["Code"]
    outcome = "was refused" if code.startswith("AccessDenied") else f"failed with {code}"
    return f"kms:{error.operation_name} {outcome}"
