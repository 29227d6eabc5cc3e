"""The words for each requirement and advisory: what holds, what to do where it does not, and AWS's page.

Which controls of other frameworks a requirement has to do with, where a page of AWS says so. And what every
proof takes for granted, where AWS's pages leave something open.

SARIF, the report's formats and its page read them here. Who reads a scanner's result and who reads a report
are told in words of their own, so that there are two wordings of each requirement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key import Requirement
from landing_zone_key.advisories import AdvisoryCode
from landing_zone_key.requests import CLOUDTRAIL, CONFIG, CONFIG_ACTIONS, trail_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from landing_zone_key import LandingZone

_DOCUMENTATION: Final = "https://docs.aws.amazon.com/"
_KMS: Final = f"{_DOCUMENTATION}kms/latest/developerguide/"
GUIDE: Final = f"{_DOCUMENTATION}controltower/latest/userguide/configure-kms-keys.html"
_SECURITY_HUB: Final = f"{_DOCUMENTATION}securityhub/latest/userguide/"

#: What the ids of NIST's enhancements look like: SC-12(2).
_ENHANCEMENT: Final = re.compile(r"\((\d+)\)")


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


class Framework(StrEnum):
    """Whose controls they are, by the name and the version that AWS's page gives."""

    NIST = "NIST SP 800-53 Rev. 5"
    CIS_1_4 = "CIS AWS Foundations Benchmark v1.4.0"


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a framework."""

    framework: Framework
    name: str
    """As the framework writes it: SC-12(2)."""

    @property
    def token(self) -> str:
        """Its id in NIST's own OSCAL catalogue, `sc-12.2`; of a framework without one, its name."""
        if self.framework is not Framework.NIST:
            return self.name
        return _ENHANCEMENT.sub(r".\1", self.name).lower()


class Relation(StrEnum):
    """How a requirement stands to a check of AWS, in the terms of NIST IR 8477.

    https://csrc.nist.gov/pubs/ir/8477/final
    """

    SUPERSET = "superset of"
    """Where the requirement holds, the check passes; the requirement asks for more."""
    SUPPORTS = "supports"
    """What the check asks for cannot work without the requirement, and is another thing."""


@dataclass(frozen=True, slots=True)
class ControlMapping:
    """The controls that AWS relates a check of its own to, and how a requirement stands to that check."""

    check: str
    """Security Hub's name of it: KMS.3."""
    asks: str
    """What the check asks for, after `that`."""
    relation: Relation
    controls: tuple[Control, ...]
    """All that are claimed; AWS's page may name more, of other frameworks."""
    source: str
    """AWS's page, where the check's related requirements stand."""

    @property
    def by_framework(self) -> dict[Framework, tuple[Control, ...]]:
        """The controls of each framework."""
        return {
            framework: tuple(control for control in self.controls if control.framework is framework)
            for framework in dict.fromkeys(control.framework for control in self.controls)
        }

    @property
    def named(self) -> str:
        """The controls in a line: each framework, and its controls' names."""
        return "; ".join(
            f"{framework} {', '.join(control.name for control in controls)}"
            for framework, controls in self.by_framework.items()
        )

    @property
    def meaning(self) -> str:
        """What the relation says, and no more; a sentence without its full stop."""
        told = {
            Relation.SUPERSET: "the requirement asks for that and more",
            Relation.SUPPORTS: "that cannot work without the requirement, and takes more than it",
        }
        asked = f"Security Hub's {self.check}, that {self.asks}"
        return f"AWS relates these controls to {asked}: {told[self.relation]}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement."""

    words: Words
    advice: Advice
    mapping: ControlMapping | None = None
    """None: no page is known that relates what it asks for to a control."""


def _controls(framework: Framework, *names: str) -> tuple[Control, ...]:
    return tuple(Control(framework, name) for name in names)


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
        ControlMapping(
            "KMS.3",
            "no key waits for its deletion",
            Relation.SUPERSET,
            _controls(Framework.NIST, "SC-12", "SC-12(2)"),
            f"{_SECURITY_HUB}kms-controls.html#kms-3",
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
        ControlMapping(
            "CloudTrail.2",
            "a trail encrypts its logs with a KMS key",
            Relation.SUPPORTS,
            (
                *_controls(
                    Framework.NIST,
                    "AU-9",
                    "CA-9(1)",
                    "CM-3(6)",
                    "SC-13",
                    "SC-28",
                    "SC-28(1)",
                    "SC-7(10)",
                    "SI-7(6)",
                ),
                *_controls(Framework.CIS_1_4, "3.7"),
            ),
            f"{_SECURITY_HUB}cloudtrail-controls.html#cloudtrail-2",
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


def stands_for(service: str, partition: str, zone: LandingZone) -> str:
    """In words, what the requests of a service differ in for which a proof stands."""
    if service != CONFIG:
        return f"the trail {trail_arn(partition, zone)}, at any time from now on"
    regions = ", ".join(zone.governed_regions) or "any Region"
    return f"any account, {regions}, at any time from now on"


def advice(requirement: str) -> Advice:
    """The advice on a requirement, whether this version knows it or not."""
    entry = CATALOGUE.get(requirement)
    return OTHER if entry is None else entry.advice


def mapping(requirement: str) -> ControlMapping | None:
    """The controls that a requirement has to do with, by AWS's page; None where no page says any."""
    entry = CATALOGUE.get(requirement)
    return None if entry is None else entry.mapping


def mapped() -> dict[str, ControlMapping]:
    """Every requirement that has to do with controls, in the catalogue's order."""
    return {name: entry.mapping for name, entry in CATALOGUE.items() if entry.mapping is not None}


def not_mapped() -> tuple[str, ...]:
    """The requirements of which no page is known that relates them to a control."""
    return tuple(str(name) for name, entry in CATALOGUE.items() if entry.mapping is None)
