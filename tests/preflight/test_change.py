"""The change that is planned, applied to the landing zone as it is."""

from __future__ import annotations

from typing import Any

import pytest

from landing_zone_key.manifest import Delivery
from lzkey.errors import UsageError
from lzkey.preflight.change import Change, splits
from lzkey.preflight.model import numbers

from .conftest import ARN, HOME, MEMBER, NEXT, OTHER, configured, manifest

BOTH = {Delivery.CLOUDTRAIL: ARN, Delivery.CONFIG: ARN}


def keys(
    change: Change, told: dict[str, Any] | None, version: str | None = "3.3"
) -> dict[Delivery, str | None]:
    """The keys after a change, by what they are for."""
    after = change.applied(configured(told, version))
    return {use: after.key_of(use) for use in Delivery}


class TestKeys:
    """Which key is for which logs afterwards."""

    @pytest.mark.parametrize(
        ("change", "told", "version", "expected"),
        [
            (Change(), manifest(), "3.3", BOTH),
            (Change("4.0"), manifest(), "3.3", BOTH),
            (Change("4.0", config_key=OTHER), manifest(), "3.3", BOTH | {Delivery.CONFIG: OTHER}),
            (Change(logging_key=OTHER), manifest(), "3.3", dict.fromkeys(Delivery, OTHER)),
            (Change(None, OTHER, OTHER), manifest(), "3.3", dict.fromkeys(Delivery, OTHER)),
            (Change(logging_key=OTHER), manifest(ARN, ARN), "4.0", BOTH | {Delivery.CLOUDTRAIL: OTHER}),
            (Change(config_key=OTHER), manifest(ARN, ARN), None, BOTH | {Delivery.CONFIG: OTHER}),
            (Change("4.0", OTHER), None, None, dict.fromkeys(Delivery, OTHER)),
            (Change("3.3", OTHER), None, None, dict.fromkeys(Delivery, OTHER)),
            (Change(), None, None, dict.fromkeys(Delivery)),
        ],
    )
    def test_after_the_change(
        self,
        change: Change,
        told: dict[str, Any] | None,
        version: str | None,
        expected: dict[Delivery, str | None],
    ) -> None:
        """Before 4.0 one is for both; by the update AWS Config keeps it, unless it gets its own."""
        assert keys(change, told, version) == expected

    def test_an_integration_that_is_off_stays_off(self) -> None:
        """Whatever key is given; a key for it alone is a mistake."""
        told = manifest(ARN, ARN)
        told["config"]["enabled"] = False
        assert keys(Change(None, OTHER, OTHER), told, "4.0") == {
            Delivery.CLOUDTRAIL: OTHER,
            Delivery.CONFIG: None,
        }
        with pytest.raises(UsageError, match=f"no logs would be encrypted with {OTHER}"):
            keys(Change(config_key=OTHER), told, "4.0")

    @pytest.mark.parametrize("config", [True, False])
    def test_a_key_that_nothing_would_use_is_a_mistake(self, *, config: bool) -> None:
        """And not passed over: it would not be judged, and the answer would read as its own."""
        told = manifest(ARN, ARN)
        told["centralizedLogging"]["enabled"], told["config"]["enabled"] = False, config
        with pytest.raises(UsageError, match=f"no logs would be encrypted with {OTHER}"):
            keys(Change(None, OTHER, None if config else OTHER), told, "4.0")

    @pytest.mark.parametrize(
        ("off", "change"), [("config", Change(config_key=ARN)), ("centralizedLogging", Change(None, OTHER))]
    )
    def test_also_where_the_other_logs_have_that_key(self, off: str, change: Change) -> None:
        """It is given for what is off."""
        told = manifest(ARN, OTHER)
        told[off]["enabled"] = False
        with pytest.raises(UsageError, match="no logs would be encrypted"):
            keys(change, told, "4.0")

    def test_before_4_the_key_is_for_aws_config_in_any_case(self) -> None:
        """Also where there is no trail; by 4.0 it is for nothing then."""
        told = manifest()
        told["centralizedLogging"]["enabled"] = False
        assert keys(Change(None, OTHER), told)[Delivery.CONFIG] == OTHER
        with pytest.raises(UsageError, match="no logs would be encrypted"):
            keys(Change("4.0", OTHER), told)

    @pytest.mark.parametrize("version", ["3.3", None])
    def test_no_key_of_its_own_before_4(self, version: str | None) -> None:
        """AWS Config has none."""
        told = "one key is for both logs" if version else "--landing-zone-version gives it"
        with pytest.raises(UsageError, match=f"--config-key is for landing zone 4.0 and later: .*{told}"):
            keys(Change(config_key=OTHER), manifest(), version)

    def test_what_is_on_stays_on(self) -> None:
        """Before 4.0 both deliver without a block in the manifest; since then one without is off."""
        after = Change("4.0").applied(configured({"governedRegions": [HOME]}))
        assert after.keys is not None
        assert after.keys.delivers == set(Delivery)

    def test_the_manifest_stays_as_it_was(self) -> None:
        """What is changed is a copy."""
        told = manifest()
        Change("4.0", OTHER, ARN).applied(configured(told))
        assert told == manifest()


