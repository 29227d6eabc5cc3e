"""fix --apply: saved first, put with KMS's lockout check, read again, judged again, and taken back."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.stub import Stubber

from lzkey.aws.account import Asker, Manner
from lzkey.check.applying import Applying, save
from lzkey.check.formats.proposed import to_put
from lzkey.check.proposal import Proposal, propose
from lzkey.errors import ApplyError, OutputError
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Create, MakeFound, Run

    from landing_zone_key import LandingZone
    from lzkey_sandbox import Sandbox

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def asking(kms: Any) -> Asker:
    """The account, asked with this one client."""
    session: Any = SimpleNamespace(client=lambda *_, **__: kms)
    return Asker(session, ARN.split(":")[4], "us-east-1", Manner())


def policy_of(aws: Sandbox, arn: str) -> Any:
    """A key's policy, now."""
    return json.loads(aws.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"])


def way_back(said: str) -> str:
    """The command that takes the change back."""
    return re.findall(r"to take the change back: (.*)", said)[-1]


def in_a_shell(aws: Sandbox, command: str) -> None:
    """Run what was printed as a reader would, with the real AWS CLI."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    environment = {**aws.environment, "PATH": path}
    subprocess.run(["/bin/sh", "-c", command], env=environment, check=True, capture_output=True)


class TestCommand:
    """lzkey fix KEY --apply."""

    def test_puts_the_policy_and_tells_the_way_back(
        self, run: Run, live: Sandbox, create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The key is compliant then; the saved policy is its owner's alone; the command brings it back."""
        folder = tmp_path / "a 'b"  # quoted for the shell
        folder.mkdir()
        monkeypatch.chdir(folder)
        arn = create("missing")
        before = policy_of(live, arn)
        live.forget_calls()
        ended = run("fix", arn, *SETTINGS, "--apply", "--yes")
        assert ended.code == 0, ended.err
        assert '+      "Sid": "Allow Config to use KMS for encryption",' in ended.out
        asked = [call.operation for call in live.calls if call.service == "kms"]
        assert asked == ["DescribeKey", "GetKeyPolicy", "GetKeyPolicy", "PutKeyPolicy", "GetKeyPolicy"]
        assert run("check", "--key", arn, *SETTINGS).code == 0
        (saved,) = folder.iterdir()
        assert json.loads(saved.read_text()) == before
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        assert str(saved) in ended.err
        in_a_shell(live, way_back(ended.err))
        assert policy_of(live, arn) == before

    def test_nothing_to_do(self, run: Run, live: Sandbox, create: Create, tmp_path: Path) -> None:
        """A policy that is right is not put again."""
        arn = create("documented")
        ended = run("fix", arn, *SETTINGS, "--apply", "--yes", "--backup", str(tmp_path))
        assert (ended.code, list(tmp_path.iterdir())) == (0, [])
        assert "PutKeyPolicy" not in {call.operation for call in live.calls}

    def test_what_stays_is_said(self, run: Run, live: Sandbox, create: Create, tmp_path: Path) -> None:
        """A Deny in the way is not touched, the missing statement is added, and the end is 3."""
        arn = create("denied")
        ended = run("fix", arn, *SETTINGS, "--apply", "--yes", "--backup", str(tmp_path))
        assert ended.code == 3
        assert "cannot be repaired here" in ended.out
        assert "judged again: NON_COMPLIANT: CLOUDTRAIL_ACCESS: " in ended.err
        assert len(policy_of(live, arn)["Statement"]) == 4

    @pytest.mark.parametrize("code", ["AccessDeniedException", "MalformedPolicyDocumentException"])
    def test_kms_refuses(self, run: Run, live: Sandbox, create: Create, tmp_path: Path, code: str) -> None:
        """For want of permission, or because nobody could change the policy afterwards."""
        arn = create("missing")
        before = policy_of(live, arn)
        live.fail_next("kms", "PutKeyPolicy", code)
        ended = run("fix", arn, *SETTINGS, "--apply", "--yes", "--backup", str(tmp_path))
        assert ended.code == 1
        assert f"refused kms:PutKeyPolicy ({code}" in ended.err or f"kms:PutKeyPolicy ({code}" in ended.err
        assert "the policy was not put: the old one is there, as it is read now" in ended.err
        assert policy_of(live, arn) == before
        assert f"--key-id {arn} --policy-name default --policy file://{tmp_path}/" in way_back(ended.err)

    def test_nowhere_to_save(self, run: Run, live: Sandbox, create: Create, tmp_path: Path) -> None:
        """Then nothing is put."""
        arn = create("missing")
        before = policy_of(live, arn)
        ended = run("fix", arn, *SETTINGS, "--apply", "--yes", "--backup", str(tmp_path / "nowhere"))
        assert ended.code == 2
        assert "nothing was changed" in ended.err
        assert policy_of(live, arn) == before


class TestAsking:
    """On a terminal, without --yes."""

    def ask(
        self, live: Sandbox, arn: str, folder: Path, answer: bytes, meanwhile: Callable[[], object]
    ) -> tuple[int, str]:
        """Run the command on a terminal; answer its question when it has been asked."""
        ours, theirs = pty.openpty()
        words = [sys.executable, "-m", "lzkey", "fix", arn, *SETTINGS, "--apply", "--backup", str(folder)]
        environment = {**live.environment, "NO_COLOR": "1", "TERM": "dumb"}
        with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
            os.close(theirs)
            said = b""
            while b"[y/N]" not in said:
                said += os.read(ours, 4_096)
            meanwhile()
            os.write(ours, answer)
            while True:
                try:
                    more = os.read(ours, 4_096)
                except OSError:  # the other end is closed
                    break
                said += more
        os.close(ours)
        return process.returncode, said.decode()

    @pytest.mark.parametrize(
        ("answer", "statements", "code"), [(b"y\n", 3, 0), (b"n\n", 1, 3), (b"\n", 1, 3)]
    )
    def test_answer(
        self, live: Sandbox, create: Create, tmp_path: Path, answer: bytes, statements: int, code: int
    ) -> None:
        """Only a yes is one."""
        arn = create("missing")
        ended, said = self.ask(live, arn, tmp_path, answer, lambda: None)
        found = policy_of(live, arn)["Statement"]
        assert (len(found) if isinstance(found, list) else 1, ended) == (statements, code)
        assert ("nothing was changed" in said) == (code != 0)
        assert len(list(tmp_path.iterdir())) == (code == 0)

    @pytest.mark.parametrize(("typed", "code"), [("", 3), ("y\n", 0)])
    def test_no_answer(
        self,
        run: Run,
        create: Create,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        typed: str,
        code: int,
    ) -> None:
        """The end of the input, or Ctrl-C, is no yes; it is said that nothing was changed."""
        terminal = StringIO(typed)
        monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdin", terminal)
        ended = run("fix", create("missing"), *SETTINGS, "--apply", "--backup", str(tmp_path))
        assert ended.code == code
        assert ("nothing was changed" in ended.err) == (code != 0) == (list(tmp_path.iterdir()) == [])

    def test_somebody_else_is_faster(self, live: Sandbox, create: Create, tmp_path: Path) -> None:
        """What was shown is not what is there any more: nothing is put."""
        arn = create("missing")
        changed = {**policy_of(live, arn), "Id": "changed meanwhile"}

        def change() -> None:
            kms = live.client("kms")
            kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(changed))

        ended, said = self.ask(live, arn, tmp_path, b"y\n", change)
        assert ended == 1
        assert "somebody has changed the key policy" in said
        assert policy_of(live, arn) == changed
        assert list(tmp_path.iterdir()) == []


