"""The keys that a landing zone's manifest names.

Every level is optional, in 3.x and in 4.0: the manifest is a free document whose schema AWS does not publish.
https://docs.aws.amazon.com/controltower/latest/userguide/lz-api-launch.html
"""

from collections.abc import Collection, Mapping

from landing_zone_key.records import dataclass


@dataclass(frozen=True, slots=True)
class ManifestKeys:
    """Key ARNs (or whatever form the manifest holds), without duplicates."""

    logging: tuple[str, ...] = ()
    """Keys that CloudTrail or Config encrypt with: these must satisfy the requirements."""
    backup: tuple[str, ...] = ()
    """Keys of the AWS Backup integration only. These must be multi-Region, so they are never judged."""

    @classmethod
    def from_manifest(cls, manifest: object) -> "ManifestKeys":
        """Read a manifest; what is not there, or is no text, names no key."""
        logging = tuple(
            dict.fromkeys(
                key
                for block in ("centralizedLogging", "config")
                if (key := _key_of(manifest, block)) is not None
            )
        )
        backup = _key_of(manifest, "backup")
        return cls(logging, () if backup is None or backup in logging else (backup,))

    def may_log_with(self, names: Collection[str]) -> bool:
        """Whether the key of these names is one of the logging keys; an alias may stand for any key."""
        return any(key in names or "alias/" in key for key in self.logging)


def _key_of(manifest: object, block: str) -> str | None:
    found = manifest
    for level in (block, "configurations", "kmsKeyArn"):
        found = found.get(level) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) and found else None
