"""What one source has told of a key: events, configuration items, or what it is like now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from landing_zone_key import KmsKey
    from lzkey.aws.events import Event
    from lzkey.history.model import Source


@dataclass(frozen=True, slots=True)
class Told:
    """A source, and what it has told; events of other keys, and those that changed nothing, do no harm.

    Where `source.start` is set, nothing that changed the key from then until `source.end` is missing, but for
    what fell into its gaps.
    """

    source: Source
    events: tuple[Event, ...] = ()
    """In any order; of one id there may be several."""
    items: tuple[Mapping[str, Any], ...] = ()
    """Configuration items, as GetResourceConfigHistory tells them; in any order."""
    present: KmsKey | None = None
    """The key as it is at the history's `as_of`; its policy in it, or why it is missing."""
    created: datetime | None = None
    """When it was made, where the source tells."""
