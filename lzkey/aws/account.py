"""The one asker of AWS: one way to ask, to page, to count, to refuse and to say what was not answered.

An operation that is no question is refused before it is called, unless it is told to change something.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from lzkey.errors import LiveError, LzkeyError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import boto3

    from lzkey import Json

#: Is told what is done, how many are done, and of how many.
Progress: TypeAlias = Callable[[str, int, int], None]

#: What works at the same time: a page of AWS Config's takes a good part of a second, and KMS allows at least
#: 500 requests a second. https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
AT_ONCE: Final = 8

#: Services that take so many times as long as others: AWS Config, to query the inventory of an organization.
_SLOW: Final = {"config": 3}

#: Where AWS is silent once, it may be by chance; where it is silent twice, it is down or cannot be reached.
_SILENCES: Final = 2

#: No operation whose name begins otherwise is ever called.
_READS: Final = re.compile(r"[a-z0-9]+:(Describe|Get|Head|List|Select|BatchGet)[A-Z]\w*")

#: To work in another account.
ASSUME_ROLE: Final = "sts:AssumeRole"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Other = TypeVar("_Other")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command asks."""

    retries: Literal["standard", "adaptive"] = "standard"
    """`adaptive`: the first call that is throttled sets the pace of all, as AWS publishes no rates for AWS
    Config's aggregate calls. https://docs.aws.amazon.com/boto3/latest/guide/retries.html
    """
    attempts: int = 5
    once: bool = False
    """The same question is asked once, and its answer kept."""
    quoting: bool = True
    """Errors quote AWS's own text, which may hold anything: not where they stand in files for others."""
    patience: float = 10
    """How many seconds AWS may take to answer."""

    def config(self, service: str) -> Config:
        """The settings of a service's clients."""
        return Config(
            retries={"mode": self.retries, "total_max_attempts": self.attempts},
            connect_timeout=self.patience,
            read_timeout=self.patience * _SLOW.get(service, 1),
            max_pool_connections=4 * AT_ONCE,
        )


class UnansweredError(LiveError):
    """AWS refused a question, or could not be reached: what depends on the answer is unknown."""

    def __init__(self, action: str, error: ClientError | BotoCoreError, told: str) -> None:
        super().__init__(told)
        self.action, self.code, self.refused = action, code_of(error), is_refusal(error)
        self.answered = isinstance(error, ClientError)
        """Whether AWS answered, with an error; else nobody knows what became of a change."""
        self.said = str(error)
        """In botocore's words."""
        self.message = _message_of(error)
        """AWS's own text, which may hold anything."""


def code_of(error: ClientError | BotoCoreError) -> str:
    """AWS's code of an error, or botocore's name for it."""
    if isinstance(error, ClientError):
        return str(error.response["Error"].get("Code", "no code"))
    return type(error).__name__


def _message_of(error: ClientError | BotoCoreError) -> str:
    return error.response["Error"].get("Message", "") if isinstance(error, ClientError) else str(error)


def is_refusal(error: ClientError | BotoCoreError) -> bool:
    """Whether AWS says that whoever asks may not; that has a fix of its own."""
    code = code_of(error)
    return "denied" in code.lower() or code.startswith("Unauthorized")


