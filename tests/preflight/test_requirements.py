"""Control Tower's pre-check of one key, and how certain each answer is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.preflight.change import Change
from lzkey.preflight.model import Level, Part
from lzkey.preflight.requirements import key_items
from lzkey.sources.documents import KEY_POLICY, ONLY_A_POLICY
from lzkey.sources.subject import Place

from .conftest import (
    ARN,
    FOR_CLOUDTRAIL,
    FOR_CONFIG,
    MANAGEMENT,
    MEMBER,
    NEXT,
    NOON,
    OTHER,
    configured,
    found,
    key,
    manifest,
    policy,
)

if TYPE_CHECKING:
    from landing_zone_key import KmsKey
    from lzkey.preflight.model import Configuration, Item

LISTED = {
    **FOR_CONFIG,
    "Condition": {"StringEquals": {"aws:SourceAccount": [MANAGEMENT, MEMBER]}},
}


def asked(made: KmsKey, after: Configuration | None = None, **of_source: Any) -> dict[str, Item]:
    """The items, by name."""
    zone = after or Change().applied(configured(manifest()))
    return {item.name: item for item in key_items(found(made, **of_source), zone, NOON)}


def wrong(items: dict[str, Item]) -> dict[str, Level]:
    """Those that are not OK."""
    return {name: item.level for name, item in items.items() if item.level is not Level.OK}


class TestWords:
    """The guide's, in its order."""

    def test_as_the_guide_has_them(self) -> None:
        """The seed of this project: five, of which the permissions are asked of each service."""
        items = [item for item in asked(key()).values() if item.part is Part.REQUIREMENTS]
        assert list(dict.fromkeys(re.sub(", for .*", "", item.what) for item in items)) == [
            "Enabled",
            "Symmetric",
            "Not a multi-Region key",
            "Has correct permissions added to the policy",
            "Key is in the management account",
        ]
        assert {item.source for item in items} == {
            "https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html"
        }

    def test_the_home_region_is_no_requirement_of_the_guide(self) -> None:
        """It stands beside them, with a page of its own."""
        item = asked(key())["home-region"]
        assert (item.part, item.source.rpartition("/")[2]) == (Part.BESIDE, "API_DeliveryChannel.html")


