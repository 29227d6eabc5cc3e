"""A key's history, asked of all sources that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.aws.events import event_history
from lzkey.aws.fact import takes
from lzkey.aws.keys import key as described_key
from lzkey.aws.keys import key_policy, key_tags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.aws.account import Asker
    from lzkey.history.model import History


@takes(facts=(event_history, described_key, key_policy, key_tags))
def history_of(
    asker: Asker,
    key: KmsKey | KeyArn,
    zone: LandingZone,
    now: datetime,
    *,
    trail_files: Sequence[str] = (),
    since: datetime | None = None,
) -> History:
    """The history of a key: CloudTrail's, AWS Config's, the trail's files in these places, and the present.

    `key` with its policy is the key as it is at `now`, and is not asked for again. What is not answered is a
    sentence of its source, and never an error; raises SettingsError for a place that is none.
    """
    raise NotImplementedError
