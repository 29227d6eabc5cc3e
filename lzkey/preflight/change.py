"""The change that is planned, applied to the landing zone as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.manifest import Delivery, ManifestKeys
from landing_zone_key.settings import KeyScope
from lzkey.errors import UsageError
from lzkey.preflight.model import Configuration, numbers
from lzkey.regions import fault_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Since this version the logs of CloudTrail and those of AWS Config have a bucket and a key each.
#: https://docs.aws.amazon.com/controltower/latest/userguide/config-updates-v4.html
SPLIT: Final = 4

_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
#: https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
_UNIT: Final = re.compile(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of the landing zone; without any of it, it is a plain update."""

    version: str | None = None
    """The landing zone version; None: the latest that is known, or the present one."""
    logging_key: str | None = None
    """For CloudTrail's logs, and before 4.0 for those of AWS Config, too."""
    config_key: str | None = None
    """For the logs of AWS Config, since 4.0."""
    regions: tuple[str, ...] = ()
    """To be governed as well."""
    accounts: tuple[str, ...] = ()
    """To be enrolled."""
    unit: str | None = None
    """The organizational unit to be registered, or registered again."""

    def require_sensible(self, *, any_region: bool = False) -> None:
        """Raise UsageError that names every fault of what was asked for."""
        faults = list(self._faults(any_region=any_region))
        if faults:
            raise UsageError("; ".join(faults))

    def _faults(self, *, any_region: bool) -> Iterator[str]:
        if self.version is not None and not numbers(self.version):
            yield f"--landing-zone-version {self.version!r} is no version such as 4.0"
        yield from (
            f"--add-region {fault}"
            for region in self.regions
            if not any_region and (fault := fault_of(region))
        )
        yield from (
            f"--enroll {account!r} is no account: 12 digits are"
            for account in self.accounts
            if not _ACCOUNT.fullmatch(account)
        )
        if "" in (self.logging_key, self.config_key):
            yield "a key is named by its ARN, id or alias, and not by an empty text"
        if self.unit is not None and not _UNIT.fullmatch(self.unit):
            yield f"--organization-unit {self.unit!r} is no id of a unit, such as ou-ab12-11111111"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it names, each once."""
        return tuple(dict.fromkeys(filter(None, (self.logging_key, self.config_key))))

    def with_keys(self, named: Mapping[str, str]) -> Change:
        """The same with the ARNs of these keys in place of their names."""
        logging, config = (
            None if key is None else named.get(key, key) for key in (self.logging_key, self.config_key)
        )
        return replace(self, logging_key=logging, config_key=config)

    def version_after(self, present: str | None, latest: str | None) -> str | None:
        """The version that the update is to: from 3.1 on whoever updates chooses one, and may stay.

        https://docs.aws.amazon.com/controltower/latest/userguide/lz-version-selection.html
        """
        return self.version or latest or present

    def applied(self, before: Configuration, latest: str | None = None) -> Configuration:
        """How the landing zone is set up after the change.

        Raises UsageError for a key of AWS Config's own before 4.0, and for one that no logs would have.
        """
        version = self.version_after(before.version, latest)
        manifest = self._manifest(before, version)
        zone = replace(
            before.zone,
            governed_regions=_with(before.zone.governed_regions, self.regions),
            accounts=_with(before.zone.accounts, self.accounts),
            manifest_keys=None if manifest is None else ManifestKeys.from_manifest(manifest, version),
            # Control Tower asks neither for a scope nor for what foreign requests would be refused.
            key_scope=KeyScope.ALL,
            listed_keys=(),
            require_confused_deputy_protection=False,
        )
        return Configuration(zone, manifest, version, self.accounts)

    def _manifest(self, before: Configuration, version: str | None) -> Mapping[str, Any] | None:
        """The manifest after the change; None where nobody knows the one before, and no key is given."""
        if before.manifest is None and not self.keys:
            return None
        made: dict[str, Any] = deepcopy(dict(before.manifest or {}))
        is_split = numbers(version) >= (SPLIT,) if version else bool(made.get(Delivery.CONFIG))
        self._require_use(before, version, is_split=is_split)
        if self.logging_key or before.manifest is None:
            _set_key(made, Delivery.CLOUDTRAIL, self.logging_key or self.config_key)
        if is_split and _delivers(before, Delivery.CONFIG):
            own = self.config_key or before.key_of(Delivery.CONFIG)
            _set_key(made, Delivery.CONFIG, own or (self.logging_key if before.manifest is None else None))
        if is_split and _delivers(before, Delivery.CLOUDTRAIL):
            _set_key(made, Delivery.CLOUDTRAIL, None)  # without a block it would be off, since 4.0
        return made

    def _require_use(self, before: Configuration, version: str | None, *, is_split: bool) -> None:
        """Raise UsageError for a key that would not be judged, as the logs that it is for have none."""
        uses = {Delivery.CLOUDTRAIL: self.logging_key, Delivery.CONFIG: self.config_key}
        for key in self.keys:
            if is_split and not any(each == key and _delivers(before, use) for use, each in uses.items()):
                raise UsageError(
                    f"no logs would be encrypted with {key}: the manifest has what it is for off"
                )
        if self.config_key not in (None, self.logging_key) and not is_split:
            instead = f"in {version} one key is for both logs, and --key gives it"
            if version is None:
                instead = "which one there is, is not known; --landing-zone-version gives it"
            raise UsageError(f"--config-key is for landing zone {SPLIT}.0 and later: {instead}")


def resolved(before: Configuration, named: Mapping[str, str]) -> Configuration:
    """The landing zone as it is, with the ARNs of these keys in place of their names in its manifest."""
    if before.manifest is None:
        return before
    manifest = deepcopy(dict(before.manifest))
    for block in Delivery:
        name = _object(_object(manifest.get(block)).get("configurations")).get("kmsKeyArn")
        if isinstance(name, str) and name in named:
            _set_key(manifest, block, named[name])
    return Configuration(before.zone.with_manifest(manifest, before.version), manifest, before.version)


def splits(before: Configuration, after: Configuration) -> bool:
    """Whether the logs of AWS Config get a bucket of their own by it, as by the update to 4.0."""
    crosses = before.major is not None and after.major is not None and before.major < SPLIT <= after.major
    return crosses and (after.keys is None or Delivery.CONFIG in after.keys.delivers)


def _with(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """What is known and more, each once; empty, which stands for any, where nothing is known."""
    return tuple(dict.fromkeys((*known, *more))) if known else ()


def _delivers(before: Configuration, delivery: Delivery) -> bool:
    """Whether a service delivers; where nobody has read the manifest, it does."""
    return before.keys is None or delivery in before.keys.delivers


def _set_key(manifest: dict[str, Any], delivery: Delivery, key: str | None) -> None:
    """Let a block of the manifest name this key; without one it is there, and names what it named."""
    block = manifest[delivery] = _object(manifest.get(delivery))
    configurations = block["configurations"] = _object(block.get("configurations"))
    if key is not None:
        configurations["kmsKeyArn"] = key


def _object(value: object) -> dict[str, Any]:
    """A copy of an object; of what is none, as a manifest may hold anything, an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}
