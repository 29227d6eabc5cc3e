"""Sources for the tests: one landing zone, whatever is read for it, and what the rule says of that."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from landing_zone_key import LandingZone, assess
from lzkey.sources import units
from lzkey.sources.subject import Context, FoundKey, PassedOver, Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent

# As tests/properties has it, for a run of this folder alone: reproducible, and never late on a busy machine.
_ANYWHERE = settings(
    deadline=None,
    database=None,
    suppress_health_check=(
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ),
)
settings.register_profile("reproducible", _ANYWHERE, derandomize=True, max_examples=120)
settings.register_profile("thorough", _ANYWHERE, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))
ZONE = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}


@dataclass(frozen=True)
class Result:
    """What was read from sources."""

    keys: list[FoundKey]
    unread: list[Unread]
    passed: list[PassedOver]

    @property
    def key(self) -> FoundKey:
        """The one key that was found, where nothing else was."""
        assert not self.unread, self.unread
        (key,) = self.keys
        return key

    @property
    def message(self) -> str:
        """The one thing that could not be read."""
        assert not self.keys
        (unread,) = self.unread
        return unread.message


@dataclass(frozen=True)
class Reader:
    """Reads sources for a landing zone."""

    folder: Path
    zone: LandingZone = field(default_factory=lambda: LandingZone.from_rule_parameters(ZONE))

    def read(
        self,
        *sources: str | Path,
        stdin: bytes = b"",
        named: bool = True,
        key_arn: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Result:
        """Read files and folders."""
        context = Context(self.zone, key_arn, parameters)
        result = Result([], [], [])
        for unit in units([str(source) for source in sources], stdin=io.BytesIO(stdin), named=named):
            for each in [unit] if isinstance(unit, Unread | PassedOver) else unit.keys(context):
                kinds: dict[type, list[Any]] = {
                    FoundKey: result.keys,
                    Unread: result.unread,
                    PassedOver: result.passed,
                }
                kinds[type(each)].append(each)
        return result

    def text(self, text: str | bytes | object, name: str = "source", **options: Any) -> Result:
        """Read a file of this content: text, bytes, or anything that is written as JSON."""
        path = self.folder / name
        if not isinstance(text, str | bytes):
            text = json.dumps(text, indent=2)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        return self.read(path, **options)

    def answers(self, found: FoundKey) -> tuple[str, str]:
        """What the rule says of the key at worst, and at best."""
        worst = assess(found.key, self.zone).compliance.value
        return worst, assess(found.hopeful, self.zone).compliance.value if found.hopeful else worst

    def failed(self, found: FoundKey) -> list[str]:
        """The requirements that do not hold at worst."""
        return [finding.requirement.value for finding in assess(found.key, self.zone).findings]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader that writes into a folder of its own."""
    return Reader(tmp_path)


@pytest.fixture
def protected(tmp_path: Path) -> Reader:
    """A reader for a landing zone that wants foreign requests refused."""
    parameters = {**ZONE, "OrganizationId": "o-exampleorgid", "RequireConfusedDeputyProtection": "true"}
    return Reader(tmp_path, LandingZone.from_rule_parameters(parameters))


@pytest.fixture(scope="session")
def documents() -> Mapping[str, Any]:
    """The simple documents by name."""
    return {path.stem: json.loads(path.read_text()) for path in (HERE / "documents").glob("*.json")}


@pytest.fixture(scope="session")
def item() -> dict[str, Any]:
    """A configuration item of a key that the landing zone can use."""
    found: dict[str, Any] = json.loads((HERE / "documents" / "configuration_item.json").read_text())
    return found
