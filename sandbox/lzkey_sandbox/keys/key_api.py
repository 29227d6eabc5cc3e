"""What moto lacks of KMS: pages of keys, a key's last use, grants to services, the policy of AWS RAM.

Sources: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html and those of the others,
https://docs.aws.amazon.com/kms/latest/developerguide/monitoring-keys-determining-usage.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.keys.key_records import RAM_POLICY, KeyRecord
from lzkey_sandbox.keys.key_requests import require_here
from lzkey_sandbox.moto import motokeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

DEFAULT_KEYS_PAGE: Final = 100
_DEFAULT_GRANTS_PAGE: Final = 50
_DEFAULT_POLICIES_PAGE: Final = 100

#: By which ListGrants can be told to show some alone.
_GRANT_FILTERS: Final = ("GrantId", "GranteePrincipal", "GranteeServicePrincipal")


class _Records:
    """What is kept of the keys, by their ARNs."""

    def __init__(self, records: Mapping[str, KeyRecord]) -> None:
        self._records = records

    def _of(self, account: str, region: str, key: str, operation: str) -> tuple[str, KeyRecord]:
        """The id of the key that an id or ARN names, and what is kept of it; an alias names none here."""
        require_here(key, account, region)
        found = None if "alias/" in key else motokeys.resolve_key(account, region, key)
        if found is None:
            raise ServiceError("NotFoundException", f"Key '{key}' does not exist")
        arn = motokeys.arn(account, region, found)
        record = self._records.get(arn, KeyRecord())
        if operation in record.refuses:
            message = f"User is not authorized to perform: kms:{operation} on resource: {arn}"
            raise ServiceError("AccessDeniedException", message)
        return found, record


class KeyApi(_Records):
    """The keys of an account and Region."""

    def __init__(self, listings: Listings, records: Mapping[str, KeyRecord]) -> None:
        super().__init__(records)
        self._listings = listings

    def list_keys(self, account: str, region: str, members: Members) -> Answer:
        """The keys in pages of ``Limit``."""
        return self._page(
            "Keys",
            lambda: motokeys.listed_keys(account, region),
            (account, region),
            members,
            DEFAULT_KEYS_PAGE,
        )

    def get_key_last_usage(self, account: str, region: str, members: Members) -> Answer:
        """The last use; an empty object for none since uses are kept account of."""
        found, record = self._of(account, region, members["KeyId"], "GetKeyLastUsage")
        created = motokeys.created_at(account, region, found)
        return {
            "KeyId": found,
            "KeyLastUsage": record.last_use.shown() if record.last_use else {},
            "TrackingStartDate": record.tracked_since or created,
            "KeyCreationDate": created,
        }

    def list_grants(self, account: str, region: str, members: Members) -> Answer:
        """The grants that CreateGrant made, and those to services."""
        found, record = self._of(account, region, members["KeyId"], "ListGrants")
        arn = motokeys.arn(account, region, found)
        owner = f"arn:{arn.split(':')[1]}:iam::{account}:root"
        entries = [
            *motokeys.grants(account, region, found),
            *(grant.shown(arn) for grant in record.service_grants),
        ]
        wanted = {name: members[name] for name in _GRANT_FILTERS if name in members}
        rows = [{**each, "IssuingAccount": owner} for each in entries if wanted.items() <= _plain(each)]
        return self._page("Grants", lambda: rows, (account, region, found), members, _DEFAULT_GRANTS_PAGE)

    def list_key_policies(self, account: str, region: str, members: Members) -> Answer:
        """The names of a key's policies."""
        found, record = self._of(account, region, members["KeyId"], "ListKeyPolicies")
        names = ["default"] if record.ram_policy is None else ["default", RAM_POLICY]
        return self._page(
            "PolicyNames", lambda: names, (account, region, found), members, _DEFAULT_POLICIES_PAGE
        )

    def _page(
        self, name: str, rows: Callable[[], Iterable[object]], asked: object, members: Members, size: int
    ) -> Answer:
        """A page of ``Limit``; KMS calls its tokens markers, and says when there is no more."""
        token = {"NextToken": members["Marker"]} if "Marker" in members else {}
        try:
            page = self._listings.page(
                name, rows, asked, token, members.get("Limit", size), may_be_empty=False
            )
        except ServiceError as unknown:
            raise ServiceError("InvalidMarkerException", "The marker is not valid.") from unknown
        if "NextToken" not in page:
            return {**page, "Truncated": False}
        return {name: page[name], "Truncated": True, "NextMarker": page["NextToken"]}


class RamPolicyApi(_Records):
    """The policy that AWS RAM manages, of the keys that have it."""

    @staticmethod
    def is_asked(raw: Mapping[str, object]) -> bool:
        """Whether a request is about this policy, and not about the one that its owner puts."""
        return raw.get("PolicyName") == RAM_POLICY

    def get_key_policy(self, account: str, region: str, members: Members) -> Answer:
        """The policy AWS_RAM, or NotFoundException."""
        _, record = self._of(account, region, members["KeyId"], "GetKeyPolicy")
        if record.ram_policy is None:
            raise ServiceError("NotFoundException", "No such policy exists")
        return {"Policy": record.ram_policy, "PolicyName": RAM_POLICY}


def _plain(entry: Mapping[str, object]) -> set[tuple[str, object]]:
    """The members of a grant that are text."""
    return {(name, value) for name, value in entry.items() if isinstance(value, str)}
