"""The requirements, and what else is noticed, as SARIF's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from landing_zone_key import Requirement
from landing_zone_key.advisories import AdvisoryCode

_GUIDE: Final = "https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html"


@dataclass(frozen=True, slots=True)
class _Words:
    """What holds, or what was noticed; and what to do about it."""

    holds: str
    remedy: str


_REQUIREMENTS: Final = {
    Requirement.ENABLED: _Words(
        "The key is enabled",
        "The key state must be Enabled. Enable the key, or cancel its deletion and enable it.",
    ),
    Requirement.SYMMETRIC: _Words(
        "The key is symmetric, for encryption",
        "CloudTrail and Amazon S3 need a key of the spec SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT. Neither can "
        "be changed: use another key.",
    ),
    Requirement.SINGLE_REGION: _Words(
        "The key is not a multi-Region key",
        "Control Tower does not support multi-Region keys, and a key stays what it is: use another key.",
    ),
    Requirement.MANAGEMENT_ACCOUNT: _Words(
        "The key is in the management account",
        "Control Tower takes a key of the management account only: use another key.",
    ),
    Requirement.HOME_REGION: _Words(
        "The key is in the home Region",
        "The key must be in the landing zone's home Region, as the log buckets are: use another key.",
    ),
    Requirement.CONFIG_ACCESS: _Words(
        "Every request of AWS Config is allowed",
        "The key policy must allow config.amazonaws.com kms:Decrypt and kms:GenerateDataKey on this key, for "
        "every account and every governed Region, and no Deny may refuse it. lzkey fix proposes the policy; "
        "lzkey explain shows the request that would be refused.",
    ),
    Requirement.CLOUDTRAIL_ACCESS: _Words(
        "Every request of CloudTrail is allowed",
        "The key policy must allow cloudtrail.amazonaws.com kms:Decrypt and kms:GenerateDataKey* on this key "
        "for the landing zone's trail, and no Deny may refuse it. lzkey fix proposes the policy; lzkey "
        "explain shows the request that would be refused.",
    ),
}

_ADVISORIES: Final = {
    AdvisoryCode.OPEN_TO_OTHER_TRAILS: _Words(
        "CloudTrail may use the key for trails of other accounts",
        "Limit the statement by aws:SourceArn to the landing zone's trail.",
    ),
    AdvisoryCode.WILDCARD_PRINCIPAL: _Words(
        "A statement allows every principal",
        "Name the principals that need the key.",
    ),
    AdvisoryCode.GRANTS_TO_SERVICE: _Words(
        "A statement lets an AWS service create grants",
        "Grants give access that no key policy shows. Remove kms:CreateGrant where the service needs none.",
    ),
    AdvisoryCode.INEFFECTIVE_STATEMENT: _Words(
        "A statement has no effect",
        "A statement without Principal, Action or Resource has no effect in a key policy, and KMS takes no "
        "new policy with one. Add what is missing, or remove the statement.",
    ),
    AdvisoryCode.NO_ACCOUNT_ROOT: _Words(
        "No statement names the account root",
        "Without the account root the key can become unmanageable when its administrators go.",
    ),
}


def _rule(name: str, words: _Words, level: str) -> dict[str, Any]:
    holds, help_text = words.holds, words.remedy
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("_")),
        "shortDescription": {"text": holds},
        "fullDescription": {"text": f"{holds}. {help_text}"},
        "help": {
            "text": f"{help_text} {_GUIDE}",
            "markdown": f"{help_text} [Control Tower's guide]({_GUIDE})",
        },
        "helpUri": _GUIDE,
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["security", "aws", "kms"]},
    }


RULES: Final = [
    *(_rule(requirement.value, _REQUIREMENTS[requirement], "error") for requirement in Requirement),
    *(_rule(code.value, _ADVISORIES[code], "note") for code in AdvisoryCode),
]
