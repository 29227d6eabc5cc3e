"""The keys that a landing zone's manifest names, and what it delivers with them.

Every level is read as optional, in 3.x and in 4.0: the API has the manifest as a free document, of whose
versions AWS publishes the schemas of some, from 3.1 on.
https://docs.aws.amazon.com/controltower/latest/userguide/landing-zone-schemas.html

Since 4.0 the logs of CloudTrail and those of AWS Config have a bucket each, which admits the one service
alone, and a key each; before, one key is for both, and AWS Config delivers in any case. An integration may be
off.
https://docs.aws.amazon.com/controltower/latest/userguide/logging-s3-audit-bucket.html
https://docs.aws.amazon.com/controltower/latest/userguide/key-changes-lz-v4.html
"""

from collections.abc import Collection, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from landing_zone_key.records import dataclass


class Delivery(StrEnum):
    """What encrypts with a logging key, by the manifest's block for it in 4.0."""

    CLOUDTRAIL = "centralizedLogging"
    CONFIG = "config"


BOTH: Final = frozenset(Delivery)
_SPLIT: Final = 4


@dataclass(frozen=True, slots=True)
class ManifestKeys:
    """Key ARNs (or whatever form the manifest holds), without duplicates."""

    logging: tuple[str, ...] = ()
    """Keys that CloudTrail or Config encrypt with: these must satisfy the requirements."""
    backup: tuple[str, ...] = ()
    """Keys of the AWS Backup integration only. These must be multi-Region, so they are never judged."""
    uses: tuple[tuple[str, Delivery], ...] = field(default=(), compare=False)
    """A logging key, and what encrypts with it; one for each use."""
    delivers: frozenset[Delivery] = field(default=BOTH, compare=False)
    """What is on; both where the manifest does not tell."""
    accounts: tuple[tuple[Delivery, str], ...] = field(default=(), compare=False)
    """What is delivered, and the account that has the bucket for it, where the manifest tells."""

    @classmethod
    def from_manifest(cls, manifest: object, version: object = None) -> "ManifestKeys":
        """Read a manifest; what is not there, or is no text, names no key.

        `version` is the landing zone's, such as 4.0; without it a block for AWS Config tells.
        """
        split = _is_split(manifest, version)
        central, own = _key_of(manifest, Delivery.CLOUDTRAIL), _key_of(manifest, Delivery.CONFIG)
        keys = {Delivery.CLOUDTRAIL: central, Delivery.CONFIG: own if split else central}
        delivers = frozenset(each for each in Delivery if _is_on(manifest, each, split=split))
        uses = tuple((key, each) for each, key in keys.items() if key is not None and each in delivers)
        logging = tuple(dict.fromkeys(key for key, _ in uses))
        backup = _key_of(manifest, "backup")
        owners = {each: each if split else Delivery.CLOUDTRAIL for each in Delivery}
        accounts = tuple(
            (each, account)
            for each, block in owners.items()
            if (account := _text(_block(manifest, block).get("accountId"))) is not None
        )
        backups = () if backup is None or backup in logging else (backup,)
        return cls(logging, backups, uses, delivers, accounts)

    def account_of(self, delivery: Delivery) -> str | None:
        """The account that has the bucket for it; None where the manifest does not tell."""
        return dict(self.accounts).get(delivery)

    def may_log_with(self, names: Collection[str]) -> bool:
        """Whether the key of these names is one of the logging keys; an alias may stand for any key."""
        return any(key in names or "alias/" in key for key in self.logging)

    def uses_of(self, names: Collection[str]) -> frozenset[Delivery]:
        """What encrypts with the key of these names; both where that is not known, as of any other key."""
        if any("alias/" in key for key in self.logging):
            return BOTH
        return frozenset(each for key, each in self.uses if key in names) or BOTH


def _is_split(manifest: object, version: object) -> bool:
    major = version.partition(".")[0] if isinstance(version, str) else ""
    return int(major) >= _SPLIT if major.isdecimal() else bool(_block(manifest, Delivery.CONFIG))


def _is_on(manifest: object, delivery: Delivery, *, split: bool) -> bool:
    """Whether an integration is on; before 4.0 only the organization's trail can be off."""
    if not isinstance(manifest, Mapping) or (not split and delivery is Delivery.CONFIG):
        return True
    block = _block(manifest, delivery)
    return block.get("enabled", True) is not False and (bool(block) or not split)


def _block(manifest: object, name: str) -> Mapping[str, object]:
    found = manifest.get(name) if isinstance(manifest, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _key_of(manifest: object, block: str) -> str | None:
    configurations = _block(manifest, block).get("configurations")
    return _text(configurations.get("kmsKeyArn")) if isinstance(configurations, Mapping) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
