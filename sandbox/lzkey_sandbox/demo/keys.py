"""The demo's keys: two that the landing zone can use, and many that it cannot, each for another reason.

The faults are those that teams really make; most are told in public issues and post-mortems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KmsKey, LandingZone, Requirement
from landing_zone_key.mending import documented_statement
from landing_zone_key.requests import CLOUDTRAIL, CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

EXECUTION_ROLE: Final = "landing-zone-key-rule"
RULE_PARAMETERS: Final = {
    "HomeRegion": "us-east-1",
    "ManagementAccountId": "111122223333",
    "OrganizationId": "o-exampleorgid",
    "KeyScope": "landing-zone",
    "ExecutionRoleName": EXECUTION_ROLE,
    "AssumeRoleMode": "true",
}
ZONE: Final = LandingZone.from_rule_parameters(RULE_PARAMETERS)

GOOD_KEY: Final = "landing-zone"

Statement = dict[str, Any]
Statements = Callable[[KmsKey], list[Statement]]


@dataclass(frozen=True, slots=True)
class DemoKey:
    """One key: its alias, how it is made, its policy besides the account root's statement, and its fate."""

    alias: str
    statements: Statements
    created_with: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of CreateKey."""
    then: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Operations of KMS, each with its arguments besides KeyId."""


def policy(*statements: Statement) -> dict[str, Any]:
    """Return a key policy that begins as KMS's default does."""
    root = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ZONE.management_account_id}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Id": "landing-zone-key", "Statement": [root, *statements]}


def perimeter() -> Statement:
    """Return an organization perimeter that forgets that AWS services belong to no organization."""
    return {
        "Sid": "DenyOutsideOrg",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": ZONE.organization_id}},
    }


def config_statement(key: KmsKey, **changes: object) -> Statement:
    """Return Control Tower's statement for AWS Config, with elements changed."""
    return {**documented_statement(Requirement.CONFIG_ACCESS, key, ZONE), **changes}


def cloudtrail_statement(key: KmsKey, **changes: object) -> Statement:
    """Return Control Tower's statement for CloudTrail, with elements changed."""
    return {**documented_statement(Requirement.CLOUDTRAIL_ACCESS, key, ZONE), **changes}


def _documented(key: KmsKey) -> list[Statement]:
    return [config_statement(key), cloudtrail_statement(key)]


def _merged(_key: KmsKey) -> list[Statement]:
    """One statement for both services, with wildcards, limited to the organization."""
    return [
        {
            "Sid": "LandingZoneLogs",
            "Effect": "Allow",
            "Principal": {"Service": [CLOUDTRAIL, CONFIG]},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt*"],
            "Resource": f"arn:aws:kms:*:{ZONE.management_account_id}:key/*",
            "Condition": {"StringLike": {"aws:SourceOrgID": ZONE.organization_id}},
        }
    ]


def _nothing(_key: KmsKey) -> list[Statement]:
    return []


def _only_config(key: KmsKey) -> list[Statement]:
    return [config_statement(key)]


def _only_cloudtrail(key: KmsKey) -> list[Statement]:
    return [cloudtrail_statement(key)]


def _pinned_account(key: KmsKey) -> list[Statement]:
    """The Config guide's statement for one account: every member of the organization is refused."""
    pinned = {"StringEquals": {"AWS:SourceAccount": ZONE.management_account_id}}
    return [config_statement(key, Condition=pinned), cloudtrail_statement(key)]


def _shared_conditions(key: KmsKey) -> list[Statement]:
    """Config is added to CloudTrail's statement, whose conditions it can never meet."""
    return [cloudtrail_statement(key, Sid="LandingZoneLogs", Principal={"Service": [CLOUDTRAIL, CONFIG]})]


def _literal_star(key: KmsKey) -> list[Statement]:
    """StringEquals takes the asterisk as it stands."""
    trails = f"arn:aws:cloudtrail:{ZONE.home_region}:{ZONE.management_account_id}:trail/*"
    return [
        config_statement(key),
        cloudtrail_statement(key, Condition={"StringEquals": {"aws:SourceArn": trails}}),
    ]


def _placeholder(key: KmsKey) -> list[Statement]:
    """The page's statements, pasted without the key's id."""
    left = f"arn:aws:kms:{ZONE.home_region}:{ZONE.management_account_id}:key/YOUR-KMS-KEY-ID"
    return [config_statement(key, Resource=left), cloudtrail_statement(key, Resource=left)]


def _principal_org(key: KmsKey) -> list[Statement]:
    """A service principal carries no organization."""
    organization = {"StringEquals": {"aws:PrincipalOrgID": ZONE.organization_id}}
    return [config_statement(key, Condition=organization), cloudtrail_statement(key)]


def _one_data_key(key: KmsKey) -> list[Statement]:
    """The asterisk of `kms:GenerateDataKey*` is lost."""
    return [config_statement(key), cloudtrail_statement(key, Action=["kms:GenerateDataKey", "kms:Decrypt"])]


def _expiring(key: KmsKey) -> list[Statement]:
    """A grant that ends on a day that nobody remembers."""
    until = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
    return [config_statement(key, Condition=until), cloudtrail_statement(key)]


def _governed_region(key: KmsKey) -> list[Statement]:
    """Config delivers from every governed Region, not from the home Region alone."""
    home = {"ArnLike": {"aws:SourceArn": f"arn:aws:config:{ZONE.home_region}:*:*"}}
    return [config_statement(key, Condition=home), cloudtrail_statement(key)]


KEYS: Final = (
    DemoKey(GOOD_KEY, _documented),
    DemoKey("merged-statement", _merged),
    DemoKey("disabled", _documented, then=(("disable_key", {}),)),
    DemoKey("pending-deletion", _documented, then=(("schedule_key_deletion", {"PendingWindowInDays": 7}),)),
    DemoKey("asymmetric", _documented, {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}),
    DemoKey("hmac", _documented, {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
    DemoKey("multi-region", _documented, {"MultiRegion": True}),
    DemoKey("default-policy", _nothing),
    DemoKey("without-cloudtrail", _only_config),
    DemoKey("without-config", _only_cloudtrail),
    DemoKey("pinned-to-one-account", _pinned_account),
    DemoKey("home-region-only", _governed_region),
    DemoKey("shared-conditions", _shared_conditions),
    DemoKey("literal-asterisk", _literal_star),
    DemoKey("left-placeholder", _placeholder),
    DemoKey("principal-org", _principal_org),
    DemoKey("one-data-key-action", _one_data_key),
    DemoKey("expiring-grant", _expiring),
)
