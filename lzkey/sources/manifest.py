"""The landing zone's manifest in a file: it gives settings, and holds no key.

It is what `aws controltower get-landing-zone` prints, that answer's manifest alone, or a resource of a
Terraform plan or state, or of a CloudFormation template. Every member is read as optional.
https://docs.aws.amazon.com/controltower/latest/userguide/lz-api-launch.html
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/controltower_landing_zone
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-controltower-landingzone.html
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError
from landing_zone_key.key import KeyArn
from landing_zone_key.manifest import Delivery, ManifestKeys
from landing_zone_key.records import dataclass
from landing_zone_key.settings import PARAMETERS
from lzkey.aws.landing_zone import shown_manifest
from lzkey.errors import SourceError
from lzkey.sources.cloudformation import is_template, template_of
from lzkey.sources.json_text import decoded
from lzkey.sources.plan import Plan
from lzkey.sources.source import Format, members
from lzkey.sources.subject import Kind, PassedOver, Unread
from lzkey.sources.template import Resolver
from lzkey.sources.terraform import is_plan_or_state
from lzkey.sources.unknown import ABSENT, Unknown, is_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Json
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context

KIND: Final = Kind("landing-zone-manifest")

#: A text without any of these holds no manifest.
MENTIONED: Final = re.compile(
    "governedRegions|centralizedLogging|landingZone|controltower_landing_zone|AWS::ControlTower::LandingZone"
)
_MEMBERS: Final = frozenset(
    {"governedRegions", "centralizedLogging", "securityRoles", "organizationStructure", "accessManagement"}
)
#: Of these, one alone is enough in a file that may be anything.
_TELLING: Final = frozenset({"governedRegions", "centralizedLogging"})

_ARN: Final = re.compile(r"arn:aws[a-z-]*:controltower:([a-z0-9-]+):([0-9]{12}):landingzone/.+")
_RESOURCE: Final = "AWS::ControlTower::LandingZone"
#: The type of a resource, and its argument that is the manifest as JSON.
_TYPES: Final = {
    "aws_controltower_landing_zone": "manifest_json",
    "awscc_controltower_landing_zone": "manifest",
}
_SERVICES: Final = {Delivery.CLOUDTRAIL: "CloudTrail", Delivery.CONFIG: "AWS Config"}
_BACKUP: Final = "backup"

_IS_ONE: Final = "it is the landing zone's manifest: it gives settings"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A landing zone's manifest, as far as its source tells."""

    source: str
    """The file, and the resource in it."""
    content: Mapping[str, Any]
    version: str | None = None
    """The landing zone's."""
    arn: str | None = None
    open_parts: tuple[str, ...] = ()
    """What is known only after deployment."""
    names: tuple[tuple[str, str], ...] = ()
    """The keys of its template: the ARN that stands in for each, and what it is called."""

    @property
    def governed_regions(self) -> tuple[str, ...]:
        """The governed Regions; empty where it does not tell."""
        return tuple(self.content.get("governedRegions") or ())

    @property
    def keys(self) -> ManifestKeys | None:
        """The keys, and what each is for; None where one of them is known only after deployment."""
        return self._keys(self.version)

    @property
    def parameters(self) -> dict[str, str]:
        """The rule parameters that it tells."""
        found = _ARN.fullmatch(self.arn or "")
        place = {"HomeRegion": found[1], "ManagementAccountId": found[2]} if found else {}
        governed = ",".join(self.governed_regions)
        return place | ({"GovernedRegions": governed} if governed else {})

    def agrees_with(self, other: Manifest) -> bool:
        """Whether both give the same settings, as far as each tells."""
        keys, its = self._keys_beside(other), other._keys_beside(self)
        regions = {frozenset(each.governed_regions) for each in (self, other)}
        return (
            len({each.arn for each in (self, other)} - {None}) <= 1
            and (len(regions) == 1 or any("governedRegions" in each.open_parts for each in (self, other)))
            and (keys is None or its is None or _compared(keys) == _compared(its))
        )

    def _keys_beside(self, other: Manifest) -> ManifestKeys | None:
        """The keys; which version it is for, the other one may tell, where its own blocks do not."""
        return self._keys(self.version or (None if Delivery.CONFIG in self.content else other.version))

    def _keys(self, version: str | None) -> ManifestKeys | None:
        is_open = any(part != "governedRegions" for part in self.open_parts)
        return None if is_open else ManifestKeys.from_manifest(self.content, version)

    def _use(self, key: str, keys: ManifestKeys) -> str:
        services = [name for each, name in _SERVICES.items() if (key, each) in keys.uses]
        return f"the logs of {_listed(services)} have {dict(self.names).get(key, key)}"

    def __str__(self) -> str:
        """What it gives, in one line."""
        regions, keys = self.governed_regions, self.keys
        told = [f"governs {_listed(regions)}" if regions else "does not tell which Regions are governed"]
        if keys is not None and not keys.delivers:
            told.append("no logs are delivered")
        elif keys is not None:
            told += [self._use(key, keys) for key in keys.logging] or ["names no KMS key for its logs"]
        told += [f"{part} is known only after deployment" for part in self.open_parts]
        return f"the landing zone's manifest is {self.source}: {'; '.join(told)}"


