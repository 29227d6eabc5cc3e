"""Keys and landing zones for the engine's tests: everything right, but for what a test changes."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from landing_zone_key import KmsKey, LandingZone

STATEMENTS: Mapping[str, Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("statements.json").read_text()
)
ITEMS: Mapping[str, str] = {
    path.stem: path.read_text() for path in Path(__file__).with_name("configuration_items").glob("*.json")
}
METADATA = {
    "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "KeyManager": "CUSTOMER",
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "Origin": "AWS_KMS",
    "MultiRegion": False,
}
DOCUMENTED = ("root", "config", "cloudtrail")

Written: TypeAlias = str | Mapping[str, Any]
"""A statement's name in statements.json; such a name (`of`) and what differs (None: left out); or in full."""
MakeKey: TypeAlias = Callable[..., KmsKey]
MakeZone: TypeAlias = Callable[..., LandingZone]
MakePolicy: TypeAlias = Callable[[Sequence[Written]], dict[str, Any]]


def statement(written: Written) -> dict[str, Any]:
    """A statement as it would stand in a key policy."""
    if isinstance(written, str):
        return dict(STATEMENTS[written])
    if "of" not in written:
        return dict(written)
    changed = {**STATEMENTS[written["of"]], **written}
    return {name: value for name, value in changed.items() if name != "of" and value is not None}


@pytest.fixture(scope="session")
def make_policy() -> MakePolicy:
    """Make a policy document of statements that are written as in the tables."""
    return lambda written: {"Version": "2012-10-17", "Statement": [statement(each) for each in written]}


@pytest.fixture(scope="session")
def make_key(make_policy: MakePolicy) -> MakeKey:
    """Make a key with the documented statements, or with others, and with attributes changed."""

    def make(*statements: Written, policy: Any = None, **metadata: Any) -> KmsKey:
        described = {name: value for name, value in {**METADATA, **metadata}.items() if value is not None}
        written = make_policy(statements or DOCUMENTED) if policy is None else policy
        return KmsKey.from_describe_key(described).with_policy(written)

    return make


@pytest.fixture(scope="session")
def make_zone() -> MakeZone:
    """Make the example landing zone, with parameters added or changed."""

    def make(**parameters: str) -> LandingZone:
        required = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
        return LandingZone.from_rule_parameters({**required, **parameters})

    return make


@pytest.fixture(scope="session")
def item() -> Callable[..., dict[str, Any]]:
    """A configuration item by its file's name, with members changed."""
    return lambda name, **changes: {**json.loads(ITEMS[name]), **changes}


@pytest.fixture(scope="session")
def read(item: Callable[..., dict[str, Any]]) -> MakeKey:
    """The key of such an item."""
    return lambda name, **changes: KmsKey.from_configuration_item(item(name, **changes))
