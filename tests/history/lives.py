"""A key's life as sources tell it: events as CloudTrail records them, items as AWS Config keeps them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from lzkey.aws.events import event_of
from lzkey.history.model import Gap, Origin, Source, Standing
from lzkey.history.told import Told
from lzkey.sources.source import documented_policy
from lzkey_sandbox.cloudtrail_events import key_changed, policy_put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lzkey.history.model import History, Span

ACCOUNT = "111122223333"
ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = KeyArn.parse(ARN)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": ACCOUNT})
METADATA: dict[str, Any] = {
    "arn": ARN,
    "keyId": KEY.key_id,
    "keyManager": "CUSTOMER",
    "keyState": "Enabled",
    "keySpec": "SYMMETRIC_DEFAULT",
    "keyUsage": "ENCRYPT_DECRYPT",
    "origin": "AWS_KMS",
    "multiRegion": False,
}
GOOD = json.dumps(documented_policy(KmsKey.from_arn(KEY), ZONE))
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
BAD = json.dumps({"Version": "2012-10-17", "Statement": [{**ROOT, "Resource": "*"}]})

# Letters for what becomes of deliveries, so that a table shows a life on a line.
LETTERS = {
    Standing.ALLOWED: "A",
    Standing.REFUSED: "R",
    Standing.POSSIBLE: "P",
    Standing.UNKNOWN: "?",
    Standing.NO_KEY: "-",
}


def ago(days: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=days)


def made(days: float, policy: str | None = GOOD, **metadata: Any) -> dict[str, Any]:
    """CreateKey, by default with the documented policy; None: without one."""
    asked: dict[str, Any] = {"keyUsage": "ENCRYPT_DECRYPT", "tags": []}
    if policy is not None:
        asked["policy"] = policy
    return key_changed("CreateKey", ARN, ago(days), "", asked, {"keyMetadata": {**METADATA, **metadata}})


def put(days: float, policy: str, caller: str = "") -> dict[str, Any]:
    """PutKeyPolicy."""
    return policy_put(ARN, policy, ago(days), caller)


def did(name: str, days: float, asked: Mapping[str, Any] | None = None, **answered: Any) -> dict[str, Any]:
    """Another change of the key."""
    return key_changed(name, ARN, ago(days), "", asked, {"keyId": ARN, **answered})


def told(
    *records: Mapping[str, Any],
    since: float | None = 90,
    until: float = 0,
    gaps: Sequence[tuple[float, float]] = (),
    origin: Origin = Origin.EVENT_HISTORY,
) -> Told:
    """What a source tells that has everything from `since` to `until` days ago, but for its gaps."""
    its = tuple(Gap(ago(start), ago(end), "a file cannot be read") for start, end in gaps)
    start, end = (None, None) if since is None else (ago(since), ago(until))
    return Told(Source(origin, "a place", start, end, gaps=its), tuple(map(event_of, records)))


def present(policy: str = GOOD, state: str = "Enabled", **more: Any) -> Told:
    """What KMS tells now."""
    key = KmsKey.from_describe_key({**METADATA, "keyState": state, **more}).with_policy(policy)
    return Told(Source(Origin.PRESENT, "KMS"), present=key)


def item(days: float, policy: str = GOOD, state: str = "Enabled", status: str = "OK", **more: Any) -> Any:
    """A configuration item, as GetResourceConfigHistory tells it."""
    configuration = json.dumps({**METADATA, "keyState": state, **more})
    return {
        "configurationItemCaptureTime": ago(days),
        "configurationItemStatus": status,
        "arn": ARN,
        "resourceType": "AWS::KMS::Key",
        "configuration": None if status == "ResourceDeleted" else configuration,
        "supplementaryConfiguration": {"Policy": json.dumps(policy), "Tags": "[]"},
    }


def recorded(*items: Any, since: float | None = None, until: float = 0) -> Told:
    """What AWS Config tells; `since`: from when on its recorder was on."""
    start, end = (None, None) if since is None else (ago(since), ago(until))
    return Told(Source(Origin.CONFIG, "a place", start, end), items=items)


def of(history: History, service: str = "CloudTrail") -> list[Span]:
    """A service's spans."""
    return [span for span in history.spans if span.service == service]


def days(at: datetime) -> float:
    """How many days ago."""
    return round((NOW - at) / timedelta(days=1), 3)


def line(history: History, service: str = "CloudTrail") -> str:
    """A life on a line: each span's letter, and how many days ago it began."""
    return " ".join(f"{LETTERS[span.standing]}{days(span.start):g}" for span in of(history, service))
