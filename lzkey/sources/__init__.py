"""KMS keys from wherever they are described: files, templates, plans, snapshots, or the live account.

The readers, and what they need (boto3, PyYAML), are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from lzkey.aws.keys import key, key_aliases, key_arns, key_policy, key_tags
from lzkey.aws.landing_zone import landing_zone_arn, landing_zone_detail
from lzkey.aws.objects import listed, stream
from lzkey.aws.organization import members, organization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    import boto3

    from lzkey.aws.witness import Witness
    from lzkey.sources.input import Input
    from lzkey.sources.selection import Selection
    from lzkey.sources.subject import Context, Declared, FoundKey, PassedOver, Unit, Unread
    from lzkey.sources.survey import Survey
    from lzkey.sources.walk import Remote

__all__ = [
    "ALL_KEYS",
    "DISCOVERY",
    "KEYS",
    "OBJECTS",
    "SETTINGS",
    "discover",
    "keys_in",
    "live",
    "look",
    "look_at",
    "objects",
    "todays_accounts",
    "units",
]

#: The facts that it takes to read keys, to list all first, to read objects, to discover the landing zone, and
#: its accounts.
KEYS: Final = (key, key_policy, key_tags)
ALL_KEYS: Final = (key_arns, key_aliases, *KEYS)
OBJECTS: Final = (listed, stream)
SETTINGS: Final = (landing_zone_arn, landing_zone_detail, organization)
DISCOVERY: Final = (*SETTINGS, members)


def look(
    sources: Sequence[str], stdin: Input, *, ignore: Sequence[str] = (), parameters: bool = False
) -> Survey:
    """Look at sources before their keys are read; see `lzkey.sources.survey`."""
    from lzkey.sources import survey  # noqa: PLC0415 - as the module says

    return survey.look(sources, stdin, ignore=ignore, parameters=parameters)


def look_at(file: str) -> Survey:
    """Look at one file; see `lzkey.sources.survey`. Raises SourceError."""
    from lzkey.sources import survey  # noqa: PLC0415 - as the module says

    return survey.look_at(file)


def units(
    sources: Sequence[str],
    *,
    stdin: BinaryIO,
    named: bool = True,
    ignore: Sequence[str] = (),
    remote: Remote | None = None,
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    """Read files, folders and `-`, standard input; see `lzkey.sources.walk`. Raises SettingsError."""
    from lzkey.sources import walk  # noqa: PLC0415 - as the module says

    return walk.units(sources, stdin=stdin, named=named, ignore=ignore, remote=remote)


def objects(session: Callable[[], boto3.Session], selection: Selection) -> Remote:
    """What reads objects of Amazon S3 for `units`; see `lzkey.sources.s3`."""
    made: Remote = import_module(f"{__name__}.s3").Objects(session, selection)
    return made


def keys_in(
    sources: Sequence[str], context: Context, *, stdin: BinaryIO
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Read the keys of files, folders and `-`; see `lzkey.sources.walk`. Raises SettingsError."""
    from lzkey.sources import walk  # noqa: PLC0415 - as the module says

    return walk.keys_in(sources, context, stdin=stdin)


def live(
    session: boto3.Session,
    context: Context,
    *,
    keys: Sequence[str] | None = None,
    landing_zone: bool = False,
    witness: Witness | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[FoundKey | Unread]:
    """Read the keys of the live account; see `lzkey.sources.account`. Raises LiveError."""
    from lzkey.sources import account  # noqa: PLC0415 - as the module says

    return account.live(session, context, keys=keys, landing_zone=landing_zone, witness=witness, tell=tell)


def discover(session: boto3.Session) -> dict[str, str]:
    """Rule parameters as the live landing zone tells them. Raises LiveError."""
    from lzkey.sources import account  # noqa: PLC0415 - as the module says

    return account.discover(session)


def todays_accounts(session: boto3.Session) -> tuple[str, ...]:
    """The organization's active accounts, where they may be listed. Raises LiveError."""
    from lzkey.sources import account  # noqa: PLC0415 - as the module says

    return account.todays_accounts(session)