class TestLevels:
    """What each answer of the engine comes to."""

    def test_fit(self) -> None:
        """Everything is OK, and proved for the Regions after the change."""
        items = asked(key(), Change(regions=("eu-west-1",)).applied(configured(manifest())))
        assert wrong(items) == {}
        assert "any account, us-east-1, us-west-2, eu-west-1," in items["permissions-config"].detail

    @pytest.mark.parametrize(
        ("made", "expected"),
        [
            (key(key_state="Disabled"), {"enabled": Level.BLOCKER}),
            (key(key_state=None), {"enabled": Level.NOT_KNOWN}),
            (key(key_spec="RSA_2048"), {"symmetric": Level.BLOCKER}),
            (key(multi_region=True), {"not-multi-region": Level.BLOCKER}),
            (key(ARN.replace(MANAGEMENT, MEMBER)), {"management-account": Level.BLOCKER}),
            (key(ARN.replace("us-east-1", "eu-west-1")), {"home-region": Level.BLOCKER}),
            (key(written=policy(FOR_CLOUDTRAIL)), {"permissions-config": Level.BLOCKER}),
            (key(written=policy(FOR_CONFIG)), {"permissions-cloudtrail": Level.BLOCKER}),
            (
                key(policy=None, policy_missing="kms:GetKeyPolicy was refused"),
                {"permissions-config": Level.NOT_KNOWN, "permissions-cloudtrail": Level.NOT_KNOWN},
            ),
            (
                key(
                    written=policy(
                        FOR_CONFIG, {**FOR_CLOUDTRAIL, "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
                    )
                ),
                {"permissions-cloudtrail": Level.NOT_KNOWN},
            ),
            (key(material_expires="2026-12-24"), {"key-material": Level.WARNING}),
        ],
    )
    def test_not_fit(self, made: KmsKey, expected: dict[str, Level]) -> None:
        """What is certain blocks, what may be is not known, and what is coming is a warning."""
        items = asked(made)
        assert wrong(items) == expected
        assert all(items[name].fix for name in expected)

    @pytest.mark.parametrize("changes", [{"key_manager": "AWS"}, {"deleted": True}])
    def test_no_key_for_anybody(self, changes: dict[str, Any]) -> None:
        """One item says why, in place of all others."""
        assert wrong(asked(key(**changes))) == {"key": Level.BLOCKER}

    def test_what_our_rule_asks_beyond_control_tower(self) -> None:
        """Scope and confused deputy are no business of the pre-check's."""
        before = configured(manifest())
        zone = replace(before.zone, require_confused_deputy_protection=True)
        assert wrong(asked(key(), Change().applied(replace(before, zone=zone)))) == {}


class TestAccounts:
    """A policy that lists accounts."""

    def accounts(self, *enrolled: str) -> dict[str, Item]:
        """The items for an organization of two accounts, after these are enrolled."""
        before = configured(manifest(), accounts=(MANAGEMENT, MEMBER))
        made = key(written=policy(LISTED, FOR_CLOUDTRAIL))
        return asked(made, Change(accounts=enrolled).applied(before))

    def test_is_enough_for_those_that_there_are(self) -> None:
        """And a warning for the next one."""
        assert wrong(self.accounts()) == {"permissions-config": Level.WARNING}

    def test_is_not_for_one_that_is_to_be_enrolled(self) -> None:
        """The account is named."""
        items = self.accounts(NEXT)
        assert wrong(items) == {"permissions-config": Level.BLOCKER}
        assert f"for account {NEXT}" in items["permissions-config"].detail

    def unlisted(self, *enrolled: str, **block: Any) -> Item:
        """What is told of AWS Config where nobody knows which accounts there are, but those."""
        told = manifest(ARN)
        told["centralizedLogging"] |= block
        after = Change(accounts=enrolled).applied(configured(told))
        return asked(key(written=policy(LISTED, FOR_CLOUDTRAIL)), after)["permissions-config"]

    def test_may_be_enough_where_nobody_knows_which_there_are(self) -> None:
        """It refuses any other one, and whether there is one, is not known."""
        item = self.unlisted(accountId=MEMBER)
        assert item.level is Level.NOT_KNOWN
        assert "which accounts there are is not known" in item.detail

    def test_is_not_for_one_that_is_known(self) -> None:
        """The log archive of the manifest, and one that is to be enrolled."""
        for item in (self.unlisted(accountId=NEXT), self.unlisted(NEXT, accountId=MEMBER)):
            assert item.level is Level.BLOCKER
            assert f"for account {NEXT}" in item.detail


class TestRoles:
    """Since 4.0 each key is for one service."""

    def test_the_other_service_is_not_known(self) -> None:
        """Deliveries are allowed; whether the pre-check asks for both statements nobody has published."""
        after = Change("4.0", config_key=OTHER).applied(configured(manifest()))
        assert wrong(asked(key(OTHER, policy(FOR_CONFIG)), after)) == {
            "permissions-cloudtrail": Level.NOT_KNOWN
        }
        assert wrong(asked(key(OTHER, policy(FOR_CLOUDTRAIL)), after))["permissions-config"] is Level.BLOCKER


class TestPlace:
    """A key in the wrong place."""

    @pytest.mark.parametrize(
        ("arn", "name"),
        [
            (ARN.replace(MANAGEMENT, MEMBER), "management-account"),
            (ARN.replace("us-east-1", "eu-west-1"), "home-region"),
        ],
    )
    def test_a_rule_parameter_mends_nothing(self, arn: str, name: str) -> None:
        """KeyScope is no business of Control Tower's."""
        assert "KeyScope" not in asked(key(arn))[name].fix


class TestFiles:
    """What a file does not tell is not known."""

    PLACE = Place("policy.json", KEY_POLICY)

    def test_a_policy_alone(self) -> None:
        """State and kind of the key are open, its ARN tells the rest."""
        items = asked(key(), place=self.PLACE, assumptions=(ONLY_A_POLICY,))
        assert wrong(items) == {"enabled": Level.NOT_KNOWN, "symmetric": Level.NOT_KNOWN}

    def test_a_key_without_an_arn(self) -> None:
        """Neither where it is, nor of which kind of id it has."""
        items = asked(
            key(), place=self.PLACE, assumptions=(ONLY_A_POLICY, "the key is at home"), arn_known=False
        )
        assert wrong(items).keys() >= {"management-account", "home-region", "not-multi-region"}
        assert items["home-region"].detail == "the key is at home"

    def test_the_fix_is_of_the_file(self) -> None:
        """Not of a live key."""
        made = key(written=policy(FOR_CLOUDTRAIL))
        assert asked(made, place=self.PLACE)["permissions-config"].fix.startswith("lzkey fix policy.json ")
        regions = "--governed-regions us-east-1,us-west-2 shows the smallest addition"
        assert f"lzkey fix --discover {ARN} {regions}" in asked(made)["permissions-config"].fix

    def test_the_fix_can_be_pasted(self) -> None:
        """Whatever the file is called."""
        place = Place("a key; reboot.json", KEY_POLICY)
        fix = asked(key(written=policy(FOR_CLOUDTRAIL)), place=place)["permissions-config"].fix
        assert fix.startswith("lzkey fix 'a key; reboot.json' --governed-regions")


def test_every_page_is_one_of_aws() -> None:
    """Each that the wing names, and no other address."""
    folder = Path(__file__).parents[2] / "lzkey/preflight"
    found_in = re.findall(r"https://[^\"\s{]+", "".join(path.read_text() for path in folder.rglob("*.py")))
    assert len(found_in) > 10
    assert [page for page in found_in if not page.startswith("https://docs.aws.amazon.com/")] == []
