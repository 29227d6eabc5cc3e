"""Keys as sources would find them, the command line in this process, and a folder of sources."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from landing_zone_key import KmsKey, LandingZone
from lzkey import cli
from lzkey.sources.documents import KEY_POLICY
from lzkey.sources.subject import FoundKey, Place
from lzkey_sandbox import Sandbox

HERE = Path(__file__).parent
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
METADATA = {
    "Arn": ARN,
    "KeyManager": "CUSTOMER",
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "Origin": "AWS_KMS",
    "MultiRegion": False,
}


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Ended]
MakeKey: TypeAlias = Callable[..., KmsKey]
MakeFound: TypeAlias = Callable[..., FoundKey]
Create: TypeAlias = Callable[..., str]


def policy(name: str) -> dict[str, Any]:
    """One of the key policies beside the tests."""
    document: dict[str, Any] = json.loads((HERE / f"sources/policies/{name}.json").read_text())
    return document


def found(key: KmsKey, **changes: Any) -> FoundKey:
    """The key as a file would tell of it, on the lines 10, 20 and so on."""
    place = Place("keys/logs.json", KEY_POLICY, "", 3)
    return FoundKey(**{"name": "logs", "key": key, "place": place, "statement_lines": (10, 20, 30)} | changes)


@pytest.fixture(scope="session")
def zone() -> LandingZone:
    """The example landing zone."""
    return LandingZone.from_rule_parameters(
        {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
    )


@pytest.fixture(scope="session")
def make_key() -> MakeKey:
    """Make a key with a policy (the name of one beside the tests, or in full) and attributes changed."""

    def make(written: Any = "documented", **changes: Any) -> KmsKey:
        described = {name: value for name, value in {**METADATA, **changes}.items() if value is not None}
        key = KmsKey.from_describe_key(described)
        named = isinstance(written, str) and not written.startswith("{")
        return key.with_policy(policy(written) if named else written)

    return make


@pytest.fixture(scope="session")
def make_found(make_key: MakeKey) -> MakeFound:
    """Make a key as a source would find it; `hopeful` may be such a policy's name, too."""

    def make(
        written: Any = "documented", *, key: KmsKey | None = None, hopeful: Any = None, **changes: Any
    ) -> FoundKey:
        best = make_key(hopeful) if isinstance(hopeful, str) else hopeful
        return found(key or make_key(written), hopeful=best, **changes)

    return make


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own settings gets in, and AWS cannot be reached."""
    for name in [name for name in os.environ if name.startswith(("LZKEY_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """AWS on this machine, with a landing zone of no key yet; a test makes the keys that it needs."""
    with Sandbox() as sandbox:
        sandbox.client("organizations").create_organization(FeatureSet="ALL")
        yield sandbox


@pytest.fixture
def live(aws: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The same, as what commands in this process see; the keys of a test go with it."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    aws.landing_zone = None
    aws.forget_calls()
    yield aws
    kms = aws.client("kms")
    for key in kms.list_keys()["Keys"]:
        aws.delete_key(key["KeyId"])


@pytest.fixture
def create(live: Sandbox) -> Callable[..., str]:
    """Create a key with a policy, the name of one beside the tests or in full; return its ARN."""

    def made(written: Any = "documented", **more: Any) -> str:
        kms = live.client("kms")
        arn = str(kms.create_key(**more)["KeyMetadata"]["Arn"])
        text = json.dumps(policy(written) if isinstance(written, str) else written)
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True)
        live.forget_calls()
        return arn

    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command in this process."""

    def command(*arguments: str) -> Ended:
        code = cli.main(arguments)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return command


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources beside the tests, as the current directory."""
    copied = tmp_path / "sources"
    shutil.copytree(HERE / "sources", copied)
    monkeypatch.chdir(copied)
    return copied
