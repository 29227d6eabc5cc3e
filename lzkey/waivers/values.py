"""Waivers as values, and how each of them stands beside a key on the day of an answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass
from lzkey.errors import WaiversError
from lzkey.figures import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Waived:
    """Who has decided that a problem need not be mended yet, and until when."""

    reason: str
    owner: str
    expires: date
    """The last day on which it counts, in UTC."""
    days_left: int
    """0 on its last day; less: it has expired, and counts no more."""

    @property
    def in_force(self) -> bool:
        """Whether it counts."""
        return self.days_left >= 0

    def __str__(self) -> str:
        """For people, after the problem that it is about."""
        if self.in_force:
            left = counted(self.days_left, "day")
            return f"waived until {self.expires}, {left} left, owner {self.owner}: {self.reason}"
        ago = counted(-self.days_left, "day")
        return f"waiver expired {ago} ago, on {self.expires}, owner {self.owner}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """That a key need not meet one requirement, up to a day."""

    key: str
    """The key's ARN."""
    requirement: str
    reason: str
    owner: str
    expires: date
    """The last day on which it counts, in UTC."""
    line: int
    """Where it stands in its file."""

    def on(self, day: date) -> Waived:
        """How it stands on a day."""
        return Waived(self.reason, self.owner, self.expires, (self.expires - day).days)


@dataclass(frozen=True, slots=True)
class Waivers:
    """All waivers of a file: of a key and a requirement there is at most one."""

    source: str
    """The file's name, as it was given."""
    text: str
    """What it holds."""
    all: tuple[Waiver, ...] = ()

    def unknown(self, keys: Collection[str]) -> list[Waiver]:
        """Those for another key than these."""
        return [waiver for waiver in self.all if waiver.key not in keys]

    def require_known(self, keys: Collection[str]) -> None:
        """Raise WaiversError where there are some for other keys than those that were judged."""
        if unknown := self.unknown(keys):
            raise faulty(
                self.source,
                [
                    f"{self.source}:{each.line}: {each.key} is not among the keys that were judged: "
                    "remove the waiver, or mend its ARN"
                    for each in unknown
                ],
            )


NO_WAIVERS: Final = Waivers("", "")
#: So many are told of one file, which nobody mends by hand where it has more.
MOST_FAULTS: Final = 100


class Standing(IntEnum):
    """How a waived requirement stands with a key; of several sources of one key the greatest counts."""

    NOT_JUDGED = 0
    MET = 1
    UNKNOWN = 2
    FAILING = 3
    """It fails, or may."""


@dataclass(slots=True)
class Use:
    """Waivers on the day of an answer, and what has come of each as keys are shown to it."""

    waivers: Waivers
    at: datetime
    _by_key: Mapping[str, list[Waiver]] = field(init=False)
    _standing: dict[Waiver, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put together those of each key."""
        self._by_key = defaultdict(list)
        for waiver in self.waivers.all:
            self._by_key[waiver.key].append(waiver)

    def __contains__(self, arn: object) -> bool:
        """Whether there is a waiver for a key."""
        return arn in self._by_key

    def of(self, arn: str, stands: Callable[[str], Standing]) -> dict[str, Waived]:
        """The waivers of what fails in a key, by requirement, in force or not."""
        found = {}
        for waiver in self._by_key.get(arn, ()):
            standing = stands(waiver.requirement)
            self._standing[waiver] = max(standing, self._standing.get(waiver, standing))
            if standing is Standing.FAILING:
                found[waiver.requirement] = waiver.on(self.at.astimezone(UTC).date())
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing of waivers that no key needs, a sentence each."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        for waiver, standing in self._standing.items():
            if standing is Standing.MET:
                yield f"{waiver.requirement} of {waiver.key} is met: the waiver can be removed"
            elif standing is Standing.NOT_JUDGED:
                yield f"{waiver.requirement} is not asked of {waiver.key}: the waiver can be removed"
            elif standing is Standing.UNKNOWN:
                yield f"whether {waiver.requirement} of {waiver.key} is met is UNKNOWN, which is not waived"

    @property
    def is_mistaken(self) -> bool:
        """Whether a waiver is for a key that was not among those that came."""
        return bool(self.waivers.unknown(self._keys))

    def require_known(self) -> None:
        """Raise WaiversError for waivers of keys that were not among those that came."""
        self.waivers.require_known(self._keys)

    @property
    def _keys(self) -> set[str]:
        return {waiver.key for waiver in self._standing}


def faulty(source: str, faults: list[str]) -> WaiversError:
    """One error for all faults of a file, a line each; of very many the first, and how many more."""
    more = len(faults) - MOST_FAULTS
    told = [*faults[:MOST_FAULTS], *([f"and {more:,} more"] if more > 0 else [])]
    return WaiversError("\n  ".join([f"{source}: {counted(len(faults), 'fault')}:", *told]))
