"""No more questions a second than AWS answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lzkey.aws import account as module
from lzkey.aws.account import Asker, Log, Manner

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, OTHER = "111122223333", "444455556666"
HOME, ABROAD = "us-east-1", "eu-west-1"
EVENTS = "cloudtrail:LookupEvents"


class Clock:
    """A clock that stands still but for naps, which it keeps."""

    def __init__(self) -> None:
        self.now, self.naps = 100.0, list[float]()

    def sleep(self, seconds: float) -> None:
        """Take a nap."""
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which AWS is asked."""
    made = Clock()
    monkeypatch.setattr(module, "monotonic", lambda: made.now)
    monkeypatch.setattr(module, "sleep", made.sleep)
    return made


class Answering(boto3.Session):
    """A session whose clients get so many pages of events, or trails."""

    def __init__(self, pages: int = 1) -> None:
        super().__init__("a", "b", region_name=HOME)
        self._pages = pages

    def client(self, service_name: str, *_where: Any, **settings: Any) -> Any:
        """A client that reaches nobody."""
        made: Any = super().client(service_name, **settings)  # type: ignore[call-overload]
        stubber = Stubber(made)
        for page in range(1, self._pages + 1):
            last: Mapping[str, str] = {} if page == self._pages else {"NextToken": str(page)}
            stubber.add_response("lookup_events", {"Events": [], **last})
        stubber.activate()
        return made


def asker(account: str = ACCOUNT, pages: int = 1, log: Log | None = None, *, once: bool = False) -> Asker:
    """An asker of an account."""
    return Asker(Answering(pages), account, HOME, Manner(once=once), log)


def ask(asker: Asker, region: str = HOME) -> None:
    """Ask for events, as far as there are any."""
    assert list(asker.each(EVENTS, "Events", region=region)) == []


class TestPace:
    """Half a second apart, of an account and Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """

    def test_is_kept_from_page_to_page(self, clock: Clock) -> None:
        """The first question waits for nothing."""
        ask(asker(pages=4))
        assert clock.naps == [0.5, 0.5, 0.5]

    def test_is_kept_from_question_to_question(self, clock: Clock) -> None:
        """What has passed since the last one counts."""
        log = Log()
        ask(asker(log=log))
        clock.now += 0.125
        ask(asker(log=log))
        assert clock.naps == [0.375]
        clock.now += 60
        ask(asker(log=log))
        assert clock.naps == [0.375]

    def test_is_kept_by_all_who_ask_of_an_account(self, clock: Clock) -> None:
        """In whatever manner; threads that ask at the same moment stand in a line."""
        log = Log()
        ask(asker(log=log))
        ask(asker(log=log).with_manner(Manner(attempts=1)))
        assert clock.naps == [0.5]
        question = module.Question(EVENTS, HOME)
        assert [log.turn(ACCOUNT, question) for _ in range(3)] == [0.5, 1.0, 1.5]

    def test_is_each_accounts_and_regions_own(self, clock: Clock) -> None:
        """Nobody waits for another's."""
        log = Log()
        ask(asker(log=log))
        ask(asker(log=log), ABROAD)
        ask(asker(OTHER, log=log))
        assert clock.naps == []

    @pytest.mark.parametrize(
        ("address", "waits"),
        [
            ("http://localhost:4566", False),
            ("http://127.0.0.1:4566", False),
            ("http://[::1]:4566", False),
            ("https://cloudtrail.us-east-1.amazonaws.com", True),
            ("https://vpce-1a2b.cloudtrail.us-east-1.vpce.amazonaws.com", True),
            ("https://10.0.0.1", True),
            ("http://localhost.example.com", True),
        ],
    )
    def test_is_not_that_of_an_emulator_here(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch, address: str, *, waits: bool
    ) -> None:
        """Which has no such quota; any other address may lead to AWS."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        ask(asker(pages=2))
        assert bool(clock.naps) is waits

    def test_is_of_that_question_alone(self, clock: Clock) -> None:
        """Any other one is asked at once."""
        log = Log()
        question = module.Question("kms:DescribeKey", HOME)
        assert [log.turn(ACCOUNT, question) for _ in range(3)] == [0, 0, 0]
        assert clock.naps == []

    def test_an_answer_that_is_kept_takes_no_turn(self, clock: Clock) -> None:
        """Also where the question names a time, which is no JSON."""
        asking, since = asker(once=True), datetime(2026, 11, 29, 12, tzinfo=UTC)
        for _ in range(3):
            assert list(asking.each(EVENTS, "Events", StartTime=since)) == []
        assert clock.naps == []
        assert asking.log.calls == {EVENTS: 1}
