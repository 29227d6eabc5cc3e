"""What KMS refuses of a key policy: what is none, and what would lock out whoever puts it.

Both are told by the rule's own policy engine. Whether the principals exist is not looked at. Sources:
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html and
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from landing_zone_key.policy import Policy, PolicyError, Request, decide
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto.motoorganizations import ORGANIZATION_ID, organization_of

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Members

#: In bytes. Source: https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
SIZE_LIMIT: Final = 32 * 1024

_CHARACTERS: Final = re.compile(r"[\t\n\r\x20-\xff]+")


def require_policy(members: Members, caller: str, key_arn: str) -> None:
    """Refuse the policy that a request puts on a key, as KMS does; ``caller`` is whose request it is.

    What cannot be decided, such as what an account's own IAM policies say, speaks for the caller.
    """
    policy = _read(members["Policy"])
    if members.get("BypassPolicyLockoutSafetyCheck"):
        return
    asked = Request("kms:PutKeyPolicy", key_arn, principal_arn=caller, context=_context(caller, key_arn))
    if not decide(policy, asked, doubt_allows=True).allowed:
        raise _malformed("The new key policy will not allow you to update the key policy in the future.")


def _read(text: str) -> Policy:
    if len(text.encode()) > SIZE_LIMIT:
        raise ServiceError("LimitExceededException", f"A key policy has at most {SIZE_LIMIT} bytes.")
    if not _CHARACTERS.fullmatch(text):
        raise _malformed("A key policy has printable characters of Latin-1, tabs and line ends alone.")
    if text.lstrip()[:1] != "{":
        raise _malformed("A key policy is a JSON object.")
    try:
        policy = Policy.parse(text)
        policy.require_operators()
    except PolicyError as fault:
        raise _malformed(str(fault)) from fault
    for statement in policy.statements:
        if "Principal" in statement.lacks:
            raise _malformed(f"{statement.label} has no principal.")
    return policy


def _context(caller: str, key_arn: str) -> dict[str, str]:
    """What a later request of the same caller would bring along, as far as anybody can say.

    A landing zone's account is in an organization, whether one was built or not.
    """
    region, account = key_arn.split(":")[3:5]
    found = organization_of(account, region)
    organization = found.organization_id if found else ORGANIZATION_ID
    return {
        "aws:PrincipalArn": caller,
        "aws:PrincipalAccount": account,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalOrgID": organization,
        "aws:PrincipalType": "User" if ":user/" in caller else "AssumedRole",
        "aws:RequestedRegion": region,
        "aws:ResourceAccount": account,
        "aws:ResourceOrgID": organization,
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        "kms:BypassPolicyLockoutSafetyCheck": "false",
        "kms:CallerAccount": account,
        "kms:PolicyName": "default",
    }


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocumentException", message)
