"""The landing zone's manifest that settings are taken from: the option's file, or one among the sources."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from landing_zone_key import LandingZone
from landing_zone_key.records import dataclass
from lzkey.errors import SettingsError, SourceError
from lzkey.sources import look_at
from lzkey.sources.subject import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lzkey.sources.manifest import Manifest
    from lzkey.sources.survey import Survey

OPTION: Final = "--landing-zone-manifest"

_PLACE: Final = ("HomeRegion", "ManagementAccountId")
_RIGHT: Final = (
    "what `aws controltower get-landing-zone` prints, the manifest alone, or a Terraform plan or "
    "CloudFormation template that has it"
)


@dataclass(frozen=True, slots=True)
class Search:
    """Where the manifest may be."""

    file: str | None
    """The option's."""
    seen: Survey | None
    """The sources, looked at; None where there is none."""
    stack: Mapping[str, str]
    """CloudFormation parameters."""
    tell: Callable[[str], None]
    """Takes a line for people."""

    def manifest(self, known: Mapping[str, str]) -> Manifest | None:
        """The manifest of the landing zone of which these rule parameters are known.

        Raises SettingsError where the option's file gives none, or two differ.
        """
        given = self._of_file(known)
        found = self._among_sources(known)
        if given is not None:
            for each in found:
                if not given.agrees_with(each):
                    self.tell(f"{each.source} differs from {given.source}, and gives no settings")
            return given
        for one, other in combinations(found, 2):
            if not one.agrees_with(other):
                raise SettingsError(
                    f"{one.source} and {other.source} hold manifests of the landing zone that differ; "
                    f"{OPTION} FILE says which one counts"
                )
        return _together(found)

    def _of_file(self, known: Mapping[str, str]) -> Manifest | None:
        if self.file is None:
            return None
        try:
            seen = look_at(self.file)
        except SourceError as error:
            raise SettingsError(f"{OPTION} {self.file} cannot be read: {error}") from error
        self._place(seen, known)
        if seen.faults:
            raise SettingsError(f"{OPTION}: {seen.faults[0].message}")
        if not seen.manifests:
            if seen.waits:  # for what is missing, which is the error then
                return None
            raise SettingsError(f"{OPTION} {self.file}: it holds no manifest; give {_RIGHT}")
        for one, other in combinations(seen.manifests, 2):
            if not one.agrees_with(other):
                raise SettingsError(f"{OPTION}: {one.source} and {other.source} differ; give one of them")
        made = _together(seen.manifests)
        if made is not None and (contrary := _another(made, known)):
            raise SettingsError(f"{OPTION}: {made.source} is of another landing zone: {contrary}")
        return made

    def _among_sources(self, known: Mapping[str, str]) -> list[Manifest]:
        if self.seen is None:
            return []
        self._place(self.seen, known)
        for fault in self.seen.faults:
            self.tell(fault.message)
        own = []
        for each in self.seen.manifests:
            if other := _another(each, known):
                self.tell(f"{each.source} is of another landing zone, and gives no settings: {other}")
            else:
                own.append(each)
        return own

    def _place(self, seen: Survey, known: Mapping[str, str]) -> None:
        """Read manifests of templates, if it is known where the landing zone is."""
        told = [{**each.parameters, **known} for each in seen.manifests] or [dict(known)]
        place = next((each for each in told if all(map(each.get, _PLACE))), None)
        if place is not None:
            zone = LandingZone(place["HomeRegion"], place["ManagementAccountId"])
            seen.place(Context(zone, None, self.stack))


def differences(manifest: Manifest, given: Mapping[str, str]) -> str:
    """That the governed Regions are given otherwise than the manifest has them; empty where they are not."""
    governed = manifest.governed_regions
    regions = [each.strip() for each in given.get("GovernedRegions", "").split(",") if each.strip()]
    home = given.get("HomeRegion") or manifest.parameters.get("HomeRegion")
    if not regions or not governed or {*regions, home} == {*governed, home}:
        return ""
    given_as, has = ",".join(regions), ",".join(governed)
    return f"GovernedRegions is {given_as}, as given, and not {has}, as {manifest.source} has it"


def _another(manifest: Manifest, known: Mapping[str, str]) -> str:
    """In what the landing zone of a manifest is another than the one that is known; empty where it is not."""
    told = manifest.parameters
    return " and ".join(
        f"its {name} is {told[name]}, and not {known[name]}"
        for name in _PLACE
        if name in told and known.get(name, told[name]) != told[name]
    )


def _together(found: list[Manifest]) -> Manifest | None:
    """The one that tells most, with what others tell beside it."""
    if not found:
        return None
    best = max(found, key=lambda each: (not each.open_parts, each.arn is not None, each.version is not None))
    versions, arns = ([getattr(each, name) for each in found] for name in ("version", "arn"))
    return replace(
        best,
        version=best.version or next(filter(None, versions), None),
        arn=best.arn or next(filter(None, arns), None),
    )
