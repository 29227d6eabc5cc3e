"""Rule parameters, all strings as AWS Config passes them, turned into one frozen `LandingZone`."""

import json
import re
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from landing_zone_key.errors import SettingsError
from landing_zone_key.manifest import BOTH, Delivery, ManifestKeys
from landing_zone_key.records import dataclass

#: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html (InputParameters)
MAXIMUM_PARAMETERS_LENGTH: Final = 1024

#: https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
BASELINE_TRAIL_NAME: Final = "aws-controltower-BaselineCloudTrail"

#: Read by rdklib itself, from the same rule parameters; checked here so that a slip is not found at night.
RDKLIB_PARAMETERS: Final = ("ExecutionRoleName", "ExecutionRoleRegion", "AssumeRoleMode")

#: Compiled when a value is first checked: most parameters are hardly ever given.
_REGION: Final = r"[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}"
_ACCOUNT: Final = r"[0-9]{12}"
_ORGANIZATION: Final = r"o-[a-z0-9]{10,32}"  # API_organizations_Organization
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
_TRAIL_NAME: Final = r"(?=.{3,128}\Z)[A-Za-z0-9]+([._-][A-Za-z0-9]+)*"
_KEY_ID: Final = r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_KEY_ARN: Final = rf"arn:aws[a-z-]*:kms:{_REGION}:{_ACCOUNT}:key/{_KEY_ID}"
_ROLE_NAME: Final = r"[A-Za-z0-9_+=,.@/-]{1,512}"


_Made = TypeVar("_Made")


class PermissionStandard(StrEnum):
    """Which of CloudTrail's requests must be allowed."""

    DOCUMENTED = "documented"
    """All of `kms:GenerateDataKey*`, as Control Tower's statement grants."""
    FUNCTIONAL = "functional"
    """`kms:GenerateDataKey` alone, the one call seen in CloudTrail's documentation."""