def manifests(source: Source, document: object, *, named: bool) -> Iterator[Manifest | Unread]:
    """The manifests of a document that is no template."""
    if not isinstance(document, dict) or is_template(document):
        return
    if is_plan_or_state(document):
        yield from _of_plan(source, document)
    elif is_manifest(document, named=named):
        yield _of_answer(source, document)


def manifests_of_template(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[Manifest | Unread]:
    """Those of the resources of a template, where it is deployed."""
    template = template_of(source, document, context)
    for name, resource in template.resources.items():
        if members(resource, "Type") != _RESOURCE:
            continue
        resolver, path = Resolver(template), ("Resources", name, "Properties")
        if resolver.is_there(resource) is False:
            continue
        properties = resolver.value(resource.get("Properties", {}), path)
        if isinstance(properties, dict):
            made = _made(source, name, properties.get("Manifest"), properties.get("Version"), None)
            keys = tuple((str(arn), key) for key, arn in template.keys.items())
            yield replace(made, names=keys) if isinstance(made, Manifest) else made
        else:
            yield _made(source, name, Unknown(), None, None)


def is_manifest(document: dict[str, Any], *, named: bool) -> bool:
    """Tell whether it is a manifest, or what Control Tower answers or takes with one in it."""
    if isinstance(document.get("landingZone"), dict):
        return bool({"manifest", "arn"} & document["landingZone"].keys())
    inner = decoded(document.get("manifest"))
    if isinstance(inner, dict):
        arn = document.get("arn")
        return bool(_MEMBERS & inner.keys()) or (isinstance(arn, str) and _ARN.fullmatch(arn) is not None)
    return bool((_MEMBERS if named else _TELLING) & document.keys())


def manifest_passed_over(
    source: Source, document: dict[str, Any], _context: Context
) -> Iterator[PassedOver | Unread]:
    """No key, but where it is not as it should be, somebody wants to know."""
    found = _of_answer(source, document)
    yield found if isinstance(found, Unread) else PassedOver(source.place(KIND), _IS_ONE)


def _of_answer(source: Source, document: dict[str, Any]) -> Manifest | Unread:
    """GetLandingZone's answer, what UpdateLandingZone takes, or the manifest alone."""
    answer = members(document, "landingZone") or document
    if "manifest" not in answer and answer is document:
        return _made(source, "", document, None, None)
    return _made(source, "", answer.get("manifest"), answer.get("version"), answer.get("arn"))


def _of_plan(source: Source, document: dict[str, Any]) -> Iterator[Manifest | Unread]:
    for resource in Plan(document).resources:
        if name := _TYPES.get(resource.type):
            known = {each: resource.value(each) for each in (name, "version", "arn")}
            yield _made(source, resource.address, known[name], known["version"], known["arn"])


def _made(source: Source, pointer: str, content: Json, version: Json, arn: Json) -> Manifest | Unread:
    """The manifest, if its members are what they must be."""
    name = f"{source.name} {pointer}".rstrip()
    try:
        shown = _content(content, version)
        open_parts = (*_open_regions(shown), *_open_keys(shown))
        told = [_text_of(each) for each in (version, arn)]
        _require_arn(told[1])
    except SourceError as error:
        why = f"{name}: the landing zone's manifest gives no settings: {error}"
        return Unread(source.place(KIND, (), pointer), why)
    if "governedRegions" in open_parts:
        shown = {member: value for member, value in shown.items() if member != "governedRegions"}
    return Manifest(name, shown, told[0], told[1], open_parts)


def _content(content: Json, version: Json) -> Mapping[str, Any]:
    if isinstance(content, Unknown):
        raise SourceError(_known_later("it"))
    if content in (None, ABSENT):
        raise SourceError("it is not there")
    found = decoded(content)
    shown = shown_manifest(found, version)
    if shown is None:
        raise SourceError("it is empty" if found == {} else f"it is {_shown(content)}, and must be an object")
    return shown


def _require_arn(text: str | None) -> None:
    if text is not None and not _ARN.fullmatch(text):
        raise SourceError(f"arn is {_shown(text)}, and must be the ARN of a landing zone")


def _open_regions(content: Mapping[str, Any]) -> Iterator[str]:
    """Require a list of Regions; its name, where not all of it is known."""
    found = content.get("governedRegions")
    if not is_known(found):
        yield "governedRegions"
    elif found is not None and not (isinstance(found, list) and all(map(_is_region, found))):
        raise SourceError(f"governedRegions is {_shown(found)}, and must be a list of Regions")


def _open_keys(content: Mapping[str, Any]) -> Iterator[str]:
    """Require the ARNs of keys; the names of those that are not known."""
    for block in (*Delivery, _BACKUP):
        key, name = _key(content, block), f"{block}.configurations.kmsKeyArn"
        if isinstance(key, Unknown):
            yield name
        elif key and not (isinstance(key, str) and _is_key(key)):
            raise SourceError(f"{name} is {_shown(key)}, and must be the ARN of a KMS key")


def key_fault(content: Mapping[str, Any]) -> str:
    """What of a manifest's keys is not as it must be; empty where nothing is."""
    try:
        list(_open_keys(content))
    except SourceError as error:
        return str(error)
    return ""


def _key(content: Json, block: str) -> Json:
    """The key of a block; None where there is none."""
    path = (block, "configurations", "kmsKeyArn")
    for index, step in enumerate(path):
        if isinstance(content, Unknown) or content is None:
            return content
        if not isinstance(content, dict):
            raise SourceError(f"{'.'.join(path[:index])} is {_shown(content)}, and must be an object")
        content = content.get(step)
    return content


def _is_region(value: object) -> bool:
    return isinstance(value, str) and "," not in value and bool(PARAMETERS["HomeRegion"].accepts(value))


def _is_key(text: str) -> bool:
    try:
        KeyArn.parse(text)
    except KeyDataError:
        return "alias/" in text
    return True


def _compared(keys: ManifestKeys) -> tuple[object, ...]:
    return frozenset(keys.uses), keys.delivers, keys.backup


def _text_of(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _known_later(what: str) -> str:
    return f"{what} is known only after deployment; --landing-zone-manifest FILE gives it"


def _shown(value: object) -> str:
    return json.dumps(value, default=repr)[:80]


FORMATS: Final = (
    Format(KIND, lambda document, named: is_manifest(document, named=named), manifest_passed_over),
)
