"""KMS keys from wherever they are described: files, templates, plans, snapshots, or the live account.

The readers, and what they need (boto3, PyYAML), are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.sources.permissions import PERMISSIONS, Permission

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    import boto3

    from lzkey.sources.subject import Context, FoundKey, PassedOver, Unit, Unread

__all__ = ["PERMISSIONS", "Permission", "discover", "live", "units"]


def units(
    sources: Sequence[str], *, stdin: BinaryIO, named: bool = True
) -> Iterator[Unit | Unread | PassedOver]:
    """Read files, folders and `-`, standard input; see `lzkey.sources.walk`."""
    from lzkey.sources import walk  # noqa: PLC0415 - as the module says

    return walk.units(sources, stdin=stdin, named=named)


def live(
    session: boto3.Session,
    context: Context,
    *,
    keys: Sequence[str] | None = None,
    landing_zone: bool = False,
) -> Iterator[FoundKey | Unread]:
    """Read the keys of the live account; see `lzkey.sources.account`. Raises LiveError."""
    from lzkey.sources import account  # noqa: PLC0415 - as the module says

    return account.live(session, context, keys=keys, landing_zone=landing_zone)


def discover(session: boto3.Session) -> dict[str, str]:
    """Return rule parameters as the live landing zone tells them. Raises LiveError."""
    from lzkey.sources import account  # noqa: PLC0415 - as the module says

    return account.discover(session)