class TestPlaces:
    """For which Regions and accounts the permissions are proved."""

    def test_regions_and_accounts_are_added_once(self) -> None:
        """To those that are known."""
        change = Change(regions=("us-west-2", "eu-west-1"), accounts=(MEMBER, NEXT))
        zone = change.applied(configured(manifest(), accounts=(MEMBER,))).zone
        assert zone.governed_regions == (HOME, "us-west-2", "eu-west-1")
        assert zone.accounts == (MEMBER, NEXT)

    def test_any_stays_any(self) -> None:
        """Where nobody knows which there are, one that is added narrows nothing."""
        assert Change(accounts=(NEXT,)).applied(configured(manifest())).zone.accounts == ()


class TestVersions:
    """To which version, and what that means."""

    @pytest.mark.parametrize(
        ("change", "present", "latest", "expected"),
        [
            (Change(), "3.3", "4.0", "4.0"),
            (Change("3.3"), "3.3", "4.0", "3.3"),
            (Change(), "3.3", None, "3.3"),
            (Change(), None, None, None),
        ],
    )
    def test_the_latest_unless_one_is_given(
        self, change: Change, present: str | None, latest: str | None, expected: str | None
    ) -> None:
        """As the console does."""
        assert change.version_after(present, latest) == expected

    @pytest.mark.parametrize(
        ("before", "wanted", "expected"),
        [("3.3", "4.0", True), ("3.2", "3.3", False), ("4.0", "4.1", False), (None, "4.0", False)],
    )
    def test_the_logs_part_by_4(self, before: str | None, wanted: str, *, expected: bool) -> None:
        """And by no other update."""
        made = configured(manifest(), before)
        assert splits(made, Change(wanted).applied(made)) is expected

    @pytest.mark.parametrize("text", ["4", "latest", "4.0.1", "99999.0", "", None, "\u0664.0"])
    def test_what_is_no_version(self, text: str | None) -> None:
        """Has no numbers."""
        assert numbers(text) == ()


class TestMistakes:
    """What cannot be asked for."""

    @pytest.mark.parametrize("change", [Change(logging_key=""), Change(config_key="")])
    def test_a_key_without_a_name(self, change: Change) -> None:
        """As of a variable that is not set: it is no plain update."""
        with pytest.raises(UsageError, match="not by an empty text"):
            change.require_sensible()

    def test_all_at_once(self) -> None:
        """One error names every fault."""
        change = Change("new", regions=("us-esat-1",), accounts=("1",), unit="Sandbox")
        with pytest.raises(UsageError) as raised:
            change.require_sensible()
        told = str(raised.value)
        assert "'new' is no version" in told
        assert "us-esat-1, which is no Region of AWS; the nearest is us-east-1" in told
        assert "'1' is no account" in told
        assert "'Sandbox' is no id of a unit" in told

    def test_a_region_that_is_newer_than_this(self) -> None:
        """Is taken, where that is allowed; so is everything that is right."""
        Change("4.0", regions=("xx-new-1",), accounts=(NEXT,), unit="ou-ab12-11111111").require_sensible(
            any_region=True
        )
