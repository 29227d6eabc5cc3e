"""Asking AWS: clients that threads share; failures told by action, subject, account and Region."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lzkey.errors import LiveError

if TYPE_CHECKING:
    import boto3

#: Keys that are read at the same time. KMS allows at least 500 of these requests a second.
# https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
WORKERS: Final = 8

_CLIENTS: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, max_pool_connections=16
)


class FailedError(LiveError):
    """One call failed; the message names its action, and what and where it was for."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Account:
    """The account and Region of a session. Raises LiveError where nobody can tell them."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._lock = Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self.region: str = session.region_name
        caller = self.ask("sts", "get_caller_identity")
        self.id = str(caller["Account"])
        self.partition = str(caller["Arn"]).split(":")[1]

    @property
    def place(self) -> str:
        """What a reader calls it."""
        return f"account {self.id} in {self.region}"

    def ask(
        self,
        service: str,
        operation: str,
        /,
        *,
        region: str | None = None,
        about: str = "",
        **arguments: object,
    ) -> Any:  # noqa: ANN401 - whatever the operation answers
        """Return the answer; raise FailedError without the service's text, which may hold anything."""
        return self._asked(service, region, about, lambda client: getattr(client, operation)(**arguments))

    def ask_all(
        self,
        service: str,
        operation: str,
        member: str,
        /,
        *,
        region: str | None = None,
        about: str = "",
        **arguments: object,
    ) -> list[Any]:
        """Return the members of all pages of an answer; raise FailedError."""

        def pages(client: Any) -> list[Any]:  # noqa: ANN401 - boto3 makes them at run time
            found = client.get_paginator(operation).paginate(**arguments)
            return [each for page in found for each in page[member]]

        answer: list[Any] = self._asked(service, region, about, pages)
        return answer

    def _asked(self, service: str, region: str | None, about: str, call: Any) -> Any:  # noqa: ANN401 - as above
        where = region or self.region
        about = f" for {about}" if about else ""
        place = f" in account {self.id}, Region {where}" if hasattr(self, "id") else ""
        try:
            return call(self._client(service, where))
        except ClientError as error:
            code = str(error.response["Error"].get("Code", "no code"))
            outcome = "was refused" if "AccessDenied" in code or "Unauthorized" in code else "failed"
            action = f"{service}:{error.operation_name}"
            raise FailedError(f"{action} {outcome} ({code}){about}{place}", code) from None
        except BotoCoreError as error:
            code = type(error).__name__
            raise FailedError(f"AWS {service} could not be asked{about}{place}: {error}", code) from None

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401 - as above
        with self._lock:  # sessions are not safe to use from several threads
            if (service, region) not in self._clients:
                make: Any = self._session.client
                self._clients[service, region] = make(service, region_name=region, config=_CLIENTS)
            return self._clients[service, region]
