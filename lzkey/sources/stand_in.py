"""The ARN of a key that has none yet: a template's, a plan's, or that of a bare policy."""

from __future__ import annotations

from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from landing_zone_key.key import KeyArn, partition_of

if TYPE_CHECKING:
    from lzkey.sources.subject import Context

_NO_ID: Final = "00000000-0000-0000-0000-"
_NO_MULTI_REGION_ID: Final = f"mrk-{'0' * 20}"


def may_be_named(text: str, arn: KeyArn) -> bool:
    """Tell whether who names a key may mean the one that a stand-in is for: it may be there already."""
    place, named, key_id = text.partition(":key/")
    own_place, _, own_id = str(arn).partition(":key/")
    another = bool(named) and not key_id.startswith((_NO_ID, _NO_MULTI_REGION_ID))
    return another and fnmatchcase(own_place, place) and not fnmatchcase(own_id, key_id)


def stand_in_arn(
    name: str,
    context: Context,
    *,
    region: str | None = None,
    account: str | None = None,
    multi_region: bool = False,
) -> KeyArn:
    """Return an ARN for what is called `name`, always the same: by default in the landing zone's place.

    The id is in the form of a key id, and that of no key.
    """
    region, account = region or context.zone.home_region, account or context.zone.management_account_id
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:12]
    key_id = f"{_NO_MULTI_REGION_ID}{digest}" if multi_region else f"{_NO_ID}{digest}"
    return KeyArn(partition_of(region), region, account, key_id)
