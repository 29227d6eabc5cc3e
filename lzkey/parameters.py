"""Parameters files, read, checked as a whole, and turned into one frozen value.

Three checks, all faults in one message: the project's JSON Schema, the Lambda's own settings, and what rdk or
AWS Config would refuse or, worse, silently change.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.errors import SettingsError
from landing_zone_key.records import dataclass
from landing_zone_key.settings import PARAMETERS, KeyScope, LandingZone
from lzkey.errors import ParametersError
from lzkey.files import read_json
from lzkey.regions import fault_of, unknown_regions
from lzkey.workplace import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from jsonschema.exceptions import ValidationError

    from lzkey import Json
    from lzkey.workplace import Workplace

#: Characters of a rule's InputParameters, as rdk serializes them (AWS Config API, ConfigRule).
MAX_INPUT_PARAMETERS: Final = 1024

#: Fields that rdk knows, with why a deployment cannot honour them: better refused than dropped.
_REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "remediation": "the rule never changes a key; `lzkey fix` proposes the policy",
        "evaluationMode": "proactive evaluation does not support AWS::KMS::Key; the mode is DETECTIVE",
        "customLambdaName": "the role that rdk creates may only write the logs of RDK-Rule-Function*",
        "runtime": "the rule is built for python3.13 without a layer",
    }
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """How the rule is deployed; None means not given."""

    triggers: frozenset[str] = frozenset({"change", "periodic"})
    frequency: str = "TwentyFour_Hours"
    description: str = "Proves that AWS Control Tower's landing zone can use its KMS key."
    region: str | None = None
    lambda_role_arn: str | None = None
    boundary_policy_arn: str | None = None
    timeout_seconds: int = 60
    code_bucket: str | None = None
    excluded_accounts: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def on_change(self) -> bool:
        """Whether a changed key triggers the rule."""
        return "change" in self.triggers

    @property
    def periodic(self) -> bool:
        """Whether the rule runs on a schedule."""
        return "periodic" in self.triggers


@dataclass(frozen=True, slots=True)
class Parameters:
    """A valid parameters file: `rule` holds the rule parameters that were given, none of them empty."""

    named: str
    """NAME or FILE, as it was given."""
    path: Path
    rule: Mapping[str, str]
    deployment: Deployment

    @property
    def name(self) -> str:
        """The file's name without its end."""
        return self.path.stem

    @property
    def home_region(self) -> str:
        """The landing zone's home Region."""
        return self.rule["HomeRegion"]

    @property
    def management_account(self) -> str:
        """The organization's management account, 12 digits."""
        return self.rule["ManagementAccountId"]


def as_parameters(zone: LandingZone) -> dict[str, str]:
    """The rule parameters of a landing zone, without those that nobody has given."""
    scope = ",".join(zone.listed_keys) if zone.key_scope is KeyScope.LISTED else zone.key_scope.value
    values = {
        "HomeRegion": zone.home_region,
        "ManagementAccountId": zone.management_account_id,
        "OrganizationId": zone.organization_id,
        "GovernedRegions": ",".join(zone.governed_regions),
        "TrailName": zone.trail_name,
        "KeyScope": scope,
        "PermissionStandard": zone.permission_standard.value,
        "RequireConfusedDeputyProtection": str(zone.require_confused_deputy_protection).lower(),
    }
    return {name: value for name, value in values.items() if value}


def load(named: str, *, at: Workplace, any_region: bool = False) -> Parameters:
    """Read and check the parameters file NAME or FILE; `any_region` takes Regions that nobody knows.

    Raises ParametersError naming the file and every field that is wrong, with what would be right.
    """
    path = at.find(named)
    document = read_json(path)
    faults = faults_of(document, at, any_region=any_region)
    if faults:
        lines = "".join(f"\n  {fault}" for fault in faults)
        raise ParametersError(f"{path} cannot be deployed:{lines}")
    return Parameters(
        named, path, MappingProxyType(_given(document["ruleParameters"])), _deployment(document)
    )


