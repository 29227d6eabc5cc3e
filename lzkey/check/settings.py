"""The landing zone's settings: rule parameters from the command, the environment, a file, or AWS itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import LandingZone
from landing_zone_key import SettingsError as RuleSettingsError
from landing_zone_key.settings import PARAMETERS, KeyScope
from lzkey.errors import ParametersError, SettingsError
from lzkey.files import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REQUIRED: Final = ("HomeRegion", "ManagementAccountId")


def flag(parameter: str) -> str:
    """The option of a rule parameter: `HomeRegion` is `--home-region`."""
    return "--" + "-".join(_words(parameter))


def variable(parameter: str) -> str:
    """Its environment variable: `HomeRegion` is `LZKEY_HOME_REGION`."""
    return "_".join(["LZKEY", *_words(parameter)]).upper()


def _words(parameter: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z][a-z]+", parameter)]


def landing_zone(
    given: Mapping[str, str], file: str | None = None, discover: Callable[[], Mapping[str, str]] | None = None
) -> LandingZone:
    """The landing zone of these rule parameters; the file fills in what is not given, `discover` the rest.

    Raises SettingsError that names every fault, and every way to give what is missing; ParametersError for a
    file that cannot be read.
    """
    parameters = {**(_from_file(file) if file else {}), **given}
    if discover is not None:
        parameters = {**discover(), **parameters}
    try:
        return LandingZone.from_rule_parameters(parameters)
    except RuleSettingsError as error:
        missing = [name for name in REQUIRED if not parameters.get(name)]
        raise SettingsError(f"{error}{_ways_to_give(missing)}") from error


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


def _ways_to_give(missing: list[str]) -> str:
    if not missing:
        return ""
    flags = " and ".join(map(flag, missing))
    variables = " and ".join(map(variable, missing))
    return (
        f". Three ways to give {'it' if len(missing) == 1 else 'them'}: the options {flags}; the environment "
        f"variables {variables}; or --parameters parameters/NAME.json. --discover asks the live landing zone"
    )


def _from_file(named: str) -> dict[str, str]:
    """The rule parameters of a parameters file, or of a file that holds nothing else."""
    path = _path(named)
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


def _path(named: str) -> Path:
    """The file itself, or parameters/NAME.json here or in the checkout that holds this package."""
    path = Path(named)
    if path.suffix == ".json" or path.is_file():
        return path
    folders = [root / "parameters" for root in (Path.cwd(), Path(__file__).resolve().parents[2])]
    for folder in folders:
        if (folder / f"{named}.json").is_file() and "/" not in named:
            return folder / f"{named}.json"
    raise ParametersError(f"there is neither a file {named} nor {folders[0] / named}.json")
