"""Which objects under a prefix are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landing_zone_key.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects are read."""

    ignore: tuple[str, ...] = ()
    """Patterns of names that are passed over."""
    newest: bool = False
    """Of each account and Region the newest snapshot of AWS Config alone."""
    named: bool = True
    """Whether an object whose whole key is given must hold keys."""
    tell: Callable[[str], None] = lambda _: None
    """Is told what is true of all of them, at the end."""
