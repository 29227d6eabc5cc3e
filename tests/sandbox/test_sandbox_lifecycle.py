"""One sandbox at a time, nothing that leaves the machine, and nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import EvaluationLoopError, Sandbox, SandboxInUseError

from .conftest import Account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for all temporary files of the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    tempfile.tempdir = None


def ended(process_id: int) -> bool:
    """Say whether there is no such process any more, not even a defunct one."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


class TestLeavingIt:
    """Everything that the sandbox started ends with it."""

    def test_processes_threads_ports_and_files(self, scratch: Path) -> None:
        """Two warm functions, a client with its connections, the endpoint."""
        before = set(threading.enumerate())
        with Sandbox() as sandbox:
            account = Account(sandbox)
            for name in ("first", "second"):
                account.function("EVENT_LOG", name)
                assert sandbox.invoke(name, {}).error is None
            processes, port = sandbox.process_ids, int(sandbox.endpoint_url.rpartition(":")[2])
            assert len(processes) == 2
            assert list(scratch.iterdir())
        for thread in set(threading.enumerate()) - before:
            thread.join(timeout=5)
        assert set(threading.enumerate()) <= before
        assert all(map(ended, processes))
        assert list(scratch.iterdir()) == []
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    def test_in_the_middle_of_an_evaluation(self, scratch: Path) -> None:
        """A function that would sleep for a minute is not waited for, and pending evaluations are dropped."""
        started = time.monotonic()
        with Sandbox() as sandbox:
            account = Account(sandbox)
            account.rule(account.function("PROBE_RULE"))
            for _ in range(3):
                sandbox.client("kms").create_key(Description="sleep")
            with pytest.raises(EvaluationLoopError, match="3 evaluations are not done"):
                sandbox.settle(timeout=1)
            (process,) = sandbox.process_ids
        assert time.monotonic() - started < 25
        assert ended(process)
        assert list(scratch.iterdir()) == []

    def test_after_an_error_in_it(self) -> None:
        """The error comes through, and a new sandbox can be started."""
        with pytest.raises(KeyError, match="mine"), Sandbox():
            raise KeyError("mine")
        with Sandbox() as again:
            assert again.client("kms").list_keys()["Keys"] == []


class TestOneAtATime:
    """moto's state belongs to the process."""

    def test_a_second_one_is_refused(self, sandbox: Sandbox) -> None:
        """And the first one goes on."""
        with pytest.raises(SandboxInUseError, match="another sandbox is running in this process"):
            Sandbox().__enter__()
        assert sandbox.client("kms").list_keys()["Keys"] == []

    def test_the_next_one_is_empty(self) -> None:
        """Also when it is the same object: keys, rules, history and calls are forgotten."""
        sandbox = Sandbox()
        with sandbox:
            account = Account(sandbox)
            key_id = account.key()
            account.rule(account.function("EVENT_LOG"))
            assert len(account.events()) == 1
        with sandbox:
            account = Account(sandbox)
            assert sandbox.client("config").describe_config_rules()["ConfigRules"] == []
            with pytest.raises(ClientError, match="ResourceNotDiscoveredException"):
                account.history(key_id)
            account.rule(account.function("EVENT_LOG"))
            account.key()
            assert len(account.events()) == 1


class TestNothingGoesOut:
    """The loopback interface is all there is."""

    def test_rdklibs_fixed_sts_host(self, account: Account) -> None:
        """It is refused by the proxy, and rdklib goes on with the endpoint, in the recorder's role."""
        account.sandbox.client("config").put_configuration_recorder(
            ConfigurationRecorder={"name": "default", "roleARN": account.role("config")}
        )
        rule = account.rule(account.function("PROBE_RULE"), parameters={"AssumeRoleMode": "True"})
        key_id = account.key()
        assert set(account.sandbox.refused_hosts) == {"sts.us-east-1.amazonaws.com"}
        assert account.sandbox.compliance(rule)[key_id].compliance_type == "COMPLIANT"
        assumed = [call for call in account.sandbox.calls if call.operation == "AssumeRole"]
        assert [(call.service, call.error) for call in assumed] == [("sts", "")]

    def test_the_service_linked_role_cannot_be_assumed(self, account: Account) -> None:
        """Without a recorder's own role the rule fails, as at AWS; without assuming one it does not."""
        function = account.function("PROBE_RULE")
        assuming = account.rule(function, "assuming", parameters={"AssumeRoleMode": "True"})
        plain = account.rule(function, "plain", parameters={"AssumeRoleMode": "False"})
        key_id = account.key()
        assert account.sandbox.compliance(assuming) == {}
        assert list(account.sandbox.compliance(plain)) == [key_id]
        refused = [call for call in account.sandbox.calls if call.operation == "AssumeRole"]
        assert {call.error for call in refused} == {"AccessDenied"}

    def test_a_function_that_tries(self, account: Account) -> None:
        """Any host is refused at once, by name and by address, and is remembered."""
        source = (
            "import urllib.request\n"
            "def answer(event, context):\n"
            "    try:\n"
            "        urllib.request.urlopen(event, timeout=5)\n"
            "    except OSError as error:\n"
            "        return str(error)\n"
        )
        account.function("", "curious", {"main.py": source}, Handler="main.answer")
        answers = [
            account.sandbox.invoke("curious", url).payload
            for url in ("https://kms.us-east-1.amazonaws.com/", "http://192.0.2.1/metadata")
        ]
        assert all(b"403" in answer and b"Forbidden" in answer for answer in answers)
        assert account.sandbox.refused_hosts == ("kms.us-east-1.amazonaws.com", "192.0.2.1")

    def test_another_process(self, sandbox: Sandbox) -> None:
        """Under the sandbox's environment boto3 sees the sandbox alone, whatever the user's files say."""
        source = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
        done = subprocess.run(
            [sys.executable, "-c", source],
            env=sandbox.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout.strip(), done.stderr) == (sandbox.account, "")
        assert sandbox.refused_hosts == ()

    def test_its_clients_know_nothing_of_the_user(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """No profile, no endpoint, no proxy of the environment is used."""
        (tmp_path / "config").write_text("[profile mine]\nregion = eu-west-1\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_PROFILE", "mine")
        for name in ("HTTP_PROXY", "http_proxy", "AWS_ENDPOINT_URL"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert sandbox.client("sts").get_caller_identity()["Account"] == sandbox.account
