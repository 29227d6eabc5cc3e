"""boto3 clients for the accounts of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.config import Config as ClientConfig

from lzkey_sandbox.http.isolation import EXAMPLE_CREDENTIALS, private_session
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lzkey import Untyped


class Clients:
    """Makes each client once; ``announce`` is told every access key that they use."""

    def __init__(self, home: tuple[str, str], endpoint_url: str, announce: Callable[[str], None]) -> None:
        self._account, self._region = home
        self._endpoint_url = endpoint_url
        self._announce = announce
        self._session: Any = private_session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._credentials: dict[str, Mapping[str, str]] = {}

    def get(self, service: str, region: str | None, account: str | None) -> Untyped:
        """A client; for another account with credentials of a role in it."""
        where = (service, region or self._region, account or self._account)
        if where not in self._clients:
            self._clients[where] = self._session.client(
                service,
                where[1],
                endpoint_url=self._endpoint_url,
                config=ClientConfig(proxies={}),
                **self._credentials_of(where[2]),
            )
        return self._clients[where]

    def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            client.close()

    def _credentials_of(self, account: str) -> Mapping[str, str]:
        if account not in self._credentials:
            found = self._made(account)
            self._announce(found["AWS_ACCESS_KEY_ID"])
            self._credentials[account] = {name.lower(): value for name, value in found.items()}
        return self._credentials[account]

    def _made(self, account: str) -> Mapping[str, str]:
        if account == self._account:
            return EXAMPLE_CREDENTIALS
        partition = motostate.partition_of(self._region)
        role = f"arn:{partition}:iam::{account}:role/OrganizationAccountAccessRole"
        return motostate.role_credentials(role, "sandbox", self._region)
