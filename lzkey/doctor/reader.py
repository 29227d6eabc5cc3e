"""Reading an account and nothing else: every question is asked once, and only questions can be asked."""

from __future__ import annotations

import json
import re
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lzkey.errors import LzkeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import boto3

#: No operation whose name begins otherwise is ever called.
_READS: Final = re.compile(r"[a-z]+:(Describe|Get|List|Select|BatchGet)[A-Z]\w*")

_CLIENTS: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, max_pool_connections=32
)


class UnansweredError(LzkeyError):
    """AWS refused a question, or could not be reached: what depends on the answer is unknown."""

    def __init__(self, action: str, account: str, code: str, message: str) -> None:
        self.action, self.refused = action, "denied" in code.lower() or code.startswith("Unauthorized")
        answered = f"account {account} {'refused' if self.refused else 'did not answer'} {action}"
        super().__init__(f"{answered} ({code}: {message})")


class Reader:
    """Asks AWS on behalf of all checks, which run at the same time; the same question is asked once."""

    def __init__(self, session: boto3.Session, account: str) -> None:
        self._session = session
        self._account = account
        self._lock = Lock()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._answers: dict[str, Future[Any]] = {}

    def ask(
        self, action: str, /, *, region: str | None = None, absent: Collection[str] = (), **arguments: object
    ) -> Any:  # noqa: ANN401 - whatever the operation answers
        """Return the answer to `action`, such as `config:DescribeConfigRules`; None for an `absent` code.

        Raises UnansweredError.
        """
        return self._once(action, region, absent, arguments, self._call)

    def ask_all(
        self,
        action: str,
        member: str,
        /,
        *,
        region: str | None = None,
        absent: Collection[str] = (),
        **arguments: object,
    ) -> list[Any] | None:
        """Return the items of all pages of an answer; None for an `absent` error code.

        Raises UnansweredError.
        """

        def pages(client: Any, operation: str, asked: dict[str, object]) -> list[Any]:  # noqa: ANN401 - boto3
            paginator = client.get_paginator(xform_name(operation))
            return [item for page in paginator.paginate(**asked) for item in page[member]]

        answer: list[Any] | None = self._once(action, region, absent, arguments, pages)
        return answer

    def _once(
        self,
        action: str,
        region: str | None,
        absent: Collection[str],
        arguments: dict[str, object],
        call: Callable[[Any, str, dict[str, object]], Any],
    ) -> Any:  # noqa: ANN401 - as above
        question = json.dumps([action, region, arguments], sort_keys=True)
        with self._lock:
            first = question not in self._answers
            future = self._answers.setdefault(question, Future())
        if first:
            try:
                future.set_result(self._asked(action, region, arguments, call))
            except Exception as error:  # noqa: BLE001 - kept for everyone who asks the same
                future.set_exception(error)
        try:
            return future.result()
        except ClientError as error:
            code = error.response["Error"].get("Code", "no code")
            if code in absent:
                return None
            message = error.response["Error"].get("Message", "")
            raise UnansweredError(action, self._account, code, message) from error
        except BotoCoreError as error:
            raise UnansweredError(action, self._account, type(error).__name__, str(error)) from error

    def _asked(
        self,
        action: str,
        region: str | None,
        arguments: dict[str, object],
        call: Callable[[Any, str, dict[str, object]], Any],
    ) -> Any:  # noqa: ANN401 - as above
        if not _READS.fullmatch(action):
            raise LzkeyError(f"{action} is no question")
        service, _, operation = action.partition(":")
        return call(self._client(service, region), operation, arguments)

    def _client(self, service: str, region: str | None) -> Any:  # noqa: ANN401 - boto3 makes them at run time
        with self._lock:  # sessions are not safe to use from several threads
            where = (service, region)
            if where not in self._clients:
                make: Any = self._session.client
                self._clients[where] = make(service, region_name=region, config=_CLIENTS)
            return self._clients[where]

    @staticmethod
    def _call(client: Any, operation: str, arguments: dict[str, object]) -> Any:  # noqa: ANN401 - boto3
        return getattr(client, xform_name(operation))(**arguments)