class TestCalls:
    """The calls themselves, as AWS's own model of them has it."""

    def applied(
        self,
        proposal: Proposal,
        zone: LandingZone,
        folder: Path,
        *read: str,
        told: list[str] | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> tuple[State, list[float]]:
        """Apply with KMS answering one policy after the other; the state, and how long it waited."""
        told = [] if told is None else told
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106 - nobody's
        waits: list[float] = []
        asked = {"KeyId": ARN, "PolicyName": "default"}
        with Stubber(kms) as stubber:
            assert proposal.after is not None
            put = {**asked, "Policy": to_put(proposal.after), "BypassPolicyLockoutSafetyCheck": False}
            first, *rest = read
            stubber.add_response("get_key_policy", {"Policy": first}, asked)
            stubber.add_response("put_key_policy", {}, put)
            for policy in rest:
                stubber.add_response("get_key_policy", {"Policy": policy}, asked)
            applying = Applying(asking(kms), folder, told.append, wait or waits.append)
            verdict = applying.apply(proposal, zone, NOON)
            stubber.assert_no_pending_responses()
        return verdict.state, waits

    @pytest.fixture
    def proposal(self, make_found: MakeFound, make_key: Any, zone: LandingZone) -> Proposal:
        """For a key whose policy is there as text, as KMS gives it."""
        key = make_key("missing")
        return propose(make_found(key=key.with_policy(json.dumps(key.policy))), zone)

    def test_lockout_check_is_on(self, proposal: Proposal, zone: LandingZone, tmp_path: Path) -> None:
        """BypassPolicyLockoutSafetyCheck is false, and said to be."""
        shown, after = str(proposal.found.key.policy), json.dumps(proposal.after)
        assert self.applied(proposal, zone, tmp_path, shown, after) == (State.COMPLIANT, [])

    def test_kms_takes_its_time(self, proposal: Proposal, zone: LandingZone, tmp_path: Path) -> None:
        """It is eventually consistent: the old policy may be read for a while, longer and longer apart."""
        shown, after = str(proposal.found.key.policy), json.dumps(proposal.after)
        assert self.applied(proposal, zone, tmp_path, shown, shown, shown, after) == (State.COMPLIANT, [0, 1])

    def test_another_policy_is_read_back(self, proposal: Proposal, zone: LandingZone, tmp_path: Path) -> None:
        """That is a failure, with the way back."""
        shown = str(proposal.found.key.policy)
        told: list[str] = []
        with pytest.raises(ApplyError, match="another one is read back"):
            self.applied(proposal, zone, tmp_path, shown, *[shown] * 6, told=told)
        (saved,) = tmp_path.iterdir()
        assert f"--key-id {ARN} --policy-name default --policy file://{saved}" in way_back("\n".join(told))

    def test_interrupted(self, proposal: Proposal, zone: LandingZone, tmp_path: Path) -> None:
        """Ctrl-C after the policy was put: the way back is told all the same."""
        shown, told = str(proposal.found.key.policy), list[str]()

        def wait(_seconds: float) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.applied(proposal, zone, tmp_path, shown, shown, told=told, wait=wait)
        assert "--policy-name default" in way_back("\n".join(told))

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (ReadTimeoutError(endpoint_url="https://kms"), "AWS does not answer"),
            (ConnectionClosedError(endpoint_url="https://kms"), "AWS cannot be reached"),
            (ClientError({"Error": {"Code": "LimitExceeded"}}, "PutKeyPolicy"), "LimitExceeded"),
            (ClientError({"Error": {"Code": "ExpiredTokenException"}}, "PutKeyPolicy"), "have expired"),
        ],
    )
    @pytest.mark.parametrize("there", ["the old one", "the new one", "a third one", "nobody knows which"])
    def test_a_put_that_failed(
        self, proposal: Proposal, zone: LandingZone, tmp_path: Path, error: Exception, said: str, there: str
    ) -> None:
        """May have arrived all the same: what is there is read, and nothing else is believed."""
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106 - nobody's
        shown, told = str(proposal.found.key.policy), list[str]()
        policies = {"the old one": shown, "the new one": json.dumps(proposal.after), "a third one": "{}"}
        reads: Iterator[str | None] = chain([shown], repeat(policies.get(there)))

        def get(**_: object) -> tuple[Any, Any]:
            policy = next(reads)
            if policy is None:
                raise ReadTimeoutError(endpoint_url="https://kms")
            return SimpleNamespace(status_code=200), {"Policy": policy}

        def put(**_: object) -> None:
            raise error

        kms.meta.events.register("before-call.kms.GetKeyPolicy", get)
        kms.meta.events.register("before-call.kms.PutKeyPolicy", put)
        applying = Applying(asking(kms), tmp_path, told.append, lambda _: None)
        if there == "the new one":
            assert applying.apply(proposal, zone, NOON).state is State.COMPLIANT
            assert any(said in line and "but the policy was put: it is read back" in line for line in told)
        else:
            with pytest.raises(ApplyError, match=said) as caught:
                applying.apply(proposal, zone, NOON)
            words = {
                "the old one": "the policy was not put: the old one is there, as it is read now",
                "a third one": "a third policy is there, as it is read now",
                "nobody knows which": "nobody knows whether the policy was put: it cannot be read back",
            }
            assert [key for key, value in words.items() if value in str(caught.value)] == [there]
        (saved,) = tmp_path.iterdir()
        assert saved.read_text() == shown
        assert f"--policy file://{saved}" in way_back("\n".join(told))

    @pytest.mark.parametrize(("status", "retries", "reads"), [(400, 0, 2), (400, 1, 7), (503, 0, 7)])
    def test_how_often_it_is_read(
        self, proposal: Proposal, zone: LandingZone, tmp_path: Path, status: int, retries: int, reads: int
    ) -> None:
        """Before, and once after what was refused the first time; else it may arrive a bit later."""
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106 - nobody's
        read: list[None] = []
        told = {"HTTPStatusCode": status, "RetryAttempts": retries}
        error: Any = {"Error": {"Code": "LimitExceeded"}, "ResponseMetadata": told}

        def get(**_: object) -> tuple[Any, Any]:
            read.append(None)
            return SimpleNamespace(status_code=200), {"Policy": str(proposal.found.key.policy)}

        def put(**_: object) -> None:
            raise ClientError(error, "PutKeyPolicy")

        kms.meta.events.register("before-call.kms.GetKeyPolicy", get)
        kms.meta.events.register("before-call.kms.PutKeyPolicy", put)
        with pytest.raises(ApplyError, match="the policy was not put"):
            Applying(asking(kms), tmp_path, lambda _: None, lambda _: None).apply(proposal, zone, NOON)
        assert len(read) == reads


class TestSaving:
    """The policy as it was."""

    def test_never_over_a_file_that_is_there(self, tmp_path: Path) -> None:
        """Another name is found; nothing else is left behind."""
        paths = [save(text, tmp_path, "policy") for text in ("a", "b", "c")]
        assert [path.name for path in paths] == ["policy.json", "policy-2.json", "policy-3.json"]
        assert [path.read_text() for path in paths] == ["a", "b", "c"]
        assert sorted(tmp_path.iterdir()) == sorted(paths)

    def test_nowhere(self, tmp_path: Path) -> None:
        """No folder of that name is made."""
        with pytest.raises(OutputError, match="nothing was changed"):
            save("a", tmp_path / "nowhere", "policy")
