"""The ARN of a key that has none yet: a template's, a plan's, or that of a bare policy."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from landing_zone_key.key import KeyArn

if TYPE_CHECKING:
    from lzkey.sources.subject import Context

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}


def partition_of(region: str) -> str:
    """Return the partition of a Region."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def stand_in_arn(
    name: str,
    context: Context,
    *,
    region: str | None = None,
    account: str | None = None,
    multi_region: bool = False,
) -> KeyArn:
    """Return an ARN for what is called `name`, always the same: by default in the landing zone's place.

    The id is in the form of a key id, and that of no key: a policy that names a key means another one.
    """
    region, account = region or context.zone.home_region, account or context.zone.management_account_id
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:12]
    key_id = f"mrk-{digest:0>32}" if multi_region else f"00000000-0000-0000-0000-{digest}"
    return KeyArn(partition_of(region), region, account, key_id)
