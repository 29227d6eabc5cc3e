"""The one asker of AWS: one way to ask, to page, to count, to refuse and to say what was not answered.

An operation that is no question is refused before it is called, unless it is told to change something.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BufferedReader
from ipaddress import ip_address
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from lzkey.aws.actions import operation_of
from lzkey.aws.answers import watch
from lzkey.aws.body import Body
from lzkey.aws.caller import Caller
from lzkey.aws.calls import tell_account
from lzkey.aws.silence import MOST_ATTEMPTS, Question, Silence
from lzkey.aws.unanswered import (
    CredentialsError,
    NotUnderstoodError,
    SilentError,
    UnansweredError,
    code_of,
    hint,
    is_about_credentials,
    is_refusal,
    is_unreachable,
    line,
    message_of,
    not_understood,
    why_unreachable,
)
from lzkey.errors import LzkeyError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import BinaryIO

    import boto3
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

    from lzkey import Json
    from lzkey.aws.silence import Place
    from lzkey.aws.unanswered import Failure
    from lzkey.aws.witness import Witness

#: Is told what is done, how many are done, and of how many.
Progress: TypeAlias = Callable[[str, int, int], None]

#: What works at the same time: a page of AWS Config's takes a good part of a second, and KMS allows at least
#: 500 requests a second. https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
AT_ONCE: Final = 8

#: What takes so many times as long as other questions: to query the results of an organization.
_SLOW: Final = 3
_SLOW_ONES: Final = frozenset(
    {
        "config:DescribeAggregateComplianceByConfigRules",
        "config:GetAggregateComplianceDetailsByConfigRule",
        "config:GetComplianceDetailsByConfigRule",
        "config:GetComplianceDetailsByResource",
        "config:SelectAggregateResourceConfig",
    }
)

#: No operation whose name begins otherwise is ever called.
_READS: Final = re.compile(r"[a-z0-9]+:(Describe|Get|Head|List|Lookup|Select|BatchGet)[A-Z]\w*")

#: Seconds between two questions of one kind to an account and Region, where AWS allows no more.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
PACE: Final = {"cloudtrail:LookupEvents": 0.5}

#: Bytes of a body that are read at once.
_PIECE: Final = 1 << 20

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
    """How many seconds AWS may take to answer; three times as many, to query an organization's results."""

    def patience_for(self, action: str) -> float:
        """How many seconds AWS may take to answer this."""
        return self.patience * (_SLOW if action in _SLOW_ONES else 1)

    def config(self, patience: float) -> Config:
        """The settings of clients that wait so many seconds."""
        return Config(
            retries={"mode": self.retries, "total_max_attempts": self.attempts},
            connect_timeout=self.patience,
            read_timeout=patience,
            max_pool_connections=4 * AT_ONCE,
        )


