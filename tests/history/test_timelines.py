"""Lives of a key, and what would have become of deliveries in each time of them."""

from __future__ import annotations

from typing import Any

import pytest

from lzkey.history.model import Origin
from lzkey.history.timeline import history_from

from .lives import (
    BAD,
    GOOD,
    KEY,
    NOW,
    ZONE,
    did,
    item,
    line,
    made,
    present,
    put,
    recorded,
    told,
)

# What sources tell; and the life: A allowed, R refused, ? not known, - no key; since so many days.
LIVES: dict[str, tuple[list[Any], str]] = {
    "nothing is told": ([], "?0"),
    "the present alone is of now": ([present()], "A0"),
    "the present alone, refused": ([present(BAD)], "R0"),
    "without a change it was so all the time": ([told(), present()], "A90"),
    "a policy that was replaced": ([told(put(3, GOOD)), present()], "?90 A3"),
    "a policy that refuses, and its repair": ([told(put(9, BAD), put(3, GOOD)), present()], "?90 R9 A3"),
    "a key that is made": ([told(made(20)), present()], "A20"),
    "a key that is made before what is told": ([told(made(20), since=10), present()], "?20 A10"),
    "a key made without a policy": ([told(made(20, None), put(19, GOOD)), present()], "R20 A19"),
    "a key that is disabled and enabled": (
        [told(made(20), did("DisableKey", 9), did("EnableKey", 3)), present()],
        "A20 R9 A3",
    ),
    "a state of which the policy is not known": (
        [told(did("DisableKey", 9), did("EnableKey", 3), put(2, GOOD)), present()],
        "?90 R9 ?3 A2",
    ),
    "a deletion that is cancelled": (
        [
            told(
                made(20),
                did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 7}, keyState="PendingDeletion"),
                did("CancelKeyDeletion", 8),
                did("EnableKey", 7),
            ),
            present(),
        ],
        "A20 R9 R8 A7",
    ),
    "a key that is deleted": (
        [
            told(
                made(20),
                did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 7}, keyState="PendingDeletion"),
                did("DeleteKey", 1.5, {}),
            )
        ],
        "A20 R9 -1.5",
    ),
    "a deletion whose day has come": (
        [told(made(20), did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 7}))],
        "A20 R9 -2",
    ),
    "a deletion whose day is to come": (
        [told(made(20), did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 30}))],
        "A20 R9",
    ),
    "material that is deleted and imported": (
        [
            told(
                made(20, origin="EXTERNAL"), did("DeleteImportedKeyMaterial", 9), did("ImportKeyMaterial", 3)
            ),
            present(origin="EXTERNAL"),
        ],
        "A20 R9 A3",
    ),
    "material that expires": (
        [told(made(20, origin="EXTERNAL"), did("DeleteExpiredKeyMaterial", 9, {}))],
        "A20 R9",
    ),
    "a key that waits for its first material": (
        [told(made(20, origin="EXTERNAL", keyState="PendingImport"), did("ImportKeyMaterial", 3))],
        "R20 A3",
    ),
    "a gap is a gap": ([told(made(20), gaps=[(9, 8)])], "A20 ?9"),
    "a gap is one in which something may have happened, until it is told again": (
        [told(made(20), put(3, GOOD), did("EnableKey", 2), gaps=[(9, 8)]), present()],
        "A20 ?9 ?3 A2",
    ),
    "a gap that another source fills": (
        [told(made(20), gaps=[(9, 8)]), told(since=12, origin=Origin.TRAIL_FILES)],
        "A20",
    ),
    "two sources that meet": (
        [told(made(20), since=30, until=10, origin=Origin.TRAIL_FILES), told(since=10), present()],
        "A20",
    ),
    "two sources that do not meet": (
        [told(made(20), since=30, until=11, origin=Origin.TRAIL_FILES), told(since=10), present()],
        "A20 ?11 A10",
    ),
    "what ends before now is not known now": ([told(made(20), until=5)], "A20 ?5"),
    "items alone are moments": ([recorded(item(9), item(3)), present()], "?9 A0"),
    "items of a recorder that was on": ([recorded(item(9), item(3, BAD), since=9), present(BAD)], "A9 R3"),
    "items between which events tell everything": (
        [recorded(item(9), item(3)), told(since=20), present()],
        "A20",
    ),
    "a deletion that AWS Config recorded": (
        [recorded(item(9), item(3, status="ResourceDeleted"), since=9)],
        "A9 -3",
    ),
    "an item that is later than the change that it does not show yet": (
        [told(made(20), put(3, BAD)), recorded(item(2.999, GOOD)), present(BAD)],
        "A20 R3",
    ),
}


class TestLives:
    """Each time of a key's life, by everything that is told of it."""

    @pytest.mark.parametrize(("sources", "life"), LIVES.values(), ids=LIVES)
    def test_of_cloudtrail_s_deliveries(self, sources: list[Any], life: str) -> None:
        """From the first of what is told to now."""
        assert line(history_from(KEY, ZONE, NOW, sources)) == life
