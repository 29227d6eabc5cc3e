"""The handler before AWS as botocore's Stubber plays it: the expected calls in their order, no others."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import xform_name
from botocore.stub import Stubber

from CONTROL_TOWER_KMS_KEY import lambda_handler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATA = Path(__file__).parent
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
PUT_EVALUATIONS = "config.PutEvaluations"

# The example credentials of AWS's documentation, in the shape in which STS gives them out.
CREDENTIALS = {
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "SessionToken": "example-session-token",
    "Expiration": "2026-11-24T12:15:00Z",
}

ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": CREDENTIALS["SecretAccessKey"],
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def data(kind: str, name: str) -> Any:
    """Read a JSON file beside the tests."""
    return json.loads((DATA / kind / f"{name}.json").read_text())


def merged(document: Any, change: Any) -> Any:
    """Apply a JSON merge patch: null removes. https://www.rfc-editor.org/rfc/rfc7396."""
    if not isinstance(change, dict):
        return change
    kept = dict(document) if isinstance(document, dict) else {}
    for name, value in change.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = merged(kept.get(name), value)
    return kept


def encoded(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as AWS Config sends it: two of its members are JSON in strings."""
    inner = {name: event[name] for name in ("invokingEvent", "ruleParameters") if name in event}
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, indent=None)
        for name, value in inner.items()
    }
    return {**event, **texts}


def sent(name: str, change: Any = None) -> dict[str, Any]:
    """Read an event of the folder `events`, change it, and encode it."""
    return encoded(merged(data("events", name), change or {}))


def answer(name: str) -> Any:
    """Read an answer of AWS, with the datetimes that botocore makes of a history's timestamps."""
    found = data("answers", name)
    for item in found.get("configurationItems", []):
        for member in ("configurationItemCaptureTime", "resourceCreationTime"):
            item[member] = datetime.fromisoformat(item[member])
    return found


@dataclass
class Aws:
    """What is expected of AWS, what it answers, and what was asked."""

    expected: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What rdklib gave for each service's client, besides its place."""
    _answers: dict[str, list[tuple[str, Any, str | None, int]]] = field(default_factory=dict)
    _stubs: list[Stubber] = field(default_factory=list)
    _boto3_client: Any = boto3.client

    def expect(self, call: str, found: Any = None, error: str | None = None, status: int = 400) -> Aws:
        """Expect a call, such as `kms.DescribeKey`, as the next one; an error has a code and a status."""
        service, operation = call.split(".")
        self.expected.append(call)
        self._answers.setdefault(service, []).append((xform_name(operation), found or {}, error, status))
        return self

    def expect_all(self, calls: list[dict[str, str]]) -> Aws:
        """Expect the calls of a case, and then that its evaluation is put."""
        for call in calls:
            self.expect(call["call"], answer(call["answer"]) if "answer" in call else None, call.get("error"))
        return self.expect_put()

    def expect_put(self, *failed: dict[str, Any]) -> Aws:
        """Expect PutEvaluations, which does not take the failed ones."""
        return self.expect(PUT_EVALUATIONS, {"FailedEvaluations": list(failed)})

    def forget(self) -> None:
        """Begin anew, as the next invocation does."""
        for part in (self.expected, self.asked, self.clients, self.given, self._answers, self._stubs):
            part.clear()

    @property
    def calls(self) -> list[str]:
        """The calls that were made, in their order."""
        return [call for call, _ in self.asked]

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """All evaluations that were put."""
        return [one for call, given in self.asked if call == PUT_EVALUATIONS for one in given["Evaluations"]]

    def client(self, service: str, *place: Any, **arguments: Any) -> Any:
        """Stand at the place of `boto3.client`: the same client, with a Stubber in it."""
        if service not in self._answers:
            raise AssertionError(f"nothing was expected of {service}")
        if service in self.clients:
            return self.clients[service]
        self.given[service] = arguments
        made = self.clients[service] = self._boto3_client(service, *place, **arguments)

        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            self.asked.append((f"{service}.{model.name}", params))

        made.meta.events.register_first(f"provide-client-params.{service}", note)
        stub = Stubber(made)
        for operation, found, error, status in self._answers[service]:
            if error is None:
                stub.add_response(operation, found)
            else:
                stub.add_client_error(operation, error, f"{error} as the test asked", status)
        stub.activate()
        self._stubs.append(stub)
        return made

    def handle(self, event: dict[str, Any]) -> Any:
        """Let the rule's handler answer an event; exactly what was expected must have been asked."""
        try:
            return lambda_handler(event, None)
        finally:
            assert self.calls == self.expected
            for stub in self._stubs:
                stub.assert_no_pending_responses()


def _lambda_environment(patch: pytest.MonkeyPatch) -> None:
    """A Lambda environment: its Region, its role's credentials, and no user's files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)


@pytest.fixture(scope="session")
def warm_session() -> Any:
    """The default session that the handler leaves behind after its first event."""
    with pytest.MonkeyPatch.context() as patch:
        _lambda_environment(patch)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        first = Aws()
        patch.setattr(boto3, "client", first.client)
        first.expect_put().handle(sent("update"))
        return boto3.DEFAULT_SESSION


@pytest.fixture(autouse=True)
def lambda_environment(monkeypatch: pytest.MonkeyPatch, warm_session: Any) -> None:
    """A warm Lambda environment; a test makes it cold by the default session None."""
    _lambda_environment(monkeypatch)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", warm_session)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS of which nothing is expected yet."""
    made = Aws()
    monkeypatch.setattr(boto3, "client", made.client)
    yield made
    for client in made.clients.values():
        client.close()


@dataclass(frozen=True)
class LogLines:
    """What the handler printed."""

    text: str

    @property
    def structured(self) -> list[dict[str, Any]]:
        """The lines that are JSON objects."""
        return [json.loads(line) for line in self.text.splitlines() if line.startswith('{"')]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what was printed since the last call."""
    return lambda: LogLines(capsys.readouterr().out)
