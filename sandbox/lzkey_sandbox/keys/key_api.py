"""What moto lacks of KMS: pages of keys.

Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motokeys

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

DEFAULT_KEYS_PAGE: Final = 100


class KeyApi:
    """The keys of an account and Region."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    def list_keys(self, account: str, region: str, members: Members) -> Answer:
        """The keys in pages of ``Limit``; KMS calls its tokens markers, and says when there is no more."""
        asked = {"NextToken": members["Marker"]} if "Marker" in members else {}
        size = members.get("Limit", DEFAULT_KEYS_PAGE)
        try:
            page = self._listings.page(
                "Keys",
                lambda: motokeys.listed_keys(account, region),
                (account, region),
                asked,
                size,
                may_be_empty=False,
            )
        except ServiceError as unknown:
            raise ServiceError("InvalidMarkerException", "The marker is not valid.") from unknown
        if "NextToken" not in page:
            return {**page, "Truncated": False}
        return {"Keys": page["Keys"], "Truncated": True, "NextMarker": page["NextToken"]}