@dataclass(slots=True)
class Log:
    """What all accounts of a command share: the calls by action, and what was not answered."""

    calls: Counter[str] = field(default_factory=Counter)
    _notes: dict[str, None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count(self, action: str) -> None:
        """Count a call."""
        with self._lock:
            self.calls[action] += 1

    def note(self, sentence: str) -> None:
        """Remember a sentence, once."""
        with self._lock:
            self._notes[sentence] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """All sentences, in the order in which they came."""
        return tuple(self._notes)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials they are (STS GetCallerIdentity, which needs no permission)."""

    account: str
    partition: str


class Asker:
    """One account, asked with one session or with credentials of a role in it; threads may share it."""

    def __init__(
        self,
        session: boto3.Session,
        account: str,
        region: str,
        manner: Manner,
        log: Log | None = None,
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        self.account, self.region, self.manner = account, region, manner
        self.log = log or Log()
        self._session = session
        self._credentials = credentials or {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._answers: dict[str, Future[Any]] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, session: boto3.Session, manner: Manner) -> tuple[Asker, Caller]:
        """The account that the credentials belong to, in the session's Region; raise UnansweredError."""
        identity = cls(session, "", session.region_name, manner).ask("sts:GetCallerIdentity")
        caller = Caller(str(identity["Account"]), str(identity["Arn"]).split(":")[1])
        return cls(session, caller.account, session.region_name, manner), caller

    def with_manner(self, manner: Manner) -> Asker:
        """The same account, asked in another manner."""
        return Asker(self._session, self.account, self.region, manner, self.log, self._credentials)

    def ask(
        self,
        action: str,
        /,
        *,
        region: str | None = None,
        absent: Collection[str] = (),
        about: str = "",
        **arguments: object,
    ) -> Json:
        """The answer to an action such as `config:DescribeConfigRules`; None for an `absent` code.

        `about` says in an error what was asked about. Raises UnansweredError.
        """
        _require_question(action)
        return self._answer(
            action, region, about, absent, arguments, lambda: self._call(action, region, arguments)
        )

    def all(
        self,
        action: str,
        member: str,
        /,
        *,
        region: str | None = None,
        absent: Collection[str] = (),
        about: str = "",
        size: int | None = None,
        **arguments: object,
    ) -> list[Any] | None:
        """The items of all pages; None for an `absent` code. Raises UnansweredError."""
        _require_question(action)
        found: list[Any] | None = self._answer(
            action,
            region,
            about,
            absent,
            arguments,
            lambda: list(self._pages(action, member, region, size, arguments)),
        )
        return found

    def each(
        self,
        action: str,
        member: str,
        /,
        *,
        region: str | None = None,
        about: str = "",
        size: int | None = None,
        **arguments: object,
    ) -> Iterator[Any]:
        """The items of all pages as they come. Raises UnansweredError."""
        _require_question(action)
        pages = self._pages(action, member, region, size, arguments)
        try:
            once = self.manner.once
            yield from self._once(action, region, arguments, lambda: list(pages)) if once else pages
        except (ClientError, BotoCoreError) as error:
            raise self._unanswered(action, region, about, error) from error

    def change(self, action: str, /, *, region: str | None = None, **arguments: object) -> Json:
        """Change something, such as by `kms:PutKeyPolicy`. Raises UnansweredError."""
        try:
            return self._call(action, region, arguments)
        except (ClientError, BotoCoreError) as error:
            raise self._unanswered(action, region, "", error) from error

    def role(self, arn: str) -> Asker:
        """Another account, asked with this role in it; raise UnansweredError."""
        wanted = {"RoleArn": arn, "RoleSessionName": "lzkey-report"}
        answer = self._answer(
            ASSUME_ROLE, None, "", (), wanted, lambda: self._call(ASSUME_ROLE, None, wanted)
        )
        given = answer["Credentials"]
        credentials = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return Asker(self._session, arn.split(":")[4], self.region, self.manner, self.log, credentials)

    def unless(self, ask: Callable[[], _Result], otherwise: _Other, *absent: str) -> _Result | _Other:
        """The answer; what is not answered is a note, unless its code says that there is nothing."""
        try:
            return ask()
        except UnansweredError as error:
            if error.code not in absent:
                self.log.note(str(error))
            return otherwise

    def _call(self, action: str, region: str | None, arguments: Mapping[str, object]) -> Json:
        self.log.count(action)
        client, operation = self._client(action, region)
        return getattr(client, operation)(**arguments)

    def _pages(
        self, action: str, member: str, region: str | None, size: int | None, arguments: Mapping[str, object]
    ) -> Iterator[Any]:
        """Also those that come after an empty one."""
        client, operation = self._client(action, region)
        limits = {"PageSize": size} if size else {}
        try:
            for page in client.get_paginator(operation).paginate(**arguments, PaginationConfig=limits):
                self.log.count(action)
                yield from page.get(member, ())
        except (ClientError, BotoCoreError):
            self.log.count(action)
            raise

    def _answer(
        self,
        action: str,
        region: str | None,
        about: str,
        absent: Collection[str],
        arguments: Mapping[str, object],
        call: Callable[[], Any],
    ) -> Json:
        try:
            if not self.manner.once:
                return call()
            return self._once(action, region, arguments, call)
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in absent:
                return None
            raise self._unanswered(action, region, about, error) from error

    def _once(
        self, action: str, region: str | None, arguments: Mapping[str, object], call: Callable[[], Any]
    ) -> Json:
        question = json.dumps([action, region, arguments], sort_keys=True)
        with self._lock:
            first = question not in self._answers
            future = self._answers.setdefault(question, Future())
        if first:
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001 - kept for everyone who asks the same
                future.set_exception(error)
        return future.result()

    def _client(self, action: str, region: str | None) -> tuple[Any, str]:
        """The client, and the operation's name in it."""
        service, _, operation = action.partition(":")
        where = (service, region or self.region)
        with self._lock:  # sessions are not safe to use from several threads
            if where not in self._clients:
                make: Any = self._session.client
                client = make(
                    service, region_name=where[1], config=self.manner.config(service), **self._credentials
                )
                client.meta.events.register_first("needs-retry", _give_up_on_silence)
                self._clients[where] = client
            return self._clients[where], xform_name(operation)

    def _unanswered(
        self, action: str, region: str | None, about: str, error: ClientError | BotoCoreError
    ) -> UnansweredError:
        quoting = self.manner.quoting
        told = self._quoting(action, error) if quoting else self._plain(action, region, about, error)
        return UnansweredError(action, error, told)

    def _quoting(self, action: str, error: ClientError | BotoCoreError) -> str:
        told = _message_of(error)
        did = "refused" if is_refusal(error) else "did not answer"
        return f"account {self.account} {did} {action} ({code_of(error)}: {told})"

    def _plain(self, action: str, region: str | None, about: str, error: ClientError | BotoCoreError) -> str:
        about = f" for {about}" if about else ""
        place = f" in account {self.account}, Region {region or self.region}" if self.account else ""
        if isinstance(error, ClientError):
            did = "was refused" if is_refusal(error) else "failed"
            return f"{action} {did} ({code_of(error)}){about}{place}"
        return f"AWS {action.partition(':')[0]} could not be asked{about}{place}: {error}"


def _give_up_on_silence(attempts: int, caught_exception: Exception | None, **_more: object) -> None:
    """Ask a silent AWS no more, which botocore would do as often as one that says why it does not answer."""
    silent = isinstance(caught_exception, ConnectTimeoutError | ReadTimeoutError)
    if caught_exception is not None and silent and attempts >= _SILENCES:
        raise caught_exception


def _require_question(action: str) -> None:
    if not _READS.fullmatch(action):
        raise LzkeyError(f"{action} is no question")


def at_once(
    work: Callable[[_Item], _Result], items: Iterable[_Item], done: Callable[[], None] = lambda: None
) -> Iterator[_Result]:
    """What comes of each item, in their order, several being worked on at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(work, items):
            done()
            yield result
