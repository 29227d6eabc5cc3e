"""Commands as their users run them, in processes of their own; AWS is a server that others have written."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from .proxy import Proxy, standing
from .servers import Server, environment, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Servers: TypeAlias = Callable[[str], Server]

POLICIES = Path(__file__).parents[1] / "check/sources/policies"
DOCUMENTED = json.loads((POLICIES / "documented.json").read_text())
# Nothing for either service; its statements are a list, because moto knows no other form.
MISSING = json.dumps({**DOCUMENTED, "Statement": DOCUMENTED["Statement"][:1]}, indent=1)
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")

# Nobody waits between two attempts, or before the policy is read back once more.
HURRIED = "import runpy, time; time.sleep = lambda _: None; runpy.run_module('lzkey', run_name='__main__')"


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything, in one line."""
        return " ".join(f"{self.out} {self.err}".split())

    @property
    def results(self) -> dict[str, str]:
        """What each key came to, of `check --format json`."""
        return {each["name"]: each["compliance"] for each in json.loads(self.out)["results"]}


@dataclass(frozen=True)
class Aws:
    """A server with a proxy before it, and a folder in which commands run."""

    server: Server
    proxy: Proxy
    folder: Path

    def run(self, *words: str, hurried: bool = False, **changes: str | None) -> Ended:
        """Run one command of lzkey, which must not end in a traceback; None leaves a variable out."""
        start = ["-c", HURRIED] if hurried else ["-m", "lzkey"]
        surroundings = {**environment(self.proxy.address, self.folder), **changes}
        ended = subprocess.run(
            [sys.executable, *start, *words],
            env={name: value for name, value in surroundings.items() if value is not None},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in ended.stdout + ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def key(self, policy: str = "documented", **more: Any) -> str:
        """Make a key with the policy of this name, or with this text; return its ARN."""
        kms = self.server.client("kms")
        text = policy if policy.startswith("{") else (POLICIES / f"{policy}.json").read_text()
        usage = "ENCRYPT_DECRYPT"  # KMS's default, which moto leaves out
        arn = str(kms.create_key(**{"KeyUsage": usage, **more})["KeyMetadata"]["Arn"])
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=text)
        return arn

    def policy(self, arn: str) -> str:
        """A key's policy, now."""
        return str(self.server.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"])

    def landing_zone(self, arn: str) -> None:
        """Let there be a landing zone with this key: neither server has Control Tower, the proxy answers."""
        zone = "arn:aws:controltower:us-east-1:111122223333:landingzone/1A2B3C4D5E6F7G8H"
        configurations = {"enabled": True, "configurations": {"kmsKeyArn": arn}}
        manifest = {"centralizedLogging": configurations, "config": configurations}
        self.proxy.answer("controltower:ListLandingZones", {"landingZones": [{"arn": zone}]})
        shown = {"arn": zone, "status": "ACTIVE", "version": "4.0", "manifest": manifest}
        self.proxy.answer("controltower:GetLandingZone", {"landingZone": shown})


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers by name, each started when it is first asked for."""
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def named(name: str) -> Server:
            if name not in running:
                running[name] = stack.enter_context(started(name, tmp_path_factory.mktemp(name)))
            return running[name]

        yield named


@pytest.fixture
def aws(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Iterator[Aws]:
    """AWS with nothing in it but an organization; a test may ask for another server by its name."""
    server = servers(getattr(request, "param", "ministack"))
    server.reset()
    if server.name == "moto":
        server.client("organizations").create_organization(FeatureSet="ALL")
    with standing(server.address) as proxy:
        yield Aws(server, proxy, tmp_path)
