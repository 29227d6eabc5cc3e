"""Lambda's Python runtimes and the days on which AWS deprecates them.

After that day a runtime gets no security patches; later functions can no longer be created, then no longer be
updated with it. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, November 2026.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPRECATED_ON: Final[Mapping[str, date]] = {
    "python3.7": date(2023, 12, 4),
    "python3.8": date(2024, 10, 14),
    "python3.9": date(2025, 12, 15),
    "python3.10": date(2026, 10, 31),
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}