def faults_of(document: Json, at: Workplace, *, any_region: bool = False) -> list[str]:
    """Every fault of what a parameters file holds, once; an empty list is a deployable one.

    Where the schema and the Lambda's settings both object to a field, the settings speak.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - takes a second, and help needs none

    rule = document.get("ruleParameters") if isinstance(document, dict) else None
    faults = {}
    if isinstance(rule, dict):
        given = {name: value for name, value in rule.items() if value != ""}
        faults = {f"ruleParameters.{fault.split()[0]}": fault for fault in _settings_faults(given)}
    schema = read_json(at.shipped.parameters / SCHEMA)
    found = Draft202012Validator(schema).iter_errors(document)
    for error in sorted(found, key=lambda error: error.json_path):
        for field, fault in _in_words(error):
            faults.setdefault(field, f"{field} {fault}")
    if faults:
        return list(faults.values())
    given, deployment = _given(document["ruleParameters"]), document.get("deployment", {})
    unknown = [] if any_region else _unknown_regions(given, deployment)
    return [*unknown, *_deployment_faults(given, deployment)]


def _unknown_regions(given: Mapping[str, str], deployment: Mapping[str, Any]) -> Iterator[str]:
    """The Regions that AWS has not; the Lambda itself takes them, because it may be older than a Region."""
    yield from (f"ruleParameters.{fault}" for fault in unknown_regions(given))
    region = deployment.get("region")
    if region and (fault := fault_of(region)):
        yield f"deployment.region has {fault}"


def _settings_faults(given: Mapping[str, object]) -> tuple[str, ...]:
    """What the Lambda itself would say about these parameters, one fault each."""
    try:
        LandingZone.from_rule_parameters(given)
    except SettingsError as error:
        names = "|".join(re.escape(name) for name in {*given, *PARAMETERS, "the parameters"})
        return tuple(re.split(rf"; (?=(?:{names}) )", str(error)))
    return ()


def _in_words(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each wrong field and what is wrong with it, in the schema's words for what is right."""
    schema: Any = error.schema
    field = error.json_path.removeprefix("$").removeprefix(".")
    prefix = f"{field}." if field else ""
    members: Any = error.instance
    parts: Mapping[str, Any] = schema.get("properties", {})
    if error.validator == "required":
        for name in sorted(parts.keys() - members.keys()):
            if name in schema["required"]:
                yield f"{prefix}{name}", f"is missing. {parts[name]['description']}"
    elif error.validator == "additionalProperties":
        for name in sorted(members.keys() - parts.keys()):
            yield f"{prefix}{name}", _unknown(name, parts)
    else:
        shown = json.dumps(members, ensure_ascii=False)[:80]
        yield field or "the file", f"is {shown}, but {_expected(error)}. {schema['description']}"


def _expected(error: ValidationError) -> str:
    value: Any = error.validator_value
    match error.validator:
        case "type":
            return f"must be of type {value}"
        case "enum":
            return "must be " + " or ".join(json.dumps(choice) for choice in value if choice)
        case "minimum" | "minLength" | "minItems":
            return f"must have at least {value}"
        case "maximum" | "maxLength" | "maxItems" | "maxProperties":
            return f"may have at most {value}"
        case "uniqueItems":
            return "names one of them twice"
        case _:
            return "has another form"


def _unknown(name: str, parts: Iterable[str]) -> str:
    if name in _REFUSED:
        return f"is refused: {_REFUSED[name]}"
    near = get_close_matches(name, list(parts), n=1)
    return f"is unknown; did you mean {near[0]}?" if near else f"is unknown; there is {', '.join(parts)}"


def _deployment_faults(given: Mapping[str, str], deployment: Mapping[str, Any]) -> Iterator[str]:
    """What the schema cannot say: the limit of the whole, and pairs of which rdk drops one silently."""
    length = len(json.dumps(dict(given)))
    if length > MAX_INPUT_PARAMETERS:
        yield f"ruleParameters: {length} characters as JSON; AWS Config takes at most {MAX_INPUT_PARAMETERS}"
    if given.get("AssumeRoleMode") != "false" and "ExecutionRoleName" not in given:
        yield (
            'ruleParameters.AssumeRoleMode: must be "false", or ExecutionRoleName must name a role that the '
            "Lambda may assume: rdklib would assume AWS Config's own role, which no Lambda can"
        )
    if "maximumExecutionFrequency" in deployment and "periodic" not in deployment.get(
        "triggers", ["periodic"]
    ):
        yield (
            "deployment.maximumExecutionFrequency: is only read with the periodic trigger; "
            'remove it or add "periodic" to triggers'
        )
    if deployment.get("boundaryPolicyArn") and deployment.get("lambdaRoleArn"):
        yield (
            "deployment.boundaryPolicyArn: rdk ignores it when lambdaRoleArn is given; "
            "put the boundary on that role"
        )


def _given(members: Mapping[str, Any]) -> dict[str, str]:
    """The rule parameters that are there: empty means not given, as in rdk's OptionalParameters."""
    return {name: value for name, value in members.items() if isinstance(value, str) and value}


def _deployment(document: Mapping[str, Any]) -> Deployment:
    fields = {
        "region": "region",
        "maximumExecutionFrequency": "frequency",
        "description": "description",
        "lambdaRoleArn": "lambda_role_arn",
        "boundaryPolicyArn": "boundary_policy_arn",
        "lambdaTimeoutSeconds": "timeout_seconds",
        "codeBucket": "code_bucket",
    }
    members = document.get("deployment", {})
    values: dict[str, Any] = {ours: members[theirs] for theirs, ours in fields.items() if members.get(theirs)}
    if "triggers" in members:
        values["triggers"] = frozenset(members["triggers"])
    values["excluded_accounts"] = tuple(sorted(members.get("excludedAccounts", [])))
    return Deployment(tags=tuple(sorted(members.get("tags", {}).items())), **values)
