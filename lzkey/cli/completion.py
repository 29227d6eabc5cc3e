"""What a shell may complete values with: from this machine alone, and without waiting for an AWS client.

The script that typer gives bash puts what is offered into the command line as it stands, so that only words
that mean nothing to a shell are. Where nothing is offered, the shell offers files, and quotes them itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from landing_zone_key.settings import KeyScope, PermissionStandard
from lzkey.regions import regions
from lzkey.workplace import here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
_CONFIG: Final = ("AWS_CONFIG_FILE", "~/.aws/config")
_CREDENTIALS: Final = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")

#: `[profile NAME]`, but `[default]`, in the one file, where other sections are no profiles; `[NAME]` in the
#: other. https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
_OF_CONFIG: Final = re.compile(r"^\[\s*(?:profile\s+([^\s\]]+)|(default))\s*\]", re.MULTILINE)
_OF_CREDENTIALS: Final = re.compile(r"^\[\s*([^\s\]]+)\s*\]", re.MULTILINE)


#: Nothing in it is anything to a shell, at its beginning no option either.
_WORD: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@+-]*")


def parameters_files(incomplete: str) -> list[str]:
    """The NAMEs that there are, and the JSON files here; below other folders the shell knows its way."""
    if "/" in incomplete:
        return []
    return _plain({*here().names(), *(path.name for path in Path().glob("*.json"))})


def profiles() -> list[str]:
    """The profiles of the AWS CLI's files."""
    return _plain({*_sections(_CONFIG, _OF_CONFIG), *_sections(_CREDENTIALS, _OF_CREDENTIALS)})


def known_regions() -> list[str]:
    """AWS's Regions."""
    return list(regions())


def lists_of_regions(incomplete: str) -> list[str]:
    """The same, after the comma where there are some already."""
    before = incomplete[: incomplete.rfind(",") + 1]
    return [f"{before}{region}" for region in regions() if region not in before.split(",")]


def key_scopes() -> list[str]:
    """The words; keys may be listed as well."""
    return [KeyScope.ALL.value, KeyScope.LANDING_ZONE.value]


def permission_standards() -> list[str]:
    """All of them."""
    return [standard.value for standard in PermissionStandard]


def _plain(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if _WORD.fullmatch(name))


def _sections(place: tuple[str, str], heading: re.Pattern[str]) -> Iterator[str]:
    variable, usual = place
    try:
        text = Path(os.environ.get(variable) or usual).expanduser().read_text(encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError):  # RuntimeError: nobody has a home here
        return
    yield from (next(filter(None, found.groups())) for found in heading.finditer(text))
