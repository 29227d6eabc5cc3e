"""The least that check, explain and fix must be allowed on a live account, as an IAM policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lzkey.sources import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Command -> what it may do: its options decide how much of that it does.
_USES: Final[Mapping[str, tuple[str, ...]]] = {
    "check": ("live", "keys", "landing-zone", "discover"),
    "explain": ("keys", "discover"),
    "fix": ("keys", "discover", "put-policy"),
}
_PUT: Final = "kms:PutKeyPolicy"


def iam_policy(command: str) -> dict[str, Any]:
    """Return the policy document; what nobody can be refused, such as sts:GetCallerIdentity, is left out.

    Writing is allowed with KMS's check against a lockout alone: kms:BypassPolicyLockoutSafetyCheck in
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    wanted = {permission.action for use in _USES[command] for permission in PERMISSIONS[use]}
    keys = {action for action in wanted if action.startswith("kms:")} - {_PUT}
    statements = [_statement("ReadKeys", keys), _statement("ReadTheLandingZone", wanted - keys - {_PUT})]
    if _PUT in wanted:
        condition = {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "false"}}
        statements.append({**_statement("PutKeyPolicies", [_PUT]), "Condition": condition})
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(sid: str, actions: Iterable[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
