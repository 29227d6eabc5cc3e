"""Deployed functions run as Lambda runs them: their zip, their layers, Lambda's packages and its limits."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from lzkey_sandbox import Sandbox, ServiceError

from .accounts import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def ask(account: Account, question: str, **more: Any) -> Any:
    """Return the probe's answer to a question."""
    outcome = account.sandbox.invoke("PROBE_RULE", {"question": question, **more})
    assert outcome.error is None, outcome
    return json.loads(outcome.payload)


def error(account: Account, question: str, **more: Any) -> tuple[str, str]:
    """Return type and message of the error with which the probe answers a question."""
    outcome = account.sandbox.invoke("PROBE_RULE", {"question": question, **more})
    assert outcome.error is not None
    assert json.loads(outcome.payload)["errorType"] == outcome.error[0]
    return outcome.error


@pytest.fixture(scope="class")
def probe() -> Iterator[Account]:
    """An account with the probe in it, for a whole class: it answers many questions while it is warm."""
    with Sandbox() as made:
        account = Account(made)
        account.function("PROBE_RULE")
        yield account


class TestPackages:
    """What a function can import."""

    @pytest.mark.parametrize("name", ["boto3", "botocore", "urllib3", "rdklib", "json"])
    def test_there(self, probe: Account, name: str) -> None:
        """Its own zip, what Lambda's runtime brings, and the standard library."""
        assert ask(probe, "import", name=name) == name

    @pytest.mark.parametrize(
        "name", ["lzkey", "lzkey_sandbox", "moto", "landing_zone_key", "pytest", "jsonschema"]
    )
    def test_not_there(self, probe: Account, name: str) -> None:
        """Nothing of this project's environment, although the same interpreter runs the function."""
        assert name in sys.modules or __import__(name)
        assert error(probe, "import", name=name) == ("ModuleNotFoundError", f"No module named '{name}'")

    def test_from_where(self, probe: Account) -> None:
        """Rdklib from the zip, boto3 from the runtime."""
        modules, environment = ask(probe, "modules"), ask(probe, "environment")
        assert modules["rdklib"].startswith(environment["LAMBDA_TASK_ROOT"])
        assert modules["boto3"].startswith(environment["LAMBDA_RUNTIME_DIR"])

    def test_from_a_layer(
        self, probe: Account, make_zip: Callable[[Mapping[str, str | bytes]], bytes]
    ) -> None:
        """What a layer has below `python/`; the zip itself comes first."""
        layer = make_zip({"python/shared.py": "ORIGIN = 'layer'", "python/own.py": "ORIGIN = 'layer'"})
        published = probe.sandbox.client("lambda").publish_layer_version(
            LayerName="shared", Content={"ZipFile": layer}
        )
        source = "import own, shared\ndef answer(event, context): return [own.ORIGIN, shared.ORIGIN]"
        files = {"main.py": source, "own.py": "ORIGIN = 'zip'"}
        layers = [published["LayerVersionArn"]]
        probe.function("", "layered", files, Handler="main.answer", Layers=layers)
        assert json.loads(probe.sandbox.invoke("layered", {}).payload) == ["zip", "layer"]


