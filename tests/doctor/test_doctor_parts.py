"""The parts that need no deployment: the table, the reader, the runtimes, the recorder's settings."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import boto3
import cfnlint
import pytest
from botocore.stub import Stubber
from cfnlint.decode import decode

from lzkey.aws.account import Asker
from lzkey.aws.recorder import key_frequency, records_keys
from lzkey.aws.unanswered import UnansweredError
from lzkey.deployment.build import RUNTIME
from lzkey.doctor import EXPECTATIONS
from lzkey.doctor.function import DEPRECATED_ON
from lzkey.doctor.landing_zone import landing_zone
from lzkey.doctor.role import KNOWN
from lzkey.doctor.subject import MANNER, Subject, ago
from lzkey.errors import LzkeyError
from lzkey.parameters import load
from lzkey.workplace import Shipped, Workplace
from lzkey_sandbox.http.contract import service_model

from .conftest import ROOT

if TYPE_CHECKING:
    from .conftest import Management

NOW = datetime(2026, 11, 25, tzinfo=UTC)


class TestTable:
    """What is checked, by whom, with which permissions."""

    def test_names_are_stable_and_unique(self) -> None:
        """Programs know the lines by them."""
        names = [made.name for made in EXPECTATIONS]
        assert len({*names}) == len(names)
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)

    @pytest.mark.parametrize("made", EXPECTATIONS, ids=[made.name for made in EXPECTATIONS])
    def test_declares_what_it_asks(
        self, account: Management, made: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Looking alone, a check asks nothing that its row does not name."""
        monkeypatch.setattr("lzkey.doctor.examination.EXPECTATIONS", (made,))
        account.sandbox.forget_calls()
        account.examine()
        called = {f"{call.service}:{call.operation}" for call in account.sandbox.calls}
        assert called - {"sts:GetCallerIdentity", "s3:GetObject"} <= {*made.actions}

    def test_actions_exist(self) -> None:
        """Each is an operation that botocore knows."""
        for action in {action for made in EXPECTATIONS for action in made.actions}:
            service, _, operation = action.partition(":")
            assert operation in service_model(service).operation_names


