"""Config's recorder for AWS::KMS::Key: the configuration items and their history.

Source: https://docs.aws.amazon.com/config/latest/developerguide/how-does-config-work.html (an item is
created when a resource is created, changed or deleted, and the history is kept).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Final

from lzkey_sandbox.config.configuration_item import (
    ConfigurationItem,
    KeyFacts,
    key_configuration,
    key_supplement,
)
from lzkey_sandbox.moto import motokeys

#: KMS operations after which a key's item can differ. Source: the KMS API reference.
KEY_CHANGES: Final = frozenset(
    {
        "CancelKeyDeletion",
        "CreateKey",
        "DisableKey",
        "DisableKeyRotation",
        "EnableKey",
        "EnableKeyRotation",
        "ImportKeyMaterial",
        "PutKeyPolicy",
        "ReplicateKey",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateKeyDescription",
        "UpdatePrimaryRegion",
    }
)

_TICK: Final = timedelta(milliseconds=1)

Listener = Callable[[ConfigurationItem, ConfigurationItem | None], None]


class Recorder:
    """Records keys and keeps their history, per account and Region; tells listeners of each new item.

    ``records`` says whether an account's keys are recorded in a Region.

    A key that has not changed since its last item gives no new item, as at AWS.
    """

    def __init__(self, records: Callable[[str, str], bool] = lambda _account, _region: True) -> None:
        self.recording = True
        self._records = records
        self._listeners: list[Listener] = []
        self._lock = RLock()
        self._history: dict[tuple[str, str], dict[str, list[ConfigurationItem]]] = {}

    def subscribe(self, listener: Listener) -> None:
        """Tell a listener of every new item and of the one before it."""
        self._listeners.append(listener)

    def record(self, account: str, region: str, key_id: str) -> None:
        """Record a key's present state, unless recording is off."""
        if self.recording and self._records(account, region):
            with self._lock:  # read and kept in one step: a later item shows no earlier state
                facts = motokeys.key_facts(account, region, key_id)
                self._add(account, region, key_id, _present(account, facts))

    def record_all(self, account: str, region: str) -> None:
        """Record every key of an account and Region, as a recorder does when it is switched on.

        A recorded key that is no longer there is recorded as deleted.
        """
        present = motokeys.key_ids(account, region)
        for key_id in present:
            self.record(account, region, key_id)
        for item in self.discovered(account, region):
            if item.key_id not in present:
                self.record_deleted(account, region, item.key_id)

    def record_deleted(self, account: str, region: str, key_id: str) -> None:
        """Record that a key is gone; a key that was never recorded leaves no item."""
        last = self.latest(account, region, key_id)
        recorded = self.recording and self._records(account, region)
        if recorded and last is not None and last.status != "ResourceDeleted":
            gone = replace(
                last,
                captured=_now(),
                status="ResourceDeleted",
                change="DELETE",
                configuration=None,
                supplementary={},
                tags=(),
            )
            self._add(account, region, key_id, gone)

    def age(self, by: timedelta) -> None:
        """Let all that was recorded until now have been recorded so much earlier."""
        with self._lock:
            for keys in self._history.values():
                for key_id, items in keys.items():
                    keys[key_id] = [replace(item, captured=item.captured - by) for item in items]

    def latest(self, account: str, region: str, key_id: str) -> ConfigurationItem | None:
        """A key's newest item, or None when it was never recorded."""
        items = self.history(account, region, key_id)
        return items[-1] if items else None

    def history(self, account: str, region: str, key_id: str) -> tuple[ConfigurationItem, ...]:
        """A key's items, oldest first."""
        with self._lock:
            return tuple(self._history.get((account, region), {}).get(key_id, ()))

    def discovered(self, account: str, region: str) -> tuple[ConfigurationItem, ...]:
        """The newest item of every key ever recorded, in the order of their discovery."""
        with self._lock:
            return tuple(items[-1] for items in self._history.get((account, region), {}).values())

    def _add(self, account: str, region: str, key_id: str, item: ConfigurationItem) -> None:
        with self._lock:
            items = self._history.setdefault((account, region), {}).setdefault(key_id, [])
            before = items[-1] if items else None
            if before is not None:
                item = replace(item, captured=max(item.captured, before.captured + _TICK))
            if before is not None and item.change == "CREATE":
                item = replace(item, status="OK", change="UPDATE")
            if before is not None and _content(before) == _content(item):
                return
            items.append(item)
            for listener in self._listeners:
                listener(item, before)


def _present(account: str, facts: KeyFacts) -> ConfigurationItem:
    return ConfigurationItem(
        account=account,
        region=facts.region,
        key_id=facts.metadata["KeyId"],
        arn=facts.metadata["Arn"],
        captured=_now(),
        created=datetime.fromtimestamp(facts.metadata["CreationDate"], UTC),
        status="ResourceDiscovered",
        change="CREATE",
        configuration=key_configuration(facts),
        supplementary=key_supplement(facts),
        tags=facts.tags,
    )


def _content(item: ConfigurationItem) -> tuple[object, ...]:
    return item.status == "ResourceDeleted", item.configuration, item.supplementary, item.tags


def _now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
