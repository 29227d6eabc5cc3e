"""What somebody has named: a file, or a live key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

#: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
_LIVE_KEY: Final = re.compile(
    r"arn:[a-z-]+:kms:.*|alias/.+|mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


def is_file(target: str) -> bool:
    """Whether a KEY|FILE is a file, a folder, or standard input."""
    return target == "-" or Path(target).exists()


def is_key(target: str) -> bool:
    """Whether it reads as the ARN, id or alias of a key, and is no file."""
    return not is_file(target) and _LIVE_KEY.fullmatch(target) is not None
