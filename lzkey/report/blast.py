"""What depends on the landing zone's keys, and on the former ones, by what the report has observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.aws.standing import UNTOLD, Standing
from lzkey.observed.blast import blast_radius, survey
from lzkey.observed.values import CLOUDTRAIL, CONFIG

if TYPE_CHECKING:
    from lzkey.observed.blast import BlastRadius
    from lzkey.report.model import Report


def blast_radii(report: Report) -> tuple[BlastRadius, ...]:
    """Of each key that the landing zone's manifest names, then of each former one, as the report was made."""
    zone, found, now = report.landing_zone, report.observed, report.as_of
    seen = survey(found) if found else None
    standings = {one.arn: one for one in found.standings} if found else {}
    uses = ((CLOUDTRAIL, zone.cloudtrail_keys), (CONFIG, zone.config_keys))
    own = (
        blast_radius(
            standings.get(key, Standing(key, UNTOLD)),
            seen,
            now,
            tuple(service for service, keys in uses if key in keys),
        )
        for key in zone.keys
    )
    former = (blast_radius(key, seen, now, key.services, former=True) for key in zone.former_keys)
    return (*own, *former)
