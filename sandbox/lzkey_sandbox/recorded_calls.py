"""Which events CloudTrail records of the calls that the sandbox answers: those that change keys, and updates.

Calls that AWS refuses, and what stacks do to keys, leave no event here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lzkey_sandbox.cloudtrail_events import key_changed, landing_zone_update_ended, landing_zone_updated
from lzkey_sandbox.config.recorder import KEY_CHANGES
from lzkey_sandbox.functions.authorization import caller_arn
from lzkey_sandbox.moto import motokeys

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey_sandbox.endpoint import Exchange
    from lzkey_sandbox.event_history import Record

#: What PutKeyPolicy is taken to ask for where it does not say; the events of it do.
_OF_PUT_KEY_POLICY: Final = {"policyName": "default", "bypassPolicyLockoutSafetyCheck": False}


def events_of(exchange: Exchange, at: datetime) -> tuple[Record, ...]:
    """The events of a call that succeeded at a time; mostly none."""
    request = exchange.request
    if request.service == "kms" and request.operation in KEY_CHANGES:
        return _of_key(exchange, at)
    if (request.service, request.operation) == ("controltower", "UpdateLandingZone"):
        asked = json.loads(request.body)
        caller = caller_arn(request.access_key, exchange.account, request.region)
        partition, name = caller.split(":")[1], asked["landingZoneIdentifier"].rpartition("/")[2]
        arn = f"arn:{partition}:controltower:{request.region}:{exchange.account}:landingzone/{name}"
        return (
            landing_zone_updated(arn, asked["version"], asked.get("manifest", {}), at, caller),
            landing_zone_update_ended(arn, at),
        )
    return ()


def _of_key(exchange: Exchange, at: datetime) -> tuple[Record, ...]:
    request, account = exchange.request, exchange.account
    asked = json.loads(request.body)
    answer = json.loads(exchange.response.get_data() or b"null") or {}
    named = asked.get("KeyId") or answer["KeyMetadata"]["KeyId"]
    found = motokeys.resolve_key(account, request.region, named)
    if found is None:
        return ()
    given = _OF_PUT_KEY_POLICY if request.operation == "PutKeyPolicy" else {}
    parameters = {**given, **_recorded(asked)}
    if "keyId" in parameters:
        parameters["keyId"] = found
    arn = motokeys.arn(account, request.region, found)
    caller = caller_arn(request.access_key, account, request.region)
    shown = _recorded(answer) if "KeyMetadata" in answer else {**_recorded(answer), "keyId": arn}
    return (key_changed(request.operation, arn, at, caller, parameters, shown),)


def _recorded(value: Json) -> Json:
    """Members of a request or an answer as CloudTrail names them, and times as it tells them."""
    if isinstance(value, dict):
        return {
            name[:1].lower() + name[1:]: _time(member) if name.endswith("Date") else _recorded(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_recorded(each) for each in value]
    return value


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%b %d, %Y %H:%M:%S %p}"
