"""What a change brings with it, told from what is planned alone."""

from __future__ import annotations

from typing import Any

import pytest

from lzkey.aws.organization import Member
from lzkey.preflight.change import Change
from lzkey.preflight.consequences import consequences, enrolments
from lzkey.preflight.model import Level

from .conftest import ARN, MEMBER, NEXT, OTHER, configured, manifest


def brings(
    change: Change, told: dict[str, Any] | None = None, version: str | None = "3.3", latest: str | None = None
) -> dict[str, tuple[Level, str]]:
    """Level and subject, by name."""
    before = configured(manifest() if told is None else told, version)
    items = consequences(change, before, change.applied(before, latest), latest)
    return {item.name: (item.level, item.about) for item in items}


class TestVersion:
    """From which to which."""

    @pytest.mark.parametrize(
        ("wanted", "version", "latest", "level"),
        [
            (None, "3.3", None, Level.OK),
            ("3.3", "3.2", "3.3", Level.OK),
            ("3.2", "3.3", "4.0", Level.BLOCKER),
            ("3.10", "3.9", "3.9", Level.BLOCKER),
            ("3.10", "3.9", None, Level.NOT_KNOWN),
            ("4.0", None, "4.0", Level.NOT_KNOWN),
            (None, "unheard", None, Level.NOT_KNOWN),
            ("3.9", "3.3", "4.0", Level.NOT_KNOWN),
            ("4.0", "3.3", None, Level.OK),
            ("4.1", "3.3", None, Level.NOT_KNOWN),
            (None, "9.9", None, Level.NOT_KNOWN),
            (None, "4.0", "4.1", Level.NOT_KNOWN),
        ],
    )
    def test_forward_and_no_farther_than_there_is(
        self, wanted: str | None, version: str | None, latest: str | None, level: Level
    ) -> None:
        """Compared by numbers; backward is no update; one of which AWS tells nothing is not known."""
        assert brings(Change(wanted), version=version, latest=latest)["version"] == (level, "")


class TestSplit:
    """The update to 4.0."""

    def test_deliveries_stop_until_the_units_are_registered_again(self) -> None:
        """A warning, which no other update gives."""
        assert brings(Change("4.0"))["config-delivery"] == (Level.WARNING, "")
        assert "config-delivery" not in brings(Change("3.4"))
        assert "config-delivery" not in brings(Change("4.1"), manifest(ARN, ARN), "4.0")

    def test_logging_that_is_off_is_deleted(self) -> None:
        """Before 4.0 it was retained."""
        told = manifest()
        told["centralizedLogging"]["enabled"] = False
        assert brings(Change("4.0"), told)["centralized-logging"] == (Level.WARNING, "")
        assert "centralized-logging" not in brings(Change("4.0"))
        assert "centralized-logging" not in brings(Change(), told)


class TestKeys:
    """What becomes of the former key."""

    def test_stays_in_use_until_the_accounts_are_updated(self) -> None:
        """And as long as the logs are to be read."""
        found = brings(Change(logging_key=OTHER))
        assert found["former-key"] == found["former-key-in-use"] == (Level.WARNING, ARN)

    def test_of_cloudtrail_alone_no_account_uses_it(self) -> None:
        """The trail is the organization's, and is updated with the landing zone."""
        found = brings(Change(logging_key=OTHER), manifest(ARN, ARN), "4.0")
        assert "former-key-in-use" not in found
        assert found["former-key"] == (Level.WARNING, ARN)

    def test_without_another_key_there_is_none(self) -> None:
        """Also by the update to 4.0, where both blocks name it."""
        assert {"former-key", "former-key-in-use"}.isdisjoint(brings(Change("4.0", ARN)))

    def test_a_first_key_follows_none(self) -> None:
        """Accounts deliver without one until they are updated."""
        found = brings(Change(logging_key=OTHER), {"governedRegions": ["us-east-1"]})
        assert "former-key" not in found
        assert found["former-key-in-use"] == (Level.WARNING, "")

    def test_a_key_that_there_was_not_need_not_serve(self) -> None:
        """Nothing is said of it."""
        before = configured({"governedRegions": ["us-east-1"]})
        after = (change := Change(logging_key=OTHER)).applied(before)
        (item,) = (
            each for each in consequences(change, before, after, None) if each.name == "former-key-in-use"
        )
        assert "former" not in f"{item.what} {item.fix}"


class TestPlaces:
    """Regions and accounts."""

    def test_regions(self) -> None:
        """One that is new reaches no account by itself; one that is governed is no change."""
        assert brings(Change(regions=("eu-west-1",)))["region"] == (Level.WARNING, "eu-west-1")
        assert brings(Change(regions=("us-west-2",)))["region"] == (Level.OK, "us-west-2")

    @pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
    def test_a_region_of_another_partition(self, region: str) -> None:
        """No landing zone can govern it."""
        assert brings(Change(regions=(region,)))["region"] == (Level.BLOCKER, region)

    @pytest.mark.parametrize(
        ("members", "level"),
        [
            ((Member(NEXT, "", "ACTIVE"),), Level.OK),
            ((Member(NEXT, "", "SUSPENDED"),), Level.BLOCKER),
            ((Member(MEMBER, "", "ACTIVE"),), Level.BLOCKER),
            (None, Level.NOT_KNOWN),
        ],
    )
    def test_accounts(self, members: tuple[Member, ...] | None, level: Level) -> None:
        """One of the organization, active; what AWS Config has there, the account alone tells."""
        account, own = enrolments(Change(accounts=(NEXT,)), members)
        assert (account.level, account.about) == (level, NEXT)
        assert (own.level, own.name) == (Level.NOT_KNOWN, "existing-config-resources")