@dataclass(slots=True)
class Log:
    """What all accounts of a command share: the calls by action, what was not answered, and how long ago."""

    silence: Silence = field(default_factory=Silence)
    unanswered: bool = False
    """Whether something is not known for want of an answer."""
    calls: Counter[str] = field(default_factory=Counter)
    known: set[str] = field(default_factory=set)
    """Regions in which the credentials are accepted."""
    witness: Witness | None = None
    """Keeps answers as they were read, where somebody must show them later."""
    _turns: dict[tuple[str, Question], float] = field(default_factory=dict)
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

    def miss(self, error: UnansweredError, so: str = "") -> None:
        """Remember that there was no answer, and what comes of that."""
        self.unanswered = True
        self.note(f"{error}{so}")

    def turn(self, account: str, question: Question) -> float:
        """How many seconds to wait until AWS may be asked this again of an account."""
        apart = PACE.get(question.action)
        if apart is None:
            return 0
        with self._lock:
            now = monotonic()
            turn = max(now, self._turns.get((account, question), now))
            self._turns[account, question] = turn + apart
        return turn - now

    @property
    def notes(self) -> tuple[str, ...]:
        """All sentences, in the order in which they came."""
        return tuple(self._notes)


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
        self._clients: dict[tuple[str, str, float], Any] = {}
        self._paginators: dict[tuple[str, str | None], Any] = {}
        self._answers: dict[str, Future[Any]] = {}
        self._lock = Lock()

    @classmethod
    def of(
        cls, session: boto3.Session, manner: Manner, witness: Witness | None = None
    ) -> tuple[Asker, Caller]:
        """The account that the credentials belong to, in the session's Region.

        A witness keeps who asks, and what is read from then on. Raises UnansweredError, and CredentialsError
        where they are not accepted.
        """
        asker = cls(session, "", session.region_name, manner, Log(witness=witness))
        identity = asker.ask("sts:GetCallerIdentity")
        try:
            asker.account, arn = str(identity["Account"]), str(identity["Arn"])
            caller = Caller(asker.account, arn.split(":")[1], arn)
        except (KeyError, IndexError) as error:
            raise UnansweredError.of_answer("sts:GetCallerIdentity", error) from error
        asker.log.calls.clear()  # it needs no permission, and is no question about the account
        if witness is not None:
            witness.caller = caller
        return asker, caller

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
            raise self._failed(action, region, about, error) from error

    def stream(self, action: str, /, *, about: str, **arguments: str) -> BinaryIO:
        """The body of an answer as it comes; asking raises UnansweredError, and so does every read."""

        def ask(**part: str) -> Json:
            asked: dict[str, Any] = {**arguments, **part}
            return self.ask(action, about=about, **asked)

        return BufferedReader(Body(action, about, ask), _PIECE)

    def change(self, action: str, /, *, region: str | None = None, **arguments: object) -> Json:
        """Change something, such as by `kms:PutKeyPolicy`. Raises UnansweredError."""
        try:
            return self._call(action, region, arguments)
        except (ClientError, BotoCoreError) as error:
            raise self._failed(action, region, "", error) from error

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
                self.log.miss(error)
            return otherwise

    def _call(self, action: str, region: str | None, arguments: Mapping[str, object]) -> Json:
        client, operation = self._client(action, region)
        asked_at = datetime.now(UTC)
        with self._asking(action, region):
            self.log.count(action)
            answer = getattr(client, operation)(**arguments)
        self._witnessed(action, region, asked_at, arguments, answer)
        return answer

    def _witnessed(
        self,
        action: str,
        region: str | None,
        asked_at: datetime,
        arguments: Mapping[str, object],
        answer: Json,
    ) -> None:
        if self.log.witness is not None and isinstance(answer, dict):
            where = (self.account, region or self.region)
            self.log.witness.saw(action, where, asked_at, arguments, answer)

    def _pages(
        self, action: str, member: str, region: str | None, size: int | None, arguments: Mapping[str, object]
    ) -> Iterator[Any]:
        """Also those that come after an empty one."""
        paginator = self._paginators.get((action, region))
        if paginator is None:  # botocore makes a class for each that it gives
            client, operation = self._client(action, region)
            paginator = self._paginators[action, region] = client.get_paginator(operation)
        limits = {"PageSize": size} if size else {}
        pages = iter(paginator.paginate(**arguments, PaginationConfig=limits))

        def following() -> Json:
            asked_at = datetime.now(UTC)
            with self._asking(action, region):
                page = next(pages, None)
            self._witnessed(action, region, asked_at, arguments, page)
            return page

        try:
            while (page := following()) is not None:
                self.log.count(action)
                yield from page.get(member, ())
        except (ClientError, BotoCoreError) as error:
            if not isinstance(error, SilentError):
                self.log.count(action)
            raise

    @contextmanager
    def _asking(self, action: str, region: str | None) -> Iterator[None]:
        """One question: as long as there is no answer, the silence of AWS."""
        question, silence = Question(action, region or self.region), self.log.silence
        try:
            with silence.asking(question, self.manner.patience_for(action)):
                yield
            self.log.known.add(question.region)
        except (ClientError, BotoCoreError) as error:
            if is_unreachable(error):
                silence.gave_up(question)
            else:
                silence.heard(question.place)
            raise
        except (OSError, ValueError) as error:  # a file of credentials, or what a process says of them
            raise CredentialsError(error) from error
        except (KeyError, TypeError, AttributeError, ResponseParserError) as error:
            raise not_understood(str(question), error) from error

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
            raise self._failed(action, region, about, error) from error

    def _once(
        self, action: str, region: str | None, arguments: Mapping[str, object], call: Callable[[], Any]
    ) -> Json:
        question = json.dumps([action, region, arguments], sort_keys=True, default=str)  # times, too
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
        service = action.partition(":")[0]
        patience = self.manner.patience_for(action)
        where = (service, region or self.region, patience)
        with self._lock:  # sessions are not safe to use from several threads
            if where not in self._clients:
                make: Any = self._session.client
                settings = {"region_name": where[1], "config": self.manner.config(patience)}
                try:
                    client = make(service, **settings, **self._credentials)
                except (BotoCoreError, OSError, ValueError) as error:
                    raise CredentialsError(error) from error
                watch(client.meta.events)
                tell_account(client.meta.events, lambda: self.account)
                _listen(client.meta.events, self.log.silence, where[:2], patience)
                if not _is_on_this_machine(client.meta.endpoint_url):
                    self._pace(client.meta.events, *where[:2])
                self._clients[where] = client
            return self._clients[where], xform_name(operation_of(action))

    def _pace(self, events: BaseEventHooks, service: str, region: str) -> None:
        """Let a client wait for its turn before a request, and for none where no request follows."""

        def wait(model: OperationModel, **_: object) -> None:
            if seconds := self.log.turn(self.account, Question(f"{service}:{model.name}", region)):
                sleep(seconds)

        events.register_first("provide-client-params", wait)

    def _failed(
        self, action: str, region: str | None, about: str, error: Failure
    ) -> UnansweredError | CredentialsError:
        """What a question's failure comes to; a role's credentials are not those of whoever asks."""
        where = region or self.region
        elsewhere = bool(self.log.known) and where not in self.log.known
        if not self._credentials and is_about_credentials(error, action, elsewhere=elsewhere):
            return CredentialsError(error, action)
        quoting = self.manner.quoting
        told = self._quoting(action, where, error) if quoting else self._plain(action, where, about, error)
        return UnansweredError(action, error, told)

    def _quoting(self, action: str, region: str, error: Failure) -> str:
        if is_unreachable(error):
            return self._unreachable(action, region, "", error)
        whose = f"account {self.account}" if self.account else "AWS"
        if isinstance(error, NotUnderstoodError):
            return f"{whose}: {error}"
        did = "refused" if is_refusal(error) else "answered with an error to"
        return f"{whose} {did} {action} ({code_of(error)}: {message_of(error)}){hint(error)}"

    def _plain(self, action: str, region: str, about: str, error: Failure) -> str:
        about = f" for {about}" if about else ""
        if is_unreachable(error):
            return self._unreachable(action, region, about, error)
        place = f" in account {self.account}, Region {region}" if self.account else ""
        if isinstance(error, ClientError):
            did = "was refused" if is_refusal(error) else "failed"
            return f"{action} {did} ({code_of(error)}){about}{place}{hint(error)}"
        return f"{action} was not understood{about}{place}: {line(str(error))}"

    def _unreachable(self, action: str, region: str, about: str, error: Failure) -> str:
        account = f" in account {self.account}" if self.account else ""
        return f"{action} was not answered{about}{account}: {why_unreachable(error, region)}"


