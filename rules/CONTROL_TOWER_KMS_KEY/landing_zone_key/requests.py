"""The requests that a landing zone makes to its key: two families as data, each row with its source.

AWS documentation is cited by its page's name:
IAM   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
KMS   https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
PERMISSIONS https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
API   https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
TRAIL https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
CONFIG https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
TOWER https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from string import ascii_letters, ascii_lowercase, digits
from typing import Final, TypeAlias

from landing_zone_key.key import KmsKey
from landing_zone_key.policy.family import ABSENT, UNKNOWN, AtLeast, Clock, Fact, Family, Fixed, Other, Text
from landing_zone_key.policy.representatives import Domain, one_of
from landing_zone_key.settings import LandingZone, PermissionStandard

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
CONFIG: Final = "config.amazonaws.com"

CONFIG_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")  # TOWER, first statement
#: TOWER, second statement: kms:Decrypt and kms:GenerateDataKey*, which stands for four actions today.
CLOUDTRAIL_ACTIONS: Final[Mapping[PermissionStandard, tuple[str, ...]]] = {
    PermissionStandard.DOCUMENTED: (
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext",
    ),
    PermissionStandard.FUNCTIONAL: ("kms:Decrypt", "kms:GenerateDataKey"),
}

#: No request is evaluated before this engine was written.
EARLIEST_MOMENT: Final = datetime(2026, 11, 24, tzinfo=UTC)

#: The condition keys that hold what some parameter can settle.
SETTLED_BY: Final[Mapping[str, str]] = {
    "aws:sourceorgid": "OrganizationId",
    "aws:sourceorgpaths": "OrganizationId",
    "aws:resourceorgid": "OrganizationId",
}


def _digits(count: int, *examples: str) -> Domain:
    return Domain((*(((digits, state + 1),) for state in range(count)), ()), frozenset({count}), examples)


def _region(prefix: str, *examples: str) -> Domain:
    """A Region code: words and at last a number, joined by hyphens; at least two words, prefix included.

    https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
    """
    words = len(prefix)
    fixed = tuple(((character, state + 1),) for state, character in enumerate(prefix))
    first: tuple[tuple[tuple[str | None, int], ...], ...] = (
        () if prefix else (((ascii_lowercase, 1),), ((ascii_lowercase, 2),), ((ascii_lowercase, 2), ("-", 3)))
    )
    begin = words if prefix else len(first)
    rest = (
        ((ascii_lowercase, begin + 1),),
        ((ascii_lowercase, begin + 1), ("-", begin + 2)),
        ((ascii_lowercase, begin + 1), (digits, begin + 3)),
        ((digits, begin + 4),),
        (),
    )
    return Domain((*fixed, *first, *rest), frozenset({begin + 3, begin + 4}), examples)


#: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
ACCOUNT: Final = _digits(12, "444455556666", "999988887777", "777766665555", "222233334444")

#: The Regions of each partition: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries
REGIONS: Final[Mapping[str, Domain]] = {
    "aws": _region(
        "",
        "eu-central-1",
        "us-west-2",
        "ap-southeast-2",
        "eu-west-3",
        "sa-east-1",
        "ca-central-1",
        "ap-south-1",
        "af-south-1",
    ),
    "aws-us-gov": _region("us-gov-", "us-gov-east-1", "us-gov-west-1"),
    "aws-cn": _region("cn-", "cn-northwest-1", "cn-north-1"),
    "aws-eusc": _region("eusc-", "eusc-de-east-1"),
}

_TRAIL_CHARACTERS: Final = f"{ascii_letters}{digits}._-"
TRAIL_NAME: Final = Domain(
    (((_TRAIL_CHARACTERS, 1),), ((_TRAIL_CHARACTERS, 1),)), frozenset({1}), ("another-trail",)
)
#: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
_ID_CHARACTERS: Final = f"{ascii_lowercase}{digits}"
ORGANIZATION: Final = Domain(
    (((_ID_CHARACTERS, 1),), ((_ID_CHARACTERS, 1),)), frozenset({1}), ("foreignorgid", "otherorgid")
)
#: IAM: aws:SourceOrgPaths, such as o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/, here what follows the first "r-".
PATH: Final = Domain(
    (((_ID_CHARACTERS, 1),), ((f"{_ID_CHARACTERS}-/", 1),)), frozenset({1}), ("ab12", "ab12/ou-ab12-11111111")
)


#: One line of what is known: the condition key (an asterisk at its end stands for all that begin so); the
#: fact, or what tells the value (or None) where it depends on the key or on the landing zone; its source.
Row: TypeAlias = tuple[str, Fact | Callable[[KmsKey, LandingZone], str | None], str]


def _organization(_key: KmsKey, zone: LandingZone) -> str | None:
    return zone.organization_id or None


def _multi_region(key: KmsKey, _zone: LandingZone) -> str | None:
    return None if key.multi_region is None else str(key.multi_region).lower()


COMMON: Final[tuple[Row, ...]] = (
    ("aws:PrincipalIsAWSService", Fixed(("true",)), "IAM: true for a service principal"),
    ("aws:SecureTransport", Fixed(("true",)), "IAM: KMS is reached by TLS alone"),
    ("aws:ViaAWSService", Fixed(("false",)), "IAM: false, the service calls for itself"),
    ("aws:SourceOrgID", _organization, "IAM: the organization of the account the request is for"),
    ("aws:ResourceOrgID", _organization, "IAM: the organization of the key's account"),
    ("aws:ResourceAccount", lambda key, _: key.arn.account, "IAM: the key's account"),
    (
        "aws:RequestedRegion",
        lambda key, _: key.arn.region,
        "IAM: the Region that is called, the key's",
    ),
    ("kms:KeyOrigin", lambda key, _: key.origin, "KMS: the key's Origin"),
    ("kms:KeySpec", lambda key, _: key.key_spec, "KMS: the key's KeySpec"),
    ("kms:KeyUsage", lambda key, _: key.key_usage, "KMS: the key's KeyUsage"),
    ("kms:MultiRegion", _multi_region, "KMS: whether the key is a multi-Region key"),
    ("aws:CurrentTime", Clock.ISO, "IAM: any moment from the evaluation on"),
    ("aws:EpochTime", Clock.EPOCH, "IAM: the same, in seconds"),
    ("aws:PrincipalArn", ABSENT, "IAM: roles, users, sessions and root users have one"),
    ("aws:PrincipalAccount", ABSENT, "IAM: a service principal belongs to no account"),
    ("aws:PrincipalOrgID", ABSENT, "IAM: members of an organization have it"),
    ("aws:PrincipalOrgPaths", ABSENT, "IAM: members of an organization have it"),
    ("aws:userid", ABSENT, "IAM: users and roles have it"),
    ("aws:username", ABSENT, "IAM: users have it"),
    ("aws:PrincipalTag/*", ABSENT, "IAM: users and roles have tags"),
    ("aws:RequestTag/*", ABSENT, "PERMISSIONS: only requests that write tags carry some"),
    ("aws:SourceVpc*", ABSENT, "IAM: only through a VPC endpoint"),
)

#: Condition keys that other requests carry, and never a service's own that uses a key: by where it stands.
#: What is not here, and in no row, is unknown, such as aws:MultiFactorAuthPresent and aws:TokenIssueTime: IAM
#: has them where temporary credentials are used, and does not say that a service uses none.
ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "IAM: only through a VPC endpoint": (
        "aws:VpceAccount",
        "aws:VpceOrgID",
        "aws:VpceOrgPaths",
        "aws:VpcSourceIp",
    ),
    "IAM: only where a service uses the credentials of an IAM principal": (
        "aws:CalledVia",
        "aws:CalledViaAWSMCP",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
    ),
    "IAM: only in the session of a role or of a federated user": (
        "aws:AssumedRoot",
        "aws:ChatbotSourceArn",
        "aws:Ec2InstanceSourcePrivateIPv4",
        "aws:Ec2InstanceSourceVpc",
        "aws:FederatedProvider",
        "aws:SignInSessionArn",
        "aws:SourceIdentity",
        "codebuild:BuildArn",
        "codebuild:ProjectArn",
        "ec2:RoleDelivery",
        "ec2:SourceInstanceArn",
        "glue:CredentialIssuingService",
        "glue:RoleAssumedBy",
        "identitystore:UserId",
        "lambda:SourceFunctionArn",
        "ssm:SourceInstanceArn",
    ),
    "IAM: only where a link on a web page is followed": ("aws:referer",),
    "IAM: only where an MCP service authorizes an action of its own": ("aws:IsMcpServiceAction",),
    "PERMISSIONS: only in requests that write tags": ("aws:TagKeys",),
}

#: Condition keys that hold a parameter of some operations: by KMS and PERMISSIONS, kms:PolicyName by API.
OF_OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "kms:BypassPolicyLockoutSafetyCheck": ("CreateKey", "PutKeyPolicy"),
    "kms:DataKeyPairSpec": ("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
    "kms:ExpirationModel": ("ImportKeyMaterial",),
    "kms:GrantConstraintSourceArn": ("CreateGrant",),
    "kms:GrantConstraintType": ("CreateGrant", "RetireGrant"),
    "kms:GranteePrincipal": ("CreateGrant",),
    "kms:GranteeServicePrincipal": ("CreateGrant",),
    "kms:GrantIsForAWSResource": ("CreateGrant", "ListGrants", "RevokeGrant"),
    "kms:GrantOperations": ("CreateGrant",),
    "kms:KeyAgreementAlgorithm": ("DeriveSharedSecret",),
    "kms:MacAlgorithm": ("GenerateMac", "VerifyMac"),
    "kms:MessageType": ("Sign", "Verify"),
    "kms:PolicyName": ("GetKeyPolicy", "PutKeyPolicy"),
    "kms:PrimaryRegion": ("UpdatePrimaryRegion",),
    "kms:ReEncryptOnSameKey": ("ReEncryptFrom", "ReEncryptTo"),
    "kms:ReplicaRegion": ("ReplicateKey",),
    "kms:RetiringPrincipal": ("CreateGrant",),
    "kms:RetiringServicePrincipal": ("CreateGrant",),
    "kms:RotationPeriodInDays": ("EnableKeyRotation",),
    "kms:ScheduleKeyDeletionPendingWindowInDays": ("ScheduleKeyDeletion",),
    "kms:SigningAlgorithm": ("Sign", "Verify"),
    "kms:TrailingDaysWithoutKeyUsage": ("DisableKey", "ScheduleKeyDeletion"),
    "kms:ValidTo": ("ImportKeyMaterial",),
    "kms:WrappingAlgorithm": ("GetParametersForImport",),
    "kms:WrappingKeySpec": ("GetParametersForImport",),
}


def _elsewhere(actions: Sequence[str]) -> frozenset[str]:
    """The condition keys that requests for these actions never carry, in lower case."""
    never = {key for keys in ELSEWHERE.values() for key in keys}
    for key, operations in OF_OPERATIONS.items():
        if not any(f"kms:{operation}" in actions for operation in operations):
            never.add(key)
    return frozenset(key.lower() for key in never)


RESOURCE_TAG: Final = "aws:resourcetag/"
_ROWS: Final = {key.lower(): fact for key, fact, _ in COMMON if not key.endswith("*")}
_PREFIXES: Final = tuple(key.lower().removesuffix("*") for key, _, _ in COMMON if key.endswith("*"))
_CONFIG_ELSEWHERE: Final = _elsewhere(CONFIG_ACTIONS)
_CLOUDTRAIL_ELSEWHERE: Final = {
    standard: _elsewhere(actions) for standard, actions in CLOUDTRAIL_ACTIONS.items()
}


def families(key: KmsKey, zone: LandingZone, earliest: datetime = EARLIEST_MOMENT) -> tuple[Family, Family]:
    """Every request that Config, and every one that CloudTrail makes for the landing zone."""
    return config_family(key, zone, earliest), cloudtrail_family(key, zone, earliest)


def config_family(
    key: KmsKey, zone: LandingZone, earliest: datetime = EARLIEST_MOMENT, latest: datetime | None = None
) -> Family:
    """Config delivers for every account and every governed Region (CONFIG: `AWS:SourceArn`)."""
    partition = key.arn.partition
    return Family(
        service=CONFIG,
        actions=CONFIG_ACTIONS,
        resource=str(key.arn),
        facts=zone.once((CONFIG, partition), lambda: _of_config(partition, zone)),
        common=OfKey(key, zone),
        absent_prefixes=_absent_prefixes(key),
        elsewhere=_CONFIG_ELSEWHERE,
        variables=zone.once(("variables", partition), lambda: _recorders(partition, zone)),
        earliest=earliest,
        latest=latest,
    )


def cloudtrail_family(
    key: KmsKey, zone: LandingZone, earliest: datetime = EARLIEST_MOMENT, latest: datetime | None = None
) -> Family:
    """CloudTrail encrypts and decrypts for the one organization trail (TRAIL: `aws:SourceArn`, TOWER)."""
    partition = key.arn.partition
    return Family(
        service=CLOUDTRAIL,
        actions=CLOUDTRAIL_ACTIONS[zone.permission_standard],
        resource=str(key.arn),
        facts=zone.once((CLOUDTRAIL, partition), lambda: _of_cloudtrail(partition, zone)),
        common=OfKey(key, zone),
        absent_prefixes=_absent_prefixes(key),
        elsewhere=_CLOUDTRAIL_ELSEWHERE[zone.permission_standard],
        variables=_paths(zone),
        earliest=earliest,
        latest=latest,
    )


def foreign_families(own: Family, key: KmsKey, zone: LandingZone) -> tuple[Family, ...]:
    """A service's own requests, made for accounts that are not the landing zone's: recorders, or trails.

    Where the organization is known, foreign is what lies outside of it: accounts of other organizations, and
    accounts of none; else any account but the management account.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return tuple(
        foreign_family(own, key, zone, organization) for organization in _foreign_organizations(zone)
    )


