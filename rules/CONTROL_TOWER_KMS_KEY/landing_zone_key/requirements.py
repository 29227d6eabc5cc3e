"""The requirements, one small function each, in the order in which they are reported.

https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from landing_zone_key.access import access
from landing_zone_key.finding import (
    Answer,
    Finding,
    FindingReason,
    Holds,
    Question,
    Requirement,
)
from landing_zone_key.key import KmsKey

#: In an annotation, from which `lzkey report` reads it back: what a key is in this, nobody knows.
UNKNOWN: Final = "unknown"

#: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
REMEDIES: Final[Mapping[str, str]] = {
    "Disabled": "enable the key",
    "PendingDeletion": "cancel the deletion and enable the key",
    "PendingReplicaDeletion": "cancel the deletion and enable the key",
    "PendingImport": "import its key material",
    "Unavailable": "connect its custom key store",
}


def _enabled(question: Question) -> Answer:
    key, requirement = question.key, Requirement.ENABLED
    if key.key_state == "Enabled":
        return Holds(requirement, "the key state is Enabled")
    if key.key_state is None:
        return _unknown(key, requirement, "key state")
    until = f" until {key.deletion_date}" if key.key_state == "PendingDeletion" and key.deletion_date else ""
    remedy = REMEDIES.get(key.key_state, "it must be Enabled")
    return Finding(
        requirement,
        FindingReason.NOT_ENABLED,
        f"{key.key_state}{until}",
        f"the key state is {key.key_state}{until}, so the landing zone cannot use the key; {remedy}",
    )


def _symmetric(question: Question) -> Answer:
    key, requirement = question.key, Requirement.SYMMETRIC
    if None in (key.key_spec, key.key_usage):
        return _unknown(key, requirement, "key spec or key usage")
    if (key.key_spec, key.key_usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        return Holds(requirement, "the key is SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT")
    return Finding(
        requirement,
        FindingReason.NOT_SYMMETRIC,
        f"{key.key_spec} for {key.key_usage}",
        f"the key is {key.key_spec} for {key.key_usage}; CloudTrail and Amazon S3 need SYMMETRIC_DEFAULT for "
        "ENCRYPT_DECRYPT, and neither can be changed: use another key",
    )


def _single_region(question: Question) -> Answer:
    if not question.key.multi_region:
        return Holds(Requirement.SINGLE_REGION, "the key is not a multi-Region key")
    return Finding(
        Requirement.SINGLE_REGION,
        FindingReason.MULTI_REGION,
        "multi-Region key",
        "the key is a multi-Region key, which Control Tower does not support and which cannot be changed: "
        "use another key",
    )


def _management_account(question: Question) -> Answer:
    account, management = question.key.arn.account, question.zone.management_account_id
    if account == management:
        return Holds(Requirement.MANAGEMENT_ACCOUNT, f"the key is in the management account, {account}")
    return Finding(
        Requirement.MANAGEMENT_ACCOUNT,
        FindingReason.OTHER_ACCOUNT,
        f"in account {account}, not {management}",
        f"the key is in account {account}; it must be in the management account, {management}: use another",
    )


def _home_region(question: Question) -> Answer:
    region, home = question.key.arn.region, question.zone.home_region
    if region == home:
        return Holds(Requirement.HOME_REGION, f"the key is in the home Region, {region}")
    return Finding(
        Requirement.HOME_REGION,
        FindingReason.OTHER_REGION,
        f"in {region}, not {home}",
        f"the key is in {region}; it must be in the home Region {home}, as the log buckets: use another key",
    )


def _config_access(question: Question) -> Answer:
    return access(question, Requirement.CONFIG_ACCESS)


def _cloudtrail_access(question: Question) -> Answer:
    return access(question, Requirement.CLOUDTRAIL_ACCESS)


Test: TypeAlias = Callable[[Question], Answer]

#: The order is that in which findings are reported; the rank says what is worse, from 1: a refused request is
#: what stops delivery and what nobody else names.
_TABLE: Final[tuple[tuple[Requirement, int, Test], ...]] = (
    (Requirement.ENABLED, 3, _enabled),
    (Requirement.SYMMETRIC, 6, _symmetric),
    (Requirement.SINGLE_REGION, 7, _single_region),
    (Requirement.MANAGEMENT_ACCOUNT, 4, _management_account),
    (Requirement.HOME_REGION, 5, _home_region),
    (Requirement.CONFIG_ACCESS, 2, _config_access),
    (Requirement.CLOUDTRAIL_ACCESS, 1, _cloudtrail_access),
)

REQUIREMENTS: Final[Mapping[Requirement, Test]] = {requirement: test for requirement, _, test in _TABLE}
WORST_FIRST: Final = tuple(requirement for requirement, _, _ in sorted(_TABLE, key=lambda row: row[1]))
HOW_MANY: Final = {7: "seven", 8: "eight", 9: "nine"}[len(_TABLE)]


def _unknown(key: KmsKey, requirement: Requirement, what: str) -> Finding:
    why = f": {key.attributes_missing}" if key.attributes_missing else ""
    return Finding(
        requirement,
        FindingReason.UNKNOWN,
        f"{what} {UNKNOWN}{why}",
        f"the {what} could not be read{why}",
    )
