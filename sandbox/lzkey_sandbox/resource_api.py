"""Config's recorded AWS::KMS::Key resources; moto answers for the resource types that it knows.

Source: https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.configuration_item import KEY_TYPE
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.paging import page

if TYPE_CHECKING:
    from lzkey_sandbox.recorder import Recorder

Members = Mapping[str, Any]
Answer = dict[str, Any]

# Sources: the API reference's limit members.
DEFAULT_HISTORY_PAGE: Final = 10
DEFAULT_DISCOVERED_PAGE: Final = 100

_EVER: Final = datetime.max.replace(tzinfo=UTC)
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def asks_for_keys(raw: Members) -> bool:
    """Say whether a request is about KMS keys and so the recorder's business."""
    return raw.get("resourceType") == KEY_TYPE or any(
        key.get("resourceType") == KEY_TYPE for key in raw.get("resourceKeys") or []
    )


class ResourceApi:
    """Reads the recorder's items."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def get_resource_config_history(self, account: str, region: str, members: Members) -> Answer:
        """Return a key's items, the newest first unless asked otherwise."""
        items = self._recorder.history(account, region, members["resourceId"])
        if not items:
            raise ServiceError(
                "ResourceNotDiscoveredException",
                f"Resource {members['resourceId']} of resourceType:{KEY_TYPE} is unknown or has not been "
                "discovered",
            )
        earlier, later = members.get("earlierTime", _BEGINNING), members.get("laterTime", _EVER)
        if earlier > later:
            raise ServiceError("InvalidTimeRangeException", "The earlier time is later than the later time.")
        shown = [item.history() for item in items if earlier <= item.captured <= later]
        if members.get("chronologicalOrder", "Reverse") == "Reverse":
            shown.reverse()
        size = members.get("limit") or DEFAULT_HISTORY_PAGE
        return page("configurationItems", shown, members, size, "nextToken")

    def list_discovered_resources(self, account: str, region: str, members: Members) -> Answer:
        """Return the keys that were recorded; deleted ones on request."""
        wanted = members.get("resourceIds")
        found = []
        for item in self._recorder.discovered(account, region):
            deleted = item.configuration is None
            if (deleted and not members.get("includeDeletedResources")) or "resourceName" in members:
                continue  # keys have no resource name
            if wanted and item.key_id not in wanted:
                continue
            entry = {"resourceType": KEY_TYPE, "resourceId": item.key_id}
            found.append({**entry, "resourceDeletionTime": item.captured} if deleted else entry)
        size = members.get("limit") or DEFAULT_DISCOVERED_PAGE
        return page("resourceIdentifiers", found, members, size, "nextToken")

    def batch_get_resource_config(self, account: str, region: str, members: Members) -> Answer:
        """Return the newest items of several keys; what is not a recorded key stays unprocessed."""
        items, unprocessed = [], []
        for key in members["resourceKeys"]:
            item = self._recorder.latest(account, region, key["resourceId"])
            if key["resourceType"] == KEY_TYPE and item is not None:
                items.append(item.base())
            else:
                unprocessed.append(key)
        answer = {"baseConfigurationItems": items, "unprocessedResourceKeys": unprocessed}
        return {name: found for name, found in answer.items() if found}  # neither list may be empty