def foreign_family(
    own: Family, key: KmsKey, zone: LandingZone, organization: Mapping[str, Fact], account: Domain = ACCOUNT
) -> Family:
    """The same requests, made for such an account, and with these facts of the organization that has it."""
    source: dict[str, Fact] = {}
    names = {}
    if own.service == CLOUDTRAIL:
        trail = Text(
            (f"arn:{key.arn.partition}:cloudtrail:", "Region", ":", "Account", ":trail/", "Trail", "")
        )
        source = {
            "aws:sourcearn": trail,
            "aws:sourceaccount": Text(("", "Account", "")),
            "kms:encryptioncontext:aws:cloudtrail:arn": trail,
        }
        names = {"Trail": TRAIL_NAME}
    organizations = {"Organization": ORGANIZATION} if zone.organization_id else {}
    return replace(
        own,
        facts={**own.facts, **source, **organization},
        variables={
            "Region": _regions(key.arn.partition),
            "Account": account,
            **names,
            **organizations,
            **_paths(zone),
        },
        excluded=_excluded(zone),
    )


def _foreign_organizations(zone: LandingZone) -> tuple[Mapping[str, Fact], ...]:
    """IAM: aws:SourceOrgID and aws:SourceOrgPaths are there if the account belongs to an organization."""
    if zone.organization_id is None:
        return ({"aws:sourceorgid": UNKNOWN, "aws:sourceorgpaths": UNKNOWN},)
    paths = Text(("o-", "Organization", "/r-", "Path", "/"))
    return (
        {"aws:sourceorgid": Other(zone.organization_id), "aws:sourceorgpaths": paths},
        {"aws:sourceorgid": ABSENT, "aws:sourceorgpaths": ABSENT},
    )


