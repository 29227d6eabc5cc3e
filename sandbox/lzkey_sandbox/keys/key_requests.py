"""Requests to KMS as moto understands them, and what KMS refuses and moto does not.

Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.functions.authorization import caller_arn
from lzkey_sandbox.http.contract import operation_model, parse_input
from lzkey_sandbox.keys.key_policies import require_policy
from lzkey_sandbox.moto import motokeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey_sandbox.http.contract import Members
    from lzkey_sandbox.http.requests import ApiRequest

#: moto knows the key by its id alone; AWS takes its ARN as well.
_BY_PLAIN_ID: Final = frozenset(
    {"CancelKeyDeletion", "DisableKey", "EnableKey", "ReplicateKey", "ScheduleKeyDeletion"}
)

#: moto wants the name of the policy, which is the same for every one that a key's owner manages.
_BY_POLICY_NAME: Final = frozenset({"GetKeyPolicy", "PutKeyPolicy"})


def understood(account: str, request: ApiRequest) -> bytes:
    """A request's body for moto; a ServiceError for what KMS refuses."""
    members: dict[str, Any] = json.loads(request.body)
    parse_input(operation_model("kms", request.operation), members)
    for key_id in _named_keys(request.operation, members):
        require_here(key_id, account, request.region)
    if "Policy" in members:
        caller = caller_arn(request.access_key, account, request.region)
        require_policy(members, caller, motokeys.arn(account, request.region, members.get("KeyId")))
    if request.operation in _BY_POLICY_NAME:
        members = {"PolicyName": "default", **members}
    if request.operation in _BY_PLAIN_ID:
        members["KeyId"] = members["KeyId"].rpartition(":key/")[2]
    return json.dumps(members).encode()


def _named_keys(operation: str, members: Members) -> Iterator[str]:
    """Each id, ARN or alias of a key that a request names."""
    shape = operation_model("kms", operation).input_shape
    for name, value in members.items():
        if shape is not None and name in shape.members and shape.members[name].name == "KeyIdType":
            yield value


def require_here(key_id: str, account: str, region: str) -> None:
    """Refuse the ARN of another Region or account; moto looks at the id at its end alone."""
    parts = key_id.split(":")
    if parts[0] == "arn" and parts[3:5] != [region, account]:
        message = f"Alias {key_id} is not found." if ":alias/" in key_id else f"Key '{key_id}' does not exist"
        raise ServiceError("NotFoundException", message)
