"""What of a key changes in its life: its policy, its state, its tags; each known or unknown by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from lzkey.history.model import Act, Origin


class Part(StrEnum):
    """A part of a key that may change."""

    POLICY = "key policy"
    STATE = "key state"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What nobody knows, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key's state, as KMS calls it; NOT_YET and GONE are ours.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """

    name: str
    deletion: datetime | None = field(default=None, compare=False)
    """Of a key that waits for it: when. Sources tell it more and less exactly."""
    missing: frozenset[str] = field(default=frozenset(), compare=False)
    """The ids of imported key material that was deleted; an empty one where its id is not told."""


#: Before the key was made, and after it was deleted.
NOT_YET: Final = KeyState("not yet")
GONE: Final = KeyState("gone")

#: A policy as JSON text, a state, or tags.
Value: TypeAlias = str | KeyState | Mapping[str, str] | Unknown

#: What becomes of a value by a change.
Becomes: TypeAlias = Callable[[Value], Value]


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the key has become something else, by an event."""

    part: Part
    act: Act
    becomes: Becomes
    creates: bool = False
    """It made the key: nothing was before it."""

    @property
    def at(self) -> datetime:
        """When."""
        return self.act.at


@dataclass(frozen=True, slots=True)
class Sight:
    """A part of the key as it was seen at a moment, whatever made it so."""

    part: Part
    at: datetime
    value: Value
    origin: Origin


Tell: TypeAlias = Change | Sight


def becomes(value: Value) -> Becomes:
    """What makes the same of every value."""
    return lambda _before: value