def _excluded(zone: LandingZone) -> dict[str, str]:
    own = {"Organization": zone.organization_id.removeprefix("o-")} if zone.organization_id else {}
    return {"Account": zone.management_account_id, **own}


def _paths(zone: LandingZone) -> dict[str, Domain]:
    return {"Path": PATH} if zone.organization_id else {}


def trail_arn(partition: str, zone: LandingZone) -> str:
    """The organization trail: in the home Region and the management account."""
    account = zone.management_account_id
    return f"arn:{partition}:cloudtrail:{zone.home_region}:{account}:trail/{zone.trail_name}"


class OfKey:
    """What is known of every request to one key: the rows above, and the key's tags."""

    __slots__ = ("_key", "_tags", "_zone")

    def __init__(self, key: KmsKey, zone: LandingZone) -> None:
        self._key, self._zone = key, zone
        self._tags: Mapping[str, Fact] | None = None

    def fact(self, key: str) -> Fact | None:
        """What is known of a condition key (in lower case); None where nothing is."""
        if key.startswith(RESOURCE_TAG):
            return self._of_tags().get(key)
        row = _ROWS.get(key)
        return self._told(row) if callable(row) else row

    def facts(self) -> dict[str, Fact]:
        """All of it."""
        facts = {key: self._told(row) if callable(row) else row for key, row in _ROWS.items()}
        return {**facts, **self._of_tags()}

    def _told(self, row: Callable[[KmsKey, LandingZone], str | None]) -> Fact:
        value = row(self._key, self._zone)
        return UNKNOWN if value is None else Fixed((value,))

    def _of_tags(self) -> Mapping[str, Fact]:
        if self._tags is None:
            self._tags = _resource_tags(self._key.tags or {})
        return self._tags


