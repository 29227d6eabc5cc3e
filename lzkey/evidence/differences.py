"""What differs in a pack, as values: what its files say, and what comes out when it is done again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from lzkey.evidence.engine import this_engine
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from landing_zone_key import LandingZone
    from lzkey import Json
    from lzkey.evidence.checking import Checked
    from lzkey.evidence.engine import Engine
    from lzkey.sources.subject import FoundKey

#: Characters at most of what a sentence quotes.
_SHOWN: Final = 160
#: In place of a member that is not there; null is one.
_NONE: Final = object()


class Kind(StrEnum):
    """What a difference is about."""

    FILE = "file"
    """A file is not what the manifests say, or not what a pack has."""
    VERDICT = "verdict"
    """This engine would say otherwise of a key."""
    CONTENT = "content"
    """Two files of the pack contradict each other, or one is not what follows from another."""
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs."""

    kind: Kind
    path: str
    """The file of the pack that it stands in."""
    detail: str
    """A sentence, with nothing in it that would drive a terminal."""

    def __str__(self) -> str:
        """For people."""
        return f"{self.path}: {self.detail}"


class Again(NamedTuple):
    """A key in full whose verdict was proved again."""

    found: FoundKey
    entry: Mapping[str, Json]
    """Of verdicts.json."""
    verdict: Mapping[str, Json]
    """What this engine says, as `lzkey check` writes it."""


@dataclass(slots=True)
class Opened:
    """A pack whose files are being looked at, and what was found of them until now."""

    checked: Checked
    kind: str
    at: datetime
    zone: LandingZone | None
    made_by: Engine
    caller: str
    notes: tuple[str, ...]
    signed_by: Json = None
    """Who signs it, as its own contents say; None: it was not to be signed."""
    differences: list[Difference] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What cannot be said, a sentence each."""
    remarks: list[str] = field(default_factory=list)
    """What is worth knowing and no difference."""
    again: list[Again] = field(default_factory=list)
    recorded: int = 0
    """Keys that are told of and cannot be proved again."""
    unanswered: int = 0
    """Keys in full that no answer of AWS lies beside: a file told of them."""

    def differ(self, kind: Kind, path: str, detail: str) -> None:
        """Remember a difference."""
        self.differences.append(Difference(kind, path, one_line(detail)))

    def contradict(self, path: str, detail: str) -> None:
        """Remember that a file contradicts another, or what follows from one."""
        self.differ(Kind.CONTENT, path, detail)

    def does_not_follow(self, path: str, detail: str) -> None:
        """Remember that this lzkey would write a file otherwise: another one may have had its reasons."""
        if self.made_by == this_engine():
            self.contradict(path, detail)
        else:
            self.doubts.append(
                one_line(
                    f"{path}: {detail}: it was made by {self.made_by}, and this is {this_engine()}, "
                    "which may make another one"
                )
            )


def differing(one: Json, other: Json) -> str:
    """Which members of two objects differ, for people; empty where none does."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return "" if one == other else "it"
    names = [name for name in {**one, **other} if one.get(name, _NONE) != other.get(name, _NONE)]
    return ", ".join(one_line(str(name))[:40] for name in names)


def quoted(value: Json) -> str:
    """Somebody's value in a sentence, short and printable."""
    return one_line(str(value))[:_SHOWN]
