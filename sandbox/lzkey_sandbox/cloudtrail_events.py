"""Events as CloudTrail records them: AWS's samples, with the account, key and time that a test needs.

What no page of AWS shows is said to be assumed, or constructed. Which account gets a refused request of a
service is not documented: of people's requests across accounts it is the caller's alone.
https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lzkey_sandbox.event_history import time_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey_sandbox.event_history import Record

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
CONFIG: Final = "config.amazonaws.com"

_KMS: Final = "kms.amazonaws.com"
_CONTROL_TOWER: Final = "controltower.amazonaws.com"

#: An address for documentation. Source: https://www.rfc-editor.org/rfc/rfc5737
_ADDRESS: Final = "192.0.2.0"


def delivery_by_cloudtrail(
    key: str, trail: str, at: datetime, *, bucket: str = "aws-controltower-logs"
) -> dict[str, Any]:
    """GenerateDataKey, as CloudTrail asks for it before it delivers a log file of a trail.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-kms-works-with-cloudtrail.html
    """
    region, account = trail.split(":")[3:5]
    folder = f"AWSLogs/{account}/CloudTrail/{region}/{at:%Y/%m/%d}"
    file = f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_EXAMPLE.json.gz"
    context = {"aws:cloudtrail:arn": trail, "aws:s3:arn": _object(key, bucket, f"{folder}/{file}")}
    return _by_service(CLOUDTRAIL, key, at, context)


def delivery_by_config(
    key: str, account: str, region: str, at: datetime, *, bucket: str = "aws-controltower-logs"
) -> dict[str, Any]:
    """GenerateDataKey for a history file of AWS Config's; constructed.

    Nobody has published such an event: it is taken to look as CloudTrail's, with Amazon S3's context alone.
    """
    folder = f"AWSLogs/{account}/Config/{region}/{at.year}/{at.month}/{at.day}/ConfigHistory"
    file = f"{account}_Config_{region}_ConfigHistory_AWS::KMS::Key_{at:%Y%m%dT%H%M%SZ}_EXAMPLE.json.gz"
    return _by_service(CONFIG, key, at, {"aws:s3:arn": _object(key, bucket, f"{folder}/{file}")})


def refused(record: Record, code: str = "AccessDenied", message: str | None = None) -> dict[str, Any]:
    """The same request, refused. That it still shows its parameters and resources is assumed.

    `DisabledException` is the code for a key that is disabled.
    https://docs.aws.amazon.com/kms/latest/developerguide/monitoring-keys-determining-usage.html; the sentence
    is that of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    if message is None:
        identity, action = record["userIdentity"], f"kms:{record['eventName']}"
        who = identity.get("arn") or identity["invokedBy"]
        key = record["resources"][0]["ARN"]
        why = f"because no resource-based policy allows the {action} action"
        message = f"User: {who} is not authorized to perform: {action} on resource: {key} {why}"
    return {**record, "errorCode": code, "errorMessage": message, "responseElements": None}


def policy_put(
    key: str, policy: str, at: datetime, caller: str = "", *, bypass: bool = False
) -> dict[str, Any]:
    """PutKeyPolicy, with the whole policy.

    https://docs.aws.amazon.com/kms/latest/developerguide/ct-put-key-policy.html
    """
    asked = {
        "keyId": key.rpartition("/")[2],
        "policyName": "default",
        "policy": policy,
        "bypassPolicyLockoutSafetyCheck": bypass,
    }
    return key_changed("PutKeyPolicy", key, at, caller, asked)


