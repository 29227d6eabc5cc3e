"""The key at each moment, from everything that sources have told, and each of these times proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.history.model import History
    from lzkey.history.told import Told


def history_from(
    key: KeyArn, zone: LandingZone, now: datetime, sources: Sequence[Told], *, since: datetime | None = None
) -> History:
    """The history of a key, by these sources together; asks nobody.

    Without `since` it goes back as far as any of them does.
    """
    raise NotImplementedError
