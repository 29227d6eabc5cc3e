"""What a query costs: before it runs at most so much, and after it as Athena tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.figures import counted as number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.athena import WorkGroup
    from lzkey.history.athena.coverage import Coverage

#: US dollars for a TB that is scanned, in most Regions, and when AWS's page said so; others cost more.
#: https://aws.amazon.com/athena/pricing/
PRICE: Final = 5
AS_OF: Final = "2025"
#: The page does not say which TB it means: of the two the smaller one, for which more is paid.
_TB: Final = 10**12

#: What a query is charged for at least, and to what it is rounded up. The same page.
LEAST: Final = 10 << 20
_STEP: Final = 1 << 20

_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB", "PB")
_NEXT: Final = 1024
_CENT: Final = 0.01
#: From here on no digit after the point.
_MANY: Final = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a query would scan at most."""

    coverage: Coverage
    group: WorkGroup
    unused: tuple[str, ...] = ()
    """Partition keys of which all values are looked at."""

    def sentences(self) -> Iterator[str]:
        """What is to be known before it runs."""
        found = self.coverage
        counted = f"{size(found.size)} in {number_of(found.objects, 'object')}"
        if found.unknown:
            yield from found.unknown
            yield (
                f"how much it scans is not known: {counted} were counted, these alone {_priced(found.size)}"
            )
        else:
            yield (f"it scans {counted} at most: {_priced(found.size)}")
        if self.unused:
            named = ", ".join(self.unused)
            yield f"all values of the partition key {named} are looked at, which nobody documents"
        cutoff = self.group.cutoff
        if cutoff is None:
            yield f"the work group {self.group.name} does not limit what a query scans"
        else:
            yield f"the work group {self.group.name} cancels a query that has scanned {size(cutoff)}"


def told_after(scanned: int) -> str:
    """What it has cost."""
    return f"it scanned {size(scanned)}: {_priced(scanned)}"


def size(number: int) -> str:
    """A number of bytes, as Athena counts them: 1 KB is 1,024 bytes."""
    value, unit = float(number), 0
    while value >= _NEXT and unit < len(_UNITS) - 1:
        value, unit = value / _NEXT, unit + 1
    return f"{value:,.0f} {_UNITS[unit]}" if unit == 0 or value >= _MANY else f"{value:,.1f} {_UNITS[unit]}"


def cost(number: int) -> float:
    """US dollars for so many bytes, in most Regions."""
    charged = max(LEAST, -(-number // _STEP) * _STEP)
    return charged / _TB * PRICE


def _priced(number: int) -> str:
    dollars = cost(number)
    shown = f"about USD {dollars:,.2f}" if dollars >= _CENT else "less than USD 0.01"
    return f"{shown} (USD {PRICE} a TB in most Regions, as of {AS_OF})"