class TestEnvironment:
    """What a function finds around it."""

    def test_variables(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lambda's and its own, none of the user's; what Lambda sets cannot be overridden."""
        monkeypatch.setenv("SECRET_OF_THE_USER", "x")
        variables = {"MODE": "strict", "AWS_LAMBDA_FUNCTION_NAME": "mine"}
        account.function("PROBE_RULE", Environment={"Variables": variables}, MemorySize=512)
        found = ask(account, "environment")
        assert (found["MODE"], found["AWS_REGION"], found["TZ"]) == ("strict", "us-east-1", ":UTC")
        assert found["AWS_LAMBDA_FUNCTION_NAME"] == "PROBE_RULE"
        assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
        assert found["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
        assert not {"SECRET_OF_THE_USER", "HOME", "AWS_PROFILE", "VIRTUAL_ENV"} & set(found)

    def test_role(self, account: Account) -> None:
        """The credentials are those of its role, in a session that has the function's name."""
        account.function("PROBE_RULE")
        assert ask(account, "identity") == ("arn:aws:sts::111122223333:assumed-role/lambda-role/PROBE_RULE")

    def test_remaining_time(self, account: Account) -> None:
        """Starts at the function's timeout."""
        account.function("PROBE_RULE", Timeout=30)
        assert 25_000 < ask(account, "remaining") <= 30_000

    @pytest.mark.parametrize("says", ["", "something"])
    def test_log_group(self, account: Account, says: str) -> None:
        """Comes with the first invocation, whether the function logs anything or not."""
        logs, group = account.sandbox.client("logs"), "/aws/lambda/QUIET"
        code = f"def lambda_handler(event, context):\n    {f'print({says!r})' if says else 'return'}\n"
        account.function("", "QUIET", {"QUIET.py": code}, Handler="QUIET.lambda_handler")
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.describe_log_streams(logGroupName=group)
        account.sandbox.invoke("QUIET", {})
        (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
        found = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        assert [event["message"] for event in found] == ([says] if says else [])

    def test_logs(self, account: Account) -> None:
        """Are in CloudWatch Logs too, under the function's name."""
        account.rule(account.function("EVENT_LOG"), triggers=("periodic",))
        groups = account.sandbox.client("logs").filter_log_events(logGroupName="/aws/lambda/EVENT_LOG")
        messages = [event["message"] for event in groups["events"]]
        assert account.sandbox.lambda_logs("EVENT_LOG").splitlines() == messages
        assert json.loads(messages[0])["configRuleName"] == "a-rule"


class TestExecutionEnvironment:
    """Warm between invocations, new after a change or an end."""

    def test_stays_warm(self, account: Account) -> None:
        """The same process answers twice."""
        account.function("PROBE_RULE")
        assert ask(account, "pid") == ask(account, "pid") == account.sandbox.process_ids[0]

    @pytest.mark.parametrize("change", ["code", "configuration"])
    def test_new_after_a_change(
        self,
        account: Account,
        make_zip: Callable[[Mapping[str, str | bytes]], bytes],
        change: str,
    ) -> None:
        """The next invocation runs what is deployed now, in a process of its own."""
        source = "import os\ndef answer(event, context): return [{}, os.environ.get('MODE'), os.getpid()]"
        account.function("", "changing", {"main.py": source.format(1)}, Handler="main.answer")
        first = json.loads(account.sandbox.invoke("changing", {}).payload)
        client = account.sandbox.client("lambda")
        if change == "code":
            client.update_function_code(
                FunctionName="changing", ZipFile=make_zip({"main.py": source.format(2)})
            )
        else:
            client.update_function_configuration(
                FunctionName="changing", Environment={"Variables": {"MODE": "strict"}}
            )
        second = json.loads(account.sandbox.invoke("changing", {}).payload)
        assert first[:2] == [1, None]
        assert second[:2] == ([2, None] if change == "code" else [1, "strict"])
        assert account.sandbox.process_ids == (second[2],)

    @pytest.mark.parametrize(
        ("end", "expected"),
        [
            ("exit", ("Runtime.ExitError", "exit status 3")),
            ("sleep", ("Sandbox.Timedout", "Task timed out after 1.00 seconds")),
        ],
    )
    def test_new_after_an_end(self, account: Account, end: str, expected: tuple[str, str]) -> None:
        """A process that ended, or was ended for its slowness, is an error, and is replaced."""
        account.function("PROBE_RULE", Timeout=1)
        before = ask(account, "pid")
        kind, message = error(account, end)
        assert (kind, message.endswith(expected[1])) == (expected[0], True)
        assert account.sandbox.process_ids == ()
        assert ask(account, "pid") != before

    def test_survives_an_exception(self, account: Account) -> None:
        """The error has Python's type and message, and the process goes on."""
        account.function("PROBE_RULE")
        before = ask(account, "pid")
        assert error(account, "raise") == ("KeyError", "'the rule is broken'")
        assert ask(account, "pid") == before


class TestLimits:
    """What does not work at AWS does not work here."""

    def test_six_megabytes_of_answer(self, account: Account) -> None:
        """Are the most; the function is there again afterwards."""
        account.function("PROBE_RULE")
        assert len(ask(account, "large", size=6 * 1024 * 1024 - 2)) == 6 * 1024 * 1024 - 2
        kind, message = error(account, "large", size=6 * 1024 * 1024 - 1)
        assert kind == "Function.ResponseSizeTooLarge"
        assert "(6291457 bytes) exceeded" in message
        assert ask(account, "pid")

    @pytest.mark.parametrize(
        ("handler", "kind"),
        [
            ("absent.lambda_handler", "Runtime.ImportModuleError"),
            ("EVENT_LOG.absent", "Runtime.HandlerNotFound"),
            ("no-dot", "Runtime.MalformedHandlerName"),
        ],
    )
    def test_bad_handlers(self, account: Account, handler: str, kind: str) -> None:
        """Are told apart; the twin is every other test here."""
        account.function("EVENT_LOG", Handler=handler)
        outcome = account.sandbox.invoke("EVENT_LOG", {})
        assert outcome.error is not None
        assert outcome.error[0] == kind

    def test_an_answer_that_is_no_json(self, account: Account) -> None:
        """The runtime client's error: the defect of rdklib's oversized path shows here."""
        source = "import datetime\ndef answer(event, context): return datetime.datetime.now()"
        account.function("", "moment", {"main.py": source}, Handler="main.answer")
        outcome = account.sandbox.invoke("moment", {})
        assert outcome.error is not None
        assert outcome.error[0] == "Runtime.MarshalError"

    def test_no_function(self, account: Account) -> None:
        """Is AWS's error."""
        with pytest.raises(ServiceError, match=r"Function not found: .*:function:absent"):
            account.sandbox.invoke("absent", {})


class TestInvoke:
    """Lambda's own Invoke, as `aws lambda invoke` calls it."""

    def test_answer_and_error(self, account: Account) -> None:
        """Both have status 200; the header tells them apart."""
        account.function("PROBE_RULE")
        client = account.sandbox.client("lambda")
        good = client.invoke(FunctionName="PROBE_RULE", Payload=b'{"question": "pid"}')
        bad = client.invoke(FunctionName="PROBE_RULE", Payload=b'{"question": "raise"}')
        assert (good["StatusCode"], bad["StatusCode"]) == (200, 200)
        assert "FunctionError" not in good
        assert bad["FunctionError"] == "Unhandled"
        assert json.loads(good["Payload"].read()) == account.sandbox.process_ids[0]
        assert json.loads(bad["Payload"].read())["errorType"] == "KeyError"

    def test_runs_what_was_uploaded(self, account: Account) -> None:
        """A function whose code lies in S3, byte for byte as it was put there."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("main.py", "def answer(event, context): return __doc__ or event")
        s3 = account.sandbox.client("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="main.zip", Body=buffer.getvalue())
        account.sandbox.client("lambda").create_function(
            FunctionName="stored",
            Role=account.role("lambda"),
            Code={"S3Bucket": "code", "S3Key": "main.zip"},
            Runtime="python3.13",
            Handler="main.answer",
        )
        assert json.loads(account.sandbox.invoke("stored", [1, 2]).payload) == [1, 2]
