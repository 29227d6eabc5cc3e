"""Asking AWS, and nothing else: every call is counted, and what is refused is told, never the end.

Clients retry adaptively: AWS publishes no rates for AWS Config's aggregate calls, so the first one that is
throttled sets the pace of all. https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import boto3

#: What works at the same time: a page of AWS Config's takes a good part of a second.
AT_ONCE: Final = 8

CLIENTS: Final = Config(
    retries={"mode": "adaptive", "total_max_attempts": 10},
    connect_timeout=10,
    max_pool_connections=2 * AT_ONCE,
)

Answer = dict[str, Any]
Progress = Callable[[str, int, int], None]
"""Is told what is done, how many are done, and of how many."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class UnansweredError(Exception):
    """AWS refused a call, or could not be reached; the message names action and account."""

    def __init__(self, action: str, account: str, code: str, message: str) -> None:
        self.action, self.code = action, code
        refused = "denied" in code.lower() or code.startswith("Unauthorized")
        did = "refused" if refused else "did not answer"
        super().__init__(f"account {account} {did} {action} ({code}: {message})")


@dataclass(slots=True)
class Log:
    """What all accounts share: the calls by action, and what was not answered."""

    calls: Counter[str] = field(default_factory=Counter)
    _notes: dict[str, None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count(self, action: str) -> None:
        """Count a call."""
        with self._lock:
            self.calls[action] += 1

    def note(self, sentence: str) -> None:
        """Remember a sentence for the report, once."""
        with self._lock:
            self._notes[sentence] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """All sentences, in the order in which they came."""
        return tuple(self._notes)


class Aws:
    """One account, asked with one session or with credentials of a role in it."""

    def __init__(
        self,
        session: boto3.Session,
        account: str,
        region: str,
        log: Log,
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        self.account, self.region, self.log = account, region, log
        self._session = session
        self._credentials = credentials or {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def ask(self, action: str, /, region: str | None = None, **arguments: object) -> Answer:
        """Return the answer to an action such as `config:DescribeConfigRules`; raise UnansweredError."""
        service, _, operation = action.partition(":")
        self.log.count(action)
        try:
            answer: Answer = getattr(self._client(service, region), xform_name(operation))(**arguments)
        except (ClientError, BotoCoreError) as error:
            raise self._unanswered(action, error) from error
        return answer

    def all(
        self,
        action: str,
        member: str,
        /,
        region: str | None = None,
        size: int | None = None,
        **arguments: object,
    ) -> Iterator[Any]:
        """Yield the items of all pages, also of those that come after an empty one; raise UnansweredError."""
        service, _, operation = action.partition(":")
        limits = {"PageSize": size} if size else {}
        found: Iterator[Answer] | None = None
        while True:
            try:
                if found is None:
                    pages = self._client(service, region).get_paginator(xform_name(operation))
                    found = iter(pages.paginate(**arguments, PaginationConfig=limits))
                page = next(found, None)
            except (ClientError, BotoCoreError) as error:
                self.log.count(action)
                raise self._unanswered(action, error) from error
            if page is None:
                return
            self.log.count(action)
            yield from page.get(member, ())

    def role(self, arn: str) -> Aws:
        """Return another account, asked with this role in it; raise UnansweredError."""
        answer = self.ask("sts:AssumeRole", RoleArn=arn, RoleSessionName="lzkey-report")
        given = answer["Credentials"]
        credentials = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return Aws(self._session, arn.split(":")[4], self.region, self.log, credentials)

    def unless(self, ask: Callable[[], _Result], otherwise: _Result, *absent: str) -> _Result:
        """Return the answer; what is not answered is a note, unless its code says that there is nothing."""
        try:
            return ask()
        except UnansweredError as error:
            if error.code not in absent:
                self.log.note(str(error))
            return otherwise

    def _client(self, service: str, region: str | None) -> Any:  # noqa: ANN401 - boto3 makes them at run time
        where = (service, region or self.region)
        with self._lock:  # sessions are not safe to use from several threads
            if where not in self._clients:
                make: Any = self._session.client
                self._clients[where] = make(service, where[1], config=CLIENTS, **self._credentials)
            return self._clients[where]

    def _unanswered(self, action: str, error: ClientError | BotoCoreError) -> UnansweredError:
        if isinstance(error, ClientError):
            told = error.response["Error"]
            return UnansweredError(action, self.account, told.get("Code", "no code"), told.get("Message", ""))
        return UnansweredError(action, self.account, type(error).__name__, str(error))


def at_once(
    work: Callable[[_Item], _Result], items: Iterable[_Item], done: Callable[[], None] = lambda: None
) -> Iterator[_Result]:
    """Yield what comes of each item, in their order, several being worked on at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(work, items):
            done()
            yield result