def key_changed(
    operation: str,
    key: str,
    at: datetime,
    caller: str = "",
    asked: Mapping[str, Any] | None = None,
    answered: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What somebody did to a key, such as DisableKey; `caller` is an ARN, by default an administrator's.

    It asked for the key alone, and was answered with its ARN, unless it is said otherwise.
    https://docs.aws.amazon.com/kms/latest/developerguide/ct-disablekey.html and its neighbours
    """
    partition, account = key.split(":")[1], key.split(":")[4]
    identity = _identity(caller or f"arn:{partition}:iam::{account}:user/administrator")
    parameters = {"keyId": key.rpartition("/")[2]} if asked is None else asked
    return _of_key(operation, key, at, identity, parameters, {"keyId": key} if answered is None else answered)


def landing_zone_updated(
    arn: str, version: str, manifest: Mapping[str, Any], at: datetime, caller: str = ""
) -> dict[str, Any]:
    """The request UpdateLandingZone. Its parameters are taken to be those of the API.

    https://docs.aws.amazon.com/controltower/latest/APIReference/API_UpdateLandingZone.html
    """
    partition, region, account = (arn.split(":")[place] for place in (1, 3, 4))
    return {
        **_record("UpdateLandingZone", _CONTROL_TOWER, account, region, at),
        "userIdentity": _identity(caller or f"arn:{partition}:iam::{account}:user/administrator"),
        "sourceIPAddress": _ADDRESS,
        "userAgent": "AWS Internal",
        "requestParameters": {"landingZoneIdentifier": arn, "version": version, "manifest": manifest},
        "responseElements": {"operationIdentifier": str(uuid4())},
        "readOnly": False,
        "eventType": "AwsApiCall",
    }


def landing_zone_update_ended(arn: str, at: datetime, *, succeeded: bool = True) -> dict[str, Any]:
    """What Control Tower itself records when an update has come to its end.

    https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html
    """
    region, account = arn.split(":")[3:5]
    ended = "successfully updated a landing zone" if succeeded else "failed to update a landing zone"
    status = {"state": "SUCCEEDED" if succeeded else "FAILED", "message": f"AWS Control Tower {ended}."}
    return {
        **_record("UpdateLandingZone", _CONTROL_TOWER, account, region, at),
        "userIdentity": {"accountId": account, "invokedBy": "AWS Internal"},
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "requestParameters": None,
        "responseElements": None,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "serviceEventDetails": {"updateLandingZoneStatus": status},
    }


def _by_service(service: str, key: str, at: datetime, context: Mapping[str, str]) -> dict[str, Any]:
    parameters = {"keySpec": "AES_256", "keyId": key, "encryptionContext": dict(context)}
    identity = {"type": "AWSService", "invokedBy": service}
    return {
        **_of_key("GenerateDataKey", key, at, identity, parameters, None),
        "sourceIPAddress": service,
        "userAgent": service,
        "readOnly": True,
        "sharedEventID": str(uuid4()),
    }


def _of_key(
    operation: str,
    key: str,
    at: datetime,
    identity: Mapping[str, Any],
    parameters: Mapping[str, Any],
    answer: Mapping[str, Any] | None,
) -> dict[str, Any]:
    region, account = key.split(":")[3:5]
    return {
        **_record(operation, _KMS, account, region, at),
        "userIdentity": identity,
        "sourceIPAddress": _ADDRESS,
        "userAgent": "AWS Internal",
        "requestParameters": parameters,
        "responseElements": answer,
        "readOnly": False,
        "resources": [{"accountId": account, "type": "AWS::KMS::Key", "ARN": key}],
        "eventType": "AwsApiCall",
    }


def _record(name: str, source: str, account: str, region: str, at: datetime) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "eventTime": time_text(at),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "requestID": str(uuid4()),
        "eventID": str(uuid4()),
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def _identity(arn: str) -> dict[str, Any]:
    """Who asked: a user, or a role in a session of it.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    partition, account, name = arn.split(":")[1], arn.split(":")[4], arn.rpartition("/")[2]
    shared = {"accountId": account, "accessKeyId": "EXAMPLE_KEY_ID"}
    if ":role/" not in arn:
        return {"type": "IAMUser", "principalId": "EX_PRINCIPAL_ID", "arn": arn, "userName": name, **shared}
    issuer = {"type": "Role", "principalId": "EX_PRINCIPAL_ID", "arn": arn, "userName": name}
    return {
        "type": "AssumedRole",
        "principalId": "EX_PRINCIPAL_ID:session",
        "arn": f"arn:{partition}:sts::{account}:assumed-role/{name}/session",
        "sessionContext": {"sessionIssuer": {**issuer, "accountId": account}},
        **shared,
    }


def _object(key: str, bucket: str, name: str) -> str:
    return f"arn:{key.split(':')[1]}:s3:::{bucket}/{name}"
