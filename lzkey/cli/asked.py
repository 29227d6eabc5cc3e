"""The options that check, explain and fix share: where keys are, and for which landing zone.

The landing zone's settings are rule parameters: from an option, the environment, a file, or AWS itself.
"""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields, replace
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar, get_type_hints

import typer

from landing_zone_key import KeyDataError, LandingZone
from landing_zone_key import SettingsError as RuleSettingsError
from landing_zone_key.key import KeyArn
from landing_zone_key.records import dataclass
from landing_zone_key.settings import PARAMETERS
from lzkey.aws.fact import actions_of, identity_policy, statement
from lzkey.aws.keys import put_key_policy
from lzkey.cli.completion import (
    key_scopes,
    known_regions,
    lists_of_regions,
    parameters_files,
    permission_standards,
)
from lzkey.cli.manifest import OPTION, Search, differences
from lzkey.cli.options import Profile, Region, UnknownRegion, iam_policy_option
from lzkey.errors import ParametersError, SettingsError
from lzkey.files import read_json
from lzkey.regions import unknown_regions
from lzkey.sources import ALL_KEYS, DISCOVERY, KEYS, OBJECTS, discover, look, todays_accounts
from lzkey.sources.subject import Context
from lzkey.terminal import warn
from lzkey.workplace import here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import boto3
    from typer.models import OptionInfo

    from lzkey.sources.input import Input
    from lzkey.sources.manifest import Manifest
    from lzkey.sources.survey import Survey

_Made = TypeVar("_Made")

REQUIRED: Final = ("HomeRegion", "ManagementAccountId")

_SETTINGS: Final = "Settings (the rule parameters)"
FILES: Final = "Files"


def flag(parameter: str) -> str:
    """The option of a rule parameter: `HomeRegion` is `--home-region`."""
    return "--" + "-".join(_words(parameter))


def variable(parameter: str) -> str:
    """Its environment variable: `HomeRegion` is `LZKEY_HOME_REGION`."""
    return "_".join(["LZKEY", *_words(parameter)]).upper()


def _words(parameter: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z][a-z]+", parameter)]


def setting(
    name: str,
    meaning: str,
    metavar: str | None = None,
    completion: Callable[..., list[str]] | None = None,
) -> OptionInfo:
    """The option of a rule parameter, which the environment can give as well."""
    made: OptionInfo = typer.Option(
        flag(name),
        envvar=variable(name),
        help=meaning,
        metavar=metavar,
        autocompletion=completion,
        rich_help_panel=_SETTINGS,
    )
    return made


