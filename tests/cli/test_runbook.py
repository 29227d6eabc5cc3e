"""The runbook: a place for everything that can be found, and every place is that of something."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from landing_zone_key import FindingReason, KmsKey, LandingZone, Requirement, assess
from landing_zone_key.finding import anchor
from landing_zone_key.mending import documented_statement
from lzkey.runbook import ANCHORS, GUIDANCE, address, documentation, page, pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE: Final = Path(__file__).parents[2] / "docs/runbook.md"
ARN: Final = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DESCRIBED: Final = {
    "Arn": ARN,
    "KeyManager": "CUSTOMER",
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "MultiRegion": False,
}
ZONE: Final = LandingZone("us-east-1", "111122223333")
KEY: Final = KmsKey.from_describe_key(DESCRIBED)
CONFIG, CLOUDTRAIL = (
    documented_statement(requirement, KEY, ZONE)
    for requirement in (Requirement.CONFIG_ACCESS, Requirement.CLOUDTRAIL_ACCESS)
)
DENY: Final = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
DOUBT: Final = {**DENY, "Resource": "key/*"}


def key(*statements: Mapping[str, Any], **described: object) -> KmsKey:
    """A key that is right, but for what is given; None leaves an attribute out."""
    members = {name: value for name, value in {**DESCRIBED, **described}.items() if value is not None}
    policy = {"Version": "2012-10-17", "Statement": list(statements or (CONFIG, CLOUDTRAIL))}
    return KmsKey.from_describe_key(members).with_policy(policy)


def found(made: KmsKey, zone: LandingZone = ZONE) -> set[str]:
    """The anchors of what is found of a key."""
    return {each.anchor for each in assess(made, zone).findings}


def every_anchor() -> Iterator[tuple[str, KmsKey, LandingZone]]:
    """A key for each place of the runbook."""
    yield "not-enabled", key(KeyState="Disabled"), ZONE
    yield "enabled-unknown", key(KeyState=None), ZONE
    yield "not-symmetric", key(KeySpec="RSA_2048"), ZONE
    yield "symmetric-unknown", key(KeySpec=None), ZONE
    yield "multi-region", key(MultiRegion=True), ZONE
    yield "other-account", key(), LandingZone("us-east-1", "444455556666")
    yield "other-region", key(), LandingZone("eu-west-1", "111122223333")
    foreign = LandingZone.from_rule_parameters(
        {
            "HomeRegion": "us-east-1",
            "ManagementAccountId": "111122223333",
            "OrganizationId": "o-exampleorgid",
            "RequireConfusedDeputyProtection": "true",
        }
    )
    open_trail = {name: value for name, value in CLOUDTRAIL.items() if name != "Condition"}
    yield "config-access-open-to-others", key(), foreign
    yield "cloudtrail-access-open-to-others", key(CONFIG, open_trail), foreign
    for service in ("config", "cloudtrail"):
        yield f"{service}-access-unknown", KEY, ZONE
        yield (
            f"{service}-access-malformed-policy",
            KEY.with_policy('{"Statement": [], "Statement": []}'),
            ZONE,
        )
        yield f"{service}-access-denied", key(CONFIG, CLOUDTRAIL, DENY), ZONE
        yield f"{service}-access-perhaps-denied", key(CONFIG, CLOUDTRAIL, DOUBT), ZONE
        yield (
            f"{service}-access-not-allowed",
            key(DENY | {"Effect": "Allow", "Principal": {"AWS": ARN}}),
            ZONE,
        )
    today = LandingZone("us-east-1", "111122223333", accounts=("111122223333",))
    listed = {**CONFIG, "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}
    yield "config-access-next-account", key(listed, CLOUDTRAIL), today


class TestAnchors:
    """What stands in every output."""

    @pytest.mark.parametrize(("name", "made", "zone"), [*every_anchor()], ids=lambda each: str(each)[:40])
    def test_is_of_a_key(self, name: str, made: KmsKey, zone: LandingZone) -> None:
        """No place is there for what cannot be found."""
        assert name in found(made, zone)
        assert name in ANCHORS

    def test_each_is_met(self) -> None:
        """By the keys above; a policy that is too complex has tests of its own, in tests/engine."""
        complex_ones = {f"{service}-access-too-complex" for service in ("config", "cloudtrail")}
        assert {name for name, *_ in every_anchor()} | complex_ones == set(ANCHORS)

    def test_every_reason_is_told_of(self) -> None:
        """One that is added to the engine gets its guidance."""
        assert {reason for reasons in GUIDANCE.values() for reason in reasons} == set(FindingReason)
        assert set(GUIDANCE) == set(Requirement)

    def test_are_different(self) -> None:
        """Also from those of the requirements."""
        pairs = [(requirement, reason) for requirement, reasons in GUIDANCE.items() for reason in reasons]
        names = [anchor(*pair) for pair in pairs] + [anchor(each) for each in Requirement]
        assert len({*names}) == len(names)
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


class TestPage:
    """docs/runbook.md."""

    def test_is_the_catalogues(self) -> None:
        """Written anew by LZKEY_ACCEPT_GOLDEN=1."""
        if os.environ.get("LZKEY_ACCEPT_GOLDEN"):
            PAGE.write_text(page(), encoding="utf-8")
        assert PAGE.read_text(encoding="utf-8") == page()

    def test_has_a_heading_for_each_anchor(self) -> None:
        """What is an anchor where Markdown is shown: a heading in lower case with hyphens is its own."""
        headings = re.findall(r"^#{2,3} (.*)$", page(), re.MULTILINE)
        assert sorted(headings) == sorted([*ANCHORS, *map(anchor, Requirement)])


class TestAddress:
    """The public one, from one field of pyproject.toml."""

    @pytest.fixture(autouse=True)
    def _forget(self) -> Iterator[None]:
        for cached in (address, documentation):  # kept for the process
            cached.cache_clear()
        yield
        for cached in (address, documentation):
            cached.cache_clear()

    @pytest.mark.parametrize(
        ("field", "told"),
        [
            ("", "runbook: not-enabled"),
            ("https://example.com/docs", "runbook: https://example.com/docs/runbook.md#not-enabled"),
            ("https://example.com/docs/", "runbook: https://example.com/docs/runbook.md#not-enabled"),
        ],
    )
    def test_is_left_out_while_it_is_empty(
        self, field: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As an installed distribution's metadata have it."""
        info = tmp_path / "lzkey-1.0.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: lzkey\nVersion: 1.0.0\nProject-URL: Documentation, {field}\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        assert pointer("not-enabled") == told
