"""The words for each requirement and advisory: what holds, what to do where it does not, and AWS's page.

And what every proof takes for granted, where AWS's pages leave something open.

SARIF, the report's formats and its page read them here. Who reads a scanner's result and who reads a report
are told in words of their own, so that there are two wordings of each requirement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key import Requirement
from landing_zone_key.advisories import AdvisoryCode
from landing_zone_key.requests import CLOUDTRAIL, CONFIG, CONFIG_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCUMENTATION: Final = "https://docs.aws.amazon.com/"
_KMS: Final = f"{_DOCUMENTATION}kms/latest/developerguide/"
GUIDE: Final = f"{_DOCUMENTATION}controltower/latest/userguide/configure-kms-keys.html"


@dataclass(frozen=True, slots=True)
class Words:
    """What a scanner's result says of a rule: a title, and what to do."""

    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a report says of a requirement: what it asks for, and what to do where it does not hold."""

    holds: str
    fix: str
    """A sentence; COMMAND stands for the command and an ARN."""
    page: str
    command: str = ""
    """What to run, before the ARN of the key; empty where no command helps."""

    def told(self, arn: str) -> str:
        """What to do about a key."""
        return self.fix.replace("COMMAND", f"{self.command} {arn}")

    def brief(self, arn: str) -> str:
        """What to do about a key without what is said about it: the first sentence."""
        return self.told(arn).partition(". ")[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement."""

    words: Words
    advice: Advice


_ADDS: Final = (
    "In the management account run COMMAND. It prints the smallest addition to the key policy with which "
    "every request is allowed, proved before it is shown. It only adds: a Deny that refuses is named, and "
    "changing it is up to you."
)
_NEW_KEY: Final = (
    "Create a symmetric, single-Region key in the management account's home Region, and enter it in the "
    "landing zone's settings. This cannot be changed after creation."
)
_ANOTHER: Final = (
    "If the landing zone uses this key, give it one that is in the right place; if not, set the rule "
    "parameter KeyScope to landing-zone. A key cannot be moved; with that KeyScope the rule leaves this key "
    "alone."
)

CATALOGUE: Final[Mapping[str, Entry]] = {
    Requirement.ENABLED: Entry(
        Words(
            "The key is enabled",
            "The key state must be Enabled. Enable the key, or cancel its deletion and enable it.",
        ),
        Advice(
            "The key state is Enabled.",
            "Cancel a scheduled deletion, if there is one (aws kms cancel-key-deletion), and run COMMAND.",
            f"{_KMS}enabling-keys.html",
            "aws kms enable-key --key-id",
        ),
    ),
    Requirement.SYMMETRIC: Entry(
        Words(
            "The key is symmetric, for encryption",
            "CloudTrail and Amazon S3 need a key of the spec SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT. Neither "
            "can be changed: use another key.",
        ),
        Advice(
            "The key is symmetric, SYMMETRIC_DEFAULT, and for ENCRYPT_DECRYPT.",
            _NEW_KEY,
            f"{_KMS}symmetric-asymmetric.html",
        ),
    ),
    Requirement.SINGLE_REGION: Entry(
        Words(
            "The key is not a multi-Region key",
            "Control Tower does not support multi-Region keys, and a key stays what it is: use another key.",
        ),
        Advice("The key is not a multi-Region key.", _NEW_KEY, f"{_KMS}multi-region-keys-overview.html"),
    ),
    Requirement.MANAGEMENT_ACCOUNT: Entry(
        Words(
            "The key is in the management account",
            "Control Tower takes a key of the management account only: use another key.",
        ),
        Advice("The key is in the management account.", _ANOTHER, GUIDE),
    ),
    Requirement.HOME_REGION: Entry(
        Words(
            "The key is in the home Region",
            "The key must be in the landing zone's home Region, as the log buckets are: use another key.",
        ),
        Advice("The key is in the landing zone's home Region.", _ANOTHER, GUIDE),
    ),
    Requirement.CONFIG_ACCESS: Entry(
        Words(
            "Every request of AWS Config is allowed",
            "The key policy must allow config.amazonaws.com kms:Decrypt and kms:GenerateDataKey on this key, "
            "for every account and every governed Region, and no Deny may refuse it. lzkey fix proposes the "
            "policy; lzkey explain shows the request that would be refused.",
        ),
        Advice(
            "The key policy allows every request that AWS Config makes, from every account and governed "
            "Region.",
            _ADDS,
            GUIDE,
            "lzkey fix --discover",
        ),
    ),
    Requirement.CLOUDTRAIL_ACCESS: Entry(
        Words(
            "Every request of CloudTrail is allowed",
            "The key policy must allow cloudtrail.amazonaws.com kms:Decrypt and kms:GenerateDataKey* on this "
            "key for the landing zone's trail, and no Deny may refuse it. lzkey fix proposes the policy; "
            "lzkey explain shows the request that would be refused.",
        ),
        Advice(
            "The key policy allows every request that CloudTrail makes for the landing zone's trail.",
            _ADDS,
            GUIDE,
            "lzkey fix --discover",
        ),
    ),
}