def _listen(events: BaseEventHooks, silence: Silence, place: Place, patience: float) -> None:
    """Let a client tell what is heard, and give up on what stays silent.

    botocore would ask a silent AWS as often as one that says why it does not answer.
    """

    def heard(exception: Exception | None, **_: object) -> None:
        if exception is None:  # also where it refuses
            silence.heard(place)

    def give_up(attempts: int, caught_exception: Exception | None, **_: object) -> None:
        timed_out = isinstance(caught_exception, ConnectTimeoutError | ReadTimeoutError)
        last = attempts >= MOST_ATTEMPTS or not silence.allows(place, patience)
        if caught_exception is not None and timed_out and last:
            raise caught_exception

    events.register("response-received", heard)
    events.register_first("needs-retry", give_up)


def _is_on_this_machine(address: str) -> bool:
    """Whether an endpoint is an emulator's, which has none of AWS's quotas."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _require_question(action: str) -> None:
    if not _READS.fullmatch(action):
        raise LzkeyError(f"{action} is no question")


def at_once(
    work: Callable[[_Item], _Result], items: Iterable[_Item], done: Callable[[], None] = lambda: None
) -> Iterator[_Result]:
    """What comes of each item, in their order, several being worked on at the same time."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for result in pool.map(work, items):
            done()
            yield result
    finally:  # somebody who wants no more, as by Ctrl-C, waits for nothing
        pool.shutdown(wait=False, cancel_futures=True)