class KeyScope(StrEnum):
    """Which keys the rule judges."""

    ALL = "all"
    LANDING_ZONE = "landing-zone"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class LandingZone:
    """What is known of the landing zone; made by `from_rule_parameters`, and `with_manifest`."""

    home_region: str
    management_account_id: str
    organization_id: str | None = None
    governed_regions: tuple[str, ...] = ()
    """The home Region first. Empty: any Region may be governed."""
    trail_name: str = BASELINE_TRAIL_NAME
    key_scope: KeyScope = KeyScope.ALL
    listed_keys: tuple[str, ...] = ()
    """Key ARNs and key ids; only with `KeyScope.LISTED`."""
    permission_standard: PermissionStandard = PermissionStandard.DOCUMENTED
    require_confused_deputy_protection: bool = False
    manifest_keys: ManifestKeys | None = field(default=None, kw_only=True)
    """The keys of the landing zone's manifest; None as long as nobody has read it."""
    accounts: tuple[str, ...] = field(default=(), kw_only=True)
    """Those that AWS Config delivers for today, where somebody has listed them; empty: any account."""
    _made: dict[Hashable, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Begin with nothing made of it."""
        object.__setattr__(self, "_made", {})

    @classmethod
    def from_rule_parameters(cls, parameters: Mapping[str, object]) -> "LandingZone":
        """Check all parameters at once; an empty value counts as not given.

        Raises `SettingsError` that lists every fault: unknown name, missing or malformed value, too long.
        """
        if not isinstance(parameters, Mapping):
            raise SettingsError(f"the rule parameters are an object, not {type(parameters).__name__}")
        faults = _length_faults(parameters)
        given: dict[str, str] = {}
        for name, value in parameters.items():
            if not isinstance(value, str):
                faults.append(f"{name} must be a string, not {json.dumps(value, default=repr)}")
            elif name not in PARAMETERS:
                faults.append(f"{name} is not a parameter of this rule (it has {', '.join(PARAMETERS)})")
            elif value.strip():
                given[name] = value.strip()
        faults.extend(
            f"{name} is required: {PARAMETERS[name].expects}"
            for name in ("HomeRegion", "ManagementAccountId")
            if name not in given and isinstance(parameters.get(name, ""), str)
        )
        faults.extend(
            f"{name} is {json.dumps(value)}, but must be {PARAMETERS[name].expects}"
            for name, value in given.items()
            if not PARAMETERS[name].accepts(value)
        )
        if faults:
            raise SettingsError("; ".join(faults))
        return cls._from_checked(given)

    @classmethod
    def _from_checked(cls, given: Mapping[str, str]) -> "LandingZone":
        home, governed = given["HomeRegion"], _items(given.get("GovernedRegions", ""))
        scope = given.get("KeyScope", KeyScope.ALL.value)
        listed = () if scope in (KeyScope.ALL, KeyScope.LANDING_ZONE) else _items(scope)
        return cls(
            home_region=home,
            management_account_id=given["ManagementAccountId"],
            organization_id=given.get("OrganizationId"),
            # Control Tower always governs its home Region.
            governed_regions=tuple(dict.fromkeys((home, *governed))) if governed else (),
            trail_name=given.get("TrailName", BASELINE_TRAIL_NAME),
            key_scope=KeyScope.LISTED if listed else KeyScope(scope),
            listed_keys=listed,
            permission_standard=PermissionStandard(given.get("PermissionStandard", "documented")),
            require_confused_deputy_protection=_is_true(
                given.get("RequireConfusedDeputyProtection", "false")
            ),
        )

    def once(self, name: Hashable, make: Callable[[], _Made]) -> _Made:
        """What is made of nothing but the landing zone and of what is in its name: made once, and kept."""
        if name not in self._made:
            self._made[name] = make()
        made: _Made = self._made[name]
        return made

    def with_manifest(self, manifest: object, version: object = None) -> "LandingZone":
        """The same landing zone with the keys that GetLandingZone's manifest names, and its version."""
        return replace(self, manifest_keys=ManifestKeys.from_manifest(manifest, version))

    def uses_of(self, names: Collection[str]) -> frozenset[Delivery]:
        """What encrypts with the key of these names; both as long as nobody has read the manifest."""
        keys = self.manifest_keys
        return BOTH if keys is None else keys.uses_of(names)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One rule parameter: what it accepts, in words and as a test."""

    expects: str
    accepts: Callable[[str], object]


def _items(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _is_true(value: str) -> bool:
    return value.lower() == "true"


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _all_items_match(pattern: str) -> Callable[[str], bool]:
    return lambda value: bool(_items(value)) and all(map(_matches(pattern), _items(value)))


def _key_scope(value: str) -> bool:
    keys = _all_items_match(f"{_KEY_ARN}|{_KEY_ID}")
    return value in (KeyScope.ALL, KeyScope.LANDING_ZONE) or keys(value)


def _boolean(value: str) -> bool:
    return value.lower() in ("true", "false")


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "HomeRegion": Parameter("the landing zone's home Region, such as us-east-1", _matches(_REGION)),
    "ManagementAccountId": Parameter("the 12 digits of the management account", _matches(_ACCOUNT)),
    "OrganizationId": Parameter("the organization's id, such as o-exampleorgid", _matches(_ORGANIZATION)),
    "GovernedRegions": Parameter("Regions, comma-separated", _all_items_match(_REGION)),
    "TrailName": Parameter(
        "a CloudTrail trail name (3 to 128 letters and digits, single . _ - between them)",
        _matches(_TRAIL_NAME),
    ),
    "KeyScope": Parameter("all, landing-zone, or KMS key ARNs or key ids, comma-separated", _key_scope),
    "PermissionStandard": Parameter("documented or functional", tuple(PermissionStandard).__contains__),
    "RequireConfusedDeputyProtection": Parameter("true or false", _boolean),
    "ExecutionRoleName": Parameter("the name of an IAM role, without its ARN", _matches(_ROLE_NAME)),
    "ExecutionRoleRegion": Parameter("a Region, such as us-east-1", _matches(_REGION)),
    "AssumeRoleMode": Parameter("true or false", _boolean),
}


def _length_faults(parameters: Mapping[str, object]) -> list[str]:
    length = len(json.dumps(dict(parameters), separators=(",", ":"), default=repr))
    if length <= MAXIMUM_PARAMETERS_LENGTH:
        return []
    return [f"the parameters have {length} characters as JSON, AWS Config takes {MAXIMUM_PARAMETERS_LENGTH}"]