OTHER: Final = Advice(
    "Not a requirement that this version of lzkey knows, or none is named.",
    "Read the annotation, and deploy the rule and lzkey in the same version.",
    GUIDE,
)

ADVISORIES: Final[Mapping[AdvisoryCode, Words]] = {
    AdvisoryCode.OPEN_TO_OTHER_TRAILS: Words(
        "CloudTrail may use the key for trails of other accounts",
        "Limit the statement by aws:SourceArn to the landing zone's trail.",
    ),
    AdvisoryCode.WILDCARD_PRINCIPAL: Words(
        "A statement allows every principal",
        "Name the principals that need the key.",
    ),
    AdvisoryCode.GRANTS_TO_SERVICE: Words(
        "A statement lets an AWS service create grants",
        "Grants give access that no key policy shows. Remove kms:CreateGrant where the service needs none.",
    ),
    AdvisoryCode.INEFFECTIVE_STATEMENT: Words(
        "A statement has no effect",
        "A statement without Principal, Action or Resource has no effect in a key policy, and KMS takes no "
        "new policy with one. Add what is missing, or remove the statement.",
    ),
    AdvisoryCode.NO_DESCRIBE_KEY: Words(
        "CloudTrail may not describe the key",
        "Allow cloudtrail.amazonaws.com kms:DescribeKey too, limited by aws:SourceArn to the landing zone's "
        "trail: CloudTrail's guide requires it. The key encrypts digest files as well as logs, and without "
        "them the integrity of the logs cannot be validated.",
    ),
    AdvisoryCode.UNFILLED_VALUE: Words(
        "A value holds a placeholder that nothing fills in",
        "Put Fn::Sub before the text in a CloudFormation template, or whatever fills it in elsewhere.",
    ),
    AdvisoryCode.SHORT_ACCOUNT_ID: Words(
        "An account id has fewer than 12 digits",
        "Leading zeros are lost where the id is written as a number: write it as text, in quotes.",
    ),
    AdvisoryCode.EXPIRING_KEY_MATERIAL: Words(
        "The imported key material expires",
        "Import the same key material again before that date, with a later one or none.",
    ),
    AdvisoryCode.NO_ACCOUNT_ROOT: Words(
        "No statement names the account root",
        "Without the account root the key can become unmanageable when its administrators go.",
    ),
}

_PRINCIPALS: Final = f"{_DOCUMENTATION}IAM/latest/UserGuide/reference_policies_elements_principal.html"
_DECRYPT, _GENERATE = CONFIG_ACTIONS


@dataclass(frozen=True, slots=True)
class Premise:
    """What every proof takes for granted."""

    text: str
    """The end of a sentence."""
    pages: tuple[str, ...]
    """AWS's, for it and against it."""


PREMISES: Final = (
    Premise(
        f"AWS Config and CloudTrail call as {CONFIG} and {CLOUDTRAIL}, which Control Tower's page lists, "
        "from opt-in Regions, too; IAM's page says that a service in an opt-in Region which calls another "
        "Region appears as SERVICE.REGION.amazonaws.com",
        (GUIDE, f"{_PRINCIPALS}#principal-services-in-opt-in-regions"),
    ),
    Premise(
        f"AWS Config calls {_DECRYPT} and {_GENERATE}, and CloudTrail {_DECRYPT} and {_GENERATE}* (with "
        f"PermissionStandard functional {_GENERATE} alone), as Control Tower's page documents, and nothing "
        "else",
        (GUIDE,),
    ),
    Premise(
        "S3 Bucket Keys change the encryption context of Amazon S3 (kms:EncryptionContext:aws:s3:arn, of "
        f"which any value is covered) and nothing else; CloudTrail then needs {_DECRYPT}, which is proved",
        (
            f"{_DOCUMENTATION}awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
            f"{_DOCUMENTATION}AmazonS3/latest/userguide/bucket-key.html",
        ),
    ),
)


def advice(requirement: str) -> Advice:
    """The advice on a requirement, whether this version knows it or not."""
    entry = CATALOGUE.get(requirement)
    return OTHER if entry is None else entry.advice