HomeRegion = Annotated[
    str | None,
    setting("HomeRegion", "The landing zone's home Region; required.", "REGION", known_regions),
]
ManagementAccountId = Annotated[
    str | None,
    setting("ManagementAccountId", "The management account, 12 digits; required.", "ACCOUNT"),
]
OrganizationId = Annotated[
    str | None,
    setting("OrganizationId", "Lets conditions on aws:SourceOrgID be proved.", "ID"),
]
GovernedRegions = Annotated[
    str | None,
    setting("GovernedRegions", "Comma-separated; else any Region.", "REGIONS", lists_of_regions),
]
KeyScopeText = Annotated[
    str | None,
    setting("KeyScope", "all, landing-zone, or key ARNs or ids, comma-separated.", "SCOPE", key_scopes),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed; each field is an option."""

    home_region: HomeRegion = None
    management_account_id: ManagementAccountId = None
    organization_id: OrganizationId = None
    governed_regions: GovernedRegions = None
    trail_name: Annotated[
        str | None, setting("TrailName", "The landing zone's trail, if not Control Tower's own.", "NAME")
    ] = None
    key_scope: KeyScopeText = None
    permission_standard: Annotated[
        str | None,
        setting(
            "PermissionStandard",
            "documented, or functional: kms:GenerateDataKey alone.",
            "STANDARD",
            permission_standards,
        ),
    ] = None
    require_confused_deputy_protection: Annotated[
        bool | None,
        setting("RequireConfusedDeputyProtection", "Requests of foreign accounts must be refused."),
    ] = None
    parameters: Annotated[
        str | None,
        typer.Option(
            envvar="LZKEY_PARAMETERS",
            metavar="NAME|FILE",
            autocompletion=parameters_files,
            help="A parameters file; options and environment variables win over it.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None
    landing_zone_manifest: Annotated[
        str | None,
        typer.Option(
            OPTION,
            metavar="FILE",
            help="The landing zone's manifest: what `aws controltower get-landing-zone` prints, or a plan or "
            "template that has it. It tells what is not given: governed Regions, and what each key is for. "
            "Without the option one among the sources counts.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None
    allow_unknown_region: UnknownRegion = False
    discover: Annotated[
        bool,
        typer.Option(
            "--discover", help="Ask the live landing zone for what is not given.", rich_help_panel=_SETTINGS
        ),
    ] = False
    profile: Profile = None
    region: Region = None
    key_arn: Annotated[
        str | None,
        typer.Option(help="The key of a bare key policy.", metavar="ARN", rich_help_panel=FILES),
    ] = None
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A template's parameter, or AWS::Region and the like; one that no template has is refused; "
            "repeatable.",
            rich_help_panel=FILES,
        ),
    ] = None

    def session(self, home: str | None = None) -> boto3.Session:
        """The AWS session, if need be in the home Region; boto3 is imported for those alone who need one."""
        from lzkey.aws.session import session  # noqa: PLC0415 - boto3

        return session(self.profile, self.region, home or self.home_region)

    def landing_zone(self, told: Callable[[], Mapping[str, str]]) -> LandingZone:
        """The live landing zone, of which `told` gives what nobody has given; raises SettingsError."""
        return landing_zone(
            self._rule_parameters(), self.parameters, told, any_region=self.allow_unknown_region
        )

    def _settings(self, seen: Survey | None) -> Settings:
        """The landing zone that keys are judged for, and its manifest; raises SettingsError."""
        found = settings(
            self._rule_parameters(),
            self.parameters,
            self._discover if self.discover else None,
            search=Search(self.landing_zone_manifest, seen, self._stack_parameters(), warn),
            any_region=self.allow_unknown_region,
        )
        if not self.discover:
            return found
        accounts = todays_accounts(self.session(found.zone.home_region))
        return found._replace(zone=replace(found.zone, accounts=accounts))

    def context(
        self, sources: Sequence[str] = (), stdin: Input | None = None, ignore: Sequence[str] = ()
    ) -> Context:
        """What files do not tell, or others of the sources tell; raises SettingsError.

        Of standard input the beginning is kept, so that it can be read again.
        """
        return self.context_and_manifest(sources, stdin, ignore)[0]

    def context_and_manifest(
        self, sources: Sequence[str] = (), stdin: Input | None = None, ignore: Sequence[str] = ()
    ) -> tuple[Context, Manifest | None]:
        """The same, and the landing zone's manifest, where it is given or among the sources."""
        if self.key_arn is not None:
            try:
                KeyArn.parse(self.key_arn)
            except KeyDataError as error:
                raise SettingsError(f"--key-arn: {error}") from error
        given = self._stack_parameters()
        names = [name for name in given if not name.startswith("AWS::")]
        seen = look(sources, stdin, ignore=ignore, parameters=bool(names)) if sources and stdin else None
        _require_declared(names, seen)
        found = self._settings(seen)
        return Context(found.zone, self.key_arn, given), found.manifest

    def _rule_parameters(self) -> dict[str, str]:
        protection = self.require_confused_deputy_protection
        given = {
            "HomeRegion": self.home_region,
            "ManagementAccountId": self.management_account_id,
            "OrganizationId": self.organization_id,
            "GovernedRegions": self.governed_regions,
            "TrailName": self.trail_name,
            "KeyScope": self.key_scope,
            "PermissionStandard": self.permission_standard,
            "RequireConfusedDeputyProtection": None if protection is None else str(protection).lower(),
        }
        return {name: value for name, value in given.items() if value}

    def _discover(self) -> Mapping[str, str]:
        return discover(self.session())

    def _stack_parameters(self) -> dict[str, str]:
        pairs = [text.partition("=") for text in self.parameter or ()]
        faults = [name for name, equals, _ in pairs if not (name and equals)]
        if faults:
            raise SettingsError(f"--parameter {faults[0]} is not of the form NAME=VALUE")
        return {name: value for name, _, value in pairs}


class Settings(NamedTuple):
    """The landing zone, and the manifest that tells of it, where one was found."""

    zone: LandingZone
    manifest: Manifest | None


def landing_zone(
    given: Mapping[str, str],
    file: str | None = None,
    discover: Callable[[], Mapping[str, str]] | None = None,
    *,
    any_region: bool = False,
) -> LandingZone:
    """The landing zone of these rule parameters, without a manifest; see `settings`."""
    return settings(given, file, discover, any_region=any_region).zone


def settings(
    given: Mapping[str, str],
    file: str | None = None,
    discover: Callable[[], Mapping[str, str]] | None = None,
    *,
    search: Search | None = None,
    any_region: bool = False,
) -> Settings:
    """The landing zone of these rule parameters; the file fills in what is not given.

    `discover` tells the rest, and so does the manifest that `search` finds. Raises SettingsError that names
    every fault, and every way to give what is missing; ParametersError for a file that cannot be read.
    """
    told = {**(_from_file(file) if file else {}), **given}
    known = {**(discover() if discover is not None else {}), **told}
    manifest = search.manifest(known) if search is not None else None
    parameters = dict(known)
    faults = [] if any_region else list(unknown_regions(told))
    if search is not None and manifest is not None:
        its = manifest.parameters
        parameters = {**its, **known}
        if search.file is not None and "GovernedRegions" in its.keys() - told.keys():
            parameters["GovernedRegions"] = its["GovernedRegions"]
        faults += [] if any_region else [f"{manifest.source}: {fault}" for fault in unknown_regions(its)]
        for line in filter(None, (str(manifest), differences(manifest, parameters))):
            search.tell(line)
    try:
        zone = LandingZone.from_rule_parameters(parameters)
    except RuleSettingsError as error:
        missing = [name for name in REQUIRED if not parameters.get(name)]
        raise SettingsError(f"{'; '.join([*faults, str(error)])}{_ways_to_give(missing)}") from error
    if faults:
        raise SettingsError("; ".join(faults))
    return Settings(zone if manifest is None else replace(zone, manifest_keys=manifest.keys), manifest)


def _require_declared(names: Sequence[str], seen: Survey | None) -> None:
    """Raise SettingsError for a parameter that no template has."""
    there = seen.parameters if seen is not None else {}
    unknown = [name for name in names if name not in there]
    if unknown and (seen is None or seen.is_whole):
        known = f"there is {', '.join(there)}" if there else "there are none"
        raise SettingsError(f"no template has the parameter {unknown[0]} that --parameter gives; {known}")


def _ways_to_give(missing: list[str]) -> str:
    if not missing:
        return ""
    flags = " and ".join(map(flag, missing))
    variables = " and ".join(map(variable, missing))
    return (
        f". Three ways to give {'it' if len(missing) == 1 else 'them'}: the options {flags}; the environment "
        f"variables {variables}; or --parameters NAME, of parameters/NAME.json. --discover asks the live "
        "landing zone"
    )


def _from_file(named: str) -> dict[str, str]:
    """The rule parameters of a parameters file, or of a file that holds nothing else."""
    path = here().find(named)
    document = read_json(path)
    found: Any = document.get("ruleParameters", document) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise ParametersError(f"{path} has no ruleParameters; parameters/example.json shows the form")
    unknown = [name for name in found if name not in PARAMETERS]
    faults = [f"{json.dumps(name)[:80]} is not a rule parameter" for name in unknown]
    faults += [
        f"{name} must be a string, not {json.dumps(value)[:80]}"
        for name, value in found.items()
        if name in PARAMETERS and not isinstance(value, str)
    ]
    if faults:
        raise ParametersError(f"{path}: {'; '.join(faults)} (there is {', '.join(PARAMETERS)})")
    return {name: value for name, value in found.items() if value}


def live_policy_option(command: str) -> OptionInfo:
    """The option that prints what check, explain or fix must be allowed on a live account."""
    return iam_policy_option(lambda: iam_policy(command))


def iam_policy(command: str) -> dict[str, Any]:
    """The least that it must be allowed: its options decide how much of that it does.

    Writing is allowed with KMS's check against a lockout alone: kms:BypassPolicyLockoutSafetyCheck in
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    keys = ALL_KEYS if command == "check" else KEYS
    statements = [
        statement("ReadKeys", actions_of(*keys)),
        statement("ReadTheLandingZone", actions_of(*DISCOVERY)),
    ]
    if command == "check":
        statements.append(statement("ReadObjects", actions_of(*OBJECTS)))
    if command == "explain":
        depending = import_module("lzkey.observed.blast").FACTS
        statements.append(statement("ReadWhatDependsOnTheKey", actions_of(*depending)))
    if command == "fix":
        condition = {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "false"}}
        statements.append({**statement("PutKeyPolicies", put_key_policy.actions), "Condition": condition})
    return identity_policy(*statements)


def with_options(command: Callable[..., _Made]) -> Callable[..., _Made]:
    """Give a command the options of Asked in place of its keyword `asked`."""
    signature = inspect.signature(command)
    own = get_type_hints(command, include_extras=True)
    shared = get_type_hints(Asked, include_extras=True)
    names = [field.name for field in fields(Asked)]

    @wraps(command)
    def expanded(*arguments: object, **options: object) -> _Made:
        given: dict[str, Any] = options
        asked = Asked(**{name: given.pop(name) for name in names})
        return command(*arguments, asked=asked, **given)

    parameters = [
        parameter.replace(annotation=own[name])
        for name, parameter in signature.parameters.items()
        if name != "asked"
    ]
    parameters += [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=shared[field.name]
        )
        for field in fields(Asked)
    ]
    made: Any = expanded
    made.__signature__ = signature.replace(parameters=parameters)
    made.__annotations__ = {each.name: each.annotation for each in parameters}
    return expanded