class StubbedSession(boto3.Session):
    """A session with one client that answers what a test says, in that order, as botocore's model allows."""

    def __init__(self, *answers: Any, service: str = "config") -> None:
        super().__init__("a", "b", region_name="us-east-1")
        self.made: Any = super().client(service)  # type: ignore[call-overload]
        self.stubber = Stubber(self.made)
        for answer in answers:
            if isinstance(answer, str):
                self.stubber.add_client_error("describe_config_rules", answer, "it says\nwhy")
            else:
                method, response = answer
                self.stubber.add_response(method, response)
        self.stubber.activate()

    def client(self, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        """Return the one client."""
        return self.made


class TestReader:
    """Asks once, and only asks."""

    @pytest.mark.parametrize(
        "action",
        [
            "config:PutConfigRule",
            "config:StartConfigRulesEvaluation",
            "iam:DeleteRole",
            "sts:AssumeRole",
            "Get",
        ],
    )
    def test_refuses_what_is_no_question(self, action: str) -> None:
        """Before any call is made."""
        with pytest.raises(LzkeyError, match="is no question"):
            Asker(StubbedSession(), "111122223333", "us-east-1", MANNER).ask(action)

    def test_asks_once(self) -> None:
        """However many threads want to know at the same moment; a second call would find no answer."""
        session = StubbedSession(("describe_config_rules", {"ConfigRules": []}))
        reader, barrier, answers = Asker(session, "111122223333", "us-east-1", MANNER), Barrier(4), []

        def ask() -> None:
            barrier.wait()
            answers.append(reader.ask("config:DescribeConfigRules"))

        threads = [Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [answer["ConfigRules"] for answer in answers] == [[]] * 4
        session.stubber.assert_no_pending_responses()

    def test_what_is_absent(self) -> None:
        """An error code that means "there is none" is no failure; any other is."""
        code = "NoSuchConfigRuleException"
        absent = Asker(StubbedSession(code), "111122223333", "us-east-1", MANNER)
        assert absent.ask("config:DescribeConfigRules", absent={code}) is None
        with pytest.raises(UnansweredError):
            Asker(StubbedSession(code), "111122223333", "us-east-1", MANNER).ask("config:DescribeConfigRules")

    @pytest.mark.parametrize(
        ("code", "refused", "said"),
        [
            ("AccessDeniedException", True, "account 111122223333 refused config:DescribeConfigRules (Acc"),
            ("AccessDenied", True, "account 111122223333 refused config:DescribeConfigRules (Acc"),
            ("UnauthorizedOperation", True, "account 111122223333 refused config:DescribeConfigRules (Una"),
            ("ValidationException", False, "account 111122223333 answered with an error to config:Desc"),
        ],
    )
    def test_names_action_and_account(self, code: str, said: str, *, refused: bool) -> None:
        """Refused is told from failed: the first has a fix of its own."""
        with pytest.raises(UnansweredError) as caught:
            Asker(StubbedSession(code), "111122223333", "us-east-1", MANNER).ask("config:DescribeConfigRules")
        assert caught.value.refused is refused
        assert str(caught.value).startswith(said)


class TestLandingZone:
    """What GetLandingZone says beyond the keys."""

    @pytest.mark.parametrize(
        ("answered", "status", "detail"),
        [
            ({"status": "ACTIVE"}, "ok", "version 3.3, ACTIVE"),
            (
                {"status": "ACTIVE", "driftStatus": {"status": "DRIFTED"}},
                "ok",
                "version 3.3, ACTIVE and DRIFTED",
            ),
            (
                {"status": "FAILED"},
                "problem",
                "version 3.3, FAILED: its manifest may not be what is in force",
            ),
            ({"status": "PROCESSING"}, "unknown", "version 3.3, PROCESSING: its manifest may be changing"),
            ({}, "ok", "version 3.3, of unknown status"),
        ],
    )
    def test_status(self, answered: Any, status: str, detail: str) -> None:
        """A failed operation leaves a manifest that nobody should rely on."""
        arn = "arn:aws:controltower:us-east-1:111122223333:landingzone/1A2B3C4D5E6F7G8H"
        session = StubbedSession(
            ("list_landing_zones", {"landingZones": [{"arn": arn}]}),
            ("get_landing_zone", {"landingZone": {"version": "3.3", "manifest": {}, **answered}}),
            service="controltower",
        )
        where = ("111122223333", "us-east-1", "aws", Shipped.in_checkout(ROOT), NOW)
        subject = Subject(
            load("example", at=Workplace.in_checkout(ROOT)),
            Asker(session, "111122223333", "us-east-1", MANNER),
            *where,
        )
        check = landing_zone(subject)
        assert (check.status.value, check.detail) == (status, detail)


class TestRuntimes:
    """AWS's dates."""

    def test_as_cfn_lint_has_them(self) -> None:
        """Two who read the same page of AWS."""
        file = Path(cfnlint.__file__).parent / "data/AdditionalSpecs/LmbdRuntimeLifecycle.json"
        theirs = json.loads(file.read_text())
        for name, day in DEPRECATED_ON.items():
            assert date.fromisoformat(theirs[name]["deprecated"]) == day, name

    def test_knows_ours(self) -> None:
        """The one that `lzkey build` asks for, and it is not deprecated."""
        assert DEPRECATED_ON[RUNTIME] > NOW.date()


class TestRole:
    """What a role may have without anybody minding."""

    def test_is_what_the_template_can_allow(self) -> None:
        """All of deploy/lambda-role.yaml, and making the log group, which Lambda's own policy has."""
        template, _ = decode(str(ROOT / "deploy/lambda-role.yaml"))
        actions = {*re.findall(r'"([a-z]+:[A-Z][A-Za-z]+)"', json.dumps(template["Resources"]["Role"]))}
        trusted, assumed = "sts:AssumeRole", "logs:CreateLogGroup"
        assert actions - {trusted, *re.findall(r"aws:\w+", json.dumps(template))} == KNOWN - {assumed}


class TestRecorders:
    """Whether and how often a recorder records keys."""

    @pytest.mark.parametrize(
        ("group", "records"),
        [
            ({"allSupported": True}, True),
            ({"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]}, True),
            ({"allSupported": False, "resourceTypes": ["AWS::KMS::Alias"]}, False),
            ({"recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}}, True),
            (
                {
                    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                    "exclusionByResourceTypes": {"resourceTypes": ["AWS::KMS::Key"]},
                },
                False,
            ),
            ({}, False),
        ],
    )
    def test_records_keys(self, group: Any, *, records: bool) -> None:
        """Each strategy, with keys and without."""
        assert records_keys({"recordingGroup": group}) is records

    @pytest.mark.parametrize(
        ("mode", "frequency"),
        [
            (None, "CONTINUOUS"),
            ({"recordingFrequency": "DAILY"}, "DAILY"),
            ({"recordingFrequency": "CONTINUOUS"}, "CONTINUOUS"),
            (("CONTINUOUS", "AWS::KMS::Key", "DAILY"), "DAILY"),
            (("DAILY", "AWS::KMS::Key", "CONTINUOUS"), "CONTINUOUS"),
            (("DAILY", "AWS::S3::Bucket", "CONTINUOUS"), "DAILY"),
        ],
    )
    def test_how_often(self, mode: Any, frequency: str) -> None:
        """An override for keys counts more than the frequency of everything else."""
        if isinstance(mode, tuple):
            everything, kind, override = mode
            overrides = [{"resourceTypes": [kind], "recordingFrequency": override}]
            mode = {"recordingFrequency": everything, "recordingModeOverrides": overrides}
        recorder: Any = {} if mode is None else {"recordingMode": mode}
        assert key_frequency(recorder) == frequency


class TestAgo:
    """How long ago something was."""

    @pytest.mark.parametrize(
        ("past", "said"),
        [
            (timedelta(seconds=-5), "less than a minute ago"),
            (timedelta(seconds=59), "less than a minute ago"),
            (timedelta(seconds=60), "1 minute ago"),
            (timedelta(minutes=59), "59 minutes ago"),
            (timedelta(hours=1), "1 hour ago"),
            (timedelta(hours=47), "1 day ago"),
            (timedelta(days=2), "2 days ago"),
        ],
    )
    def test_in_the_largest_unit(self, past: timedelta, said: str) -> None:
        """A clock that is a little behind is no riddle."""
        assert ago(NOW, NOW - past) == said