def _resource_tags(tags: Mapping[str, str]) -> dict[str, Fact]:
    """IAM: `aws:ResourceTag/NAME`, where NAME has no case; of two that differ in case, either may count."""
    facts: dict[str, Fact] = {}
    for name, value in tags.items():
        key = f"{RESOURCE_TAG}{name}".lower()
        facts[key] = UNKNOWN if key in facts else Fixed((value,))
    return facts


def _of_service(service: str, zone: LandingZone) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "aws:principalservicename": Fixed((service,)),  # IAM
        "aws:principalservicenameslist": AtLeast((service,)),  # IAM: all names of the principal
    }
    if zone.organization_id:
        # IAM: the account's path
        facts["aws:sourceorgpaths"] = Text((f"{zone.organization_id}/r-", "Path", "/"))
    return facts


def _of_config(partition: str, zone: LandingZone) -> dict[str, Fact]:
    """CONFIG: the source is the recorder's account and Region; the last asterisk is a literal character."""
    return {
        **_of_service(CONFIG, zone),
        "aws:sourcearn": Text((f"arn:{partition}:config:", "Region", ":", "Account", ":*")),
        "aws:sourceaccount": Text(("", "Account", "")),
        "kms:encryptioncontext:aws:cloudtrail:arn": ABSENT,
    }


def _of_cloudtrail(partition: str, zone: LandingZone) -> dict[str, Fact]:
    trail = Fixed((trail_arn(partition, zone),))
    return {
        **_of_service(CLOUDTRAIL, zone),
        "aws:sourcearn": trail,
        "aws:sourceaccount": Fixed((zone.management_account_id,)),  # TRAIL
        "kms:encryptioncontext:aws:cloudtrail:arn": trail,  # TOWER, TRAIL
        "kms:encryptioncontextkeys": AtLeast(("aws:cloudtrail:arn",)),  # KMS
    }


def _recorders(partition: str, zone: LandingZone) -> dict[str, Domain]:
    """The governed Regions and the accounts that have a recorder."""
    regions, accounts = zone.governed_regions, zone.accounts
    return {
        "Region": one_of(regions) if regions else _regions(partition),
        "Account": one_of(accounts) if accounts else ACCOUNT,
        **_paths(zone),
    }


def _absent_prefixes(key: KmsKey) -> tuple[str, ...]:
    """Keys of which all that begin so are absent; other tags than the known ones are, too."""
    return _PREFIXES if key.tags is None else (*_PREFIXES, RESOURCE_TAG)


def _regions(partition: str) -> Domain:
    return REGIONS.get(partition, REGIONS["aws"])
