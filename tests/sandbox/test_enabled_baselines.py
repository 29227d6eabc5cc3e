"""The sandbox's enabled baselines: which OUs and accounts Control Tower says are on its configuration."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import LandingZone, Sandbox
from lzkey_sandbox.baselines import (
    CONFIG,
    CONTROL_TOWER,
    DEFAULT_UNIT,
    FAILED,
    MOVED,
    NOT_REREGISTERED,
    PRESENT,
    UNDER_CHANGE,
    Registration,
    Unit,
)

from .organizations import SMALL, Organized

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WITHIN = "arn:aws:organizations::111122223333"
SECOND, THIRD = "ou-ab12-2cd4ef56", "ou-ab12-9cd4ef56"
ONE, TWO, THREE, FOUR, FIVE = (f"10000000000{number}" for number in range(1, 6))
PARENT = "parentIdentifier"


@pytest.fixture(scope="class")
def zone() -> Iterator[Organized]:
    """A landing zone's organization, for a whole class."""
    with Sandbox(landing_zone=LandingZone.with_key(KEY, "4.0")) as made:
        yield Organized(made, made.organization(SMALL))


def listed(sandbox: Sandbox, size: int | None = None, **asked: Any) -> list[Any]:
    """All pages of ListEnabledBaselines, with the children unless they are not asked for."""
    pages = sandbox.client("controltower").get_paginator("list_enabled_baselines")
    limits = {"PageSize": size} if size else {}
    found = pages.paginate(**{"includeChildren": True, **asked}, PaginationConfig=limits)
    return [row for page in found for row in page["enabledBaselines"]]


def ends(rows: list[Any]) -> list[str]:
    """The ids of the targets."""
    return [row["targetIdentifier"].rpartition("/")[2] for row in rows]


class TestOrganization:
    """Without a word of a test's: one OU, and what the landing zone itself has."""

    def test_one_unit_with_all_that_are_enrolled(self, zone: Organized) -> None:
        """Not the management account, and none that is suspended; log archive and audit have their own."""
        rows, made = listed(zone.sandbox), zone.organization
        enrolled = [*made.sound, *made.without_recorder, *made.without_role]
        assert ends(rows) == [made.log_archive, made.audit, DEFAULT_UNIT, *enrolled]
        own, (unit, *children) = rows[:2], rows[2:]
        assert [[name for name in (PARENT, "driftStatusSummary") if name in row] for row in own] == [[], []]
        in_sync = {"source": {"status": "IN_SYNC"}, "inheritance": {"status": "IN_SYNC"}}
        assert all(row["driftStatusSummary"] == {"types": in_sync} for row in (unit, *children))
        assert (PARENT in unit, {row[PARENT] for row in children}) == (False, {unit["arn"]})
        assert unit["targetIdentifier"] == f"{WITHIN}:ou/o-exampleorgid/{DEFAULT_UNIT}"
        assert children[0]["targetIdentifier"] == f"{WITHIN}:account/o-exampleorgid/{enrolled[0]}"
        assert unit["baselineIdentifier"] == f"arn:aws:controltower:us-east-1::baseline/{CONTROL_TOWER}"
        assert Counter(row["arn"] for row in rows).most_common(1)[0][1] == 1

    def test_children_are_asked_for(self, zone: Organized) -> None:
        """By default they are left out."""
        made = zone.organization
        first = ends(listed(zone.sandbox, includeChildren=False))
        assert first == [made.log_archive, made.audit, DEFAULT_UNIT]
        (answer,) = zone.sandbox.client("controltower").get_paginator("list_enabled_baselines").paginate()
        assert ends(answer["enabledBaselines"]) == first

    def test_nobody_else_is_told(self, zone: Organized) -> None:
        """Another account is refused; in another Region, and without a landing zone, there is nothing."""
        member = zone.sandbox.client("controltower", account=zone.organization.audit)
        with pytest.raises(ClientError, match="AccessDeniedException"):
            member.list_enabled_baselines()
        elsewhere = zone.sandbox.client("controltower", region="eu-west-1")
        assert elsewhere.list_enabled_baselines()["enabledBaselines"] == []
        before, zone.sandbox.landing_zone = zone.sandbox.landing_zone, None
        assert listed(zone.sandbox) == []
        zone.sandbox.landing_zone = before

    def test_pages(self, zone: Organized) -> None:
        """Their tokens are for the same question, and no other is known."""
        asked = zone.sandbox.client("controltower")
        zone.sandbox.forget_calls()
        assert listed(zone.sandbox, 5) == listed(zone.sandbox)
        assert len(zone.sandbox.calls) == 3
        token = asked.list_enabled_baselines(maxResults=5, includeChildren=True)["nextToken"]
        for wrong in ({"nextToken": "x"}, {"nextToken": token}):
            with pytest.raises(ClientError, match="ValidationException"):
                asked.list_enabled_baselines(**wrong)


class TestUnits:
    """OUs and accounts that a test names, without any organization."""

    @pytest.fixture
    def told(self, sandbox: Sandbox) -> Sandbox:
        """One that is present with an account that was moved, one that is not, and one that failed."""
        sandbox.landing_zone = LandingZone.with_key(KEY, "4.0")
        sandbox.units = (
            Unit(accounts=(ONE, TWO), apart={TWO: MOVED}),
            Unit(SECOND, (THREE,), NOT_REREGISTERED, version="4.0"),
            Unit(THIRD, (FOUR, FIVE), FAILED, {FIVE: UNDER_CHANGE}, baseline=CONFIG),
        )
        return sandbox

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"sourceDriftStatuses": ["DRIFTED"]}, [SECOND, THREE]),
            ({"inheritanceDriftStatuses": ["DRIFTED"]}, [TWO]),
            ({"statuses": ["FAILED"]}, [THIRD, FOUR]),
            ({"statuses": ["UNDER_CHANGE"]}, [FIVE]),
            ({"targetIdentifiers": [f"{WITHIN}:account/o-exampleorgid/{ONE}"]}, [ONE]),
            (
                {
                    "targetIdentifiers": [f"{WITHIN}:ou/o-exampleorgid/{each}" for each in (SECOND, THIRD)],
                    "statuses": ["SUCCEEDED"],
                },
                [SECOND],
            ),
            (
                {"baselineIdentifiers": [f"arn:aws:controltower:us-east-1::baseline/{CONFIG}"]},
                [THIRD, FOUR, FIVE],
            ),
        ],
    )
    def test_filters(self, told: Sandbox, asked: dict[str, Any], expected: list[str]) -> None:
        """What stands so, and where two are given, both."""
        assert ends(listed(told, filter=asked)) == expected

    def test_a_filter_of_parents(self, told: Sandbox) -> None:
        """The accounts of one OU, whose enabled baseline names it."""
        (parent,) = listed(told, filter={"sourceDriftStatuses": ["DRIFTED"]}, includeChildren=False)
        assert parent["baselineVersion"] == "4.0"
        assert ends(listed(told, filter={"parentIdentifiers": [parent["arn"]]})) == [THREE]

    def test_what_is_not_told(self, told: Sandbox) -> None:
        """As before November 2026: no source drift, which is not the same as none."""
        told.units = (Unit(registration=Registration(source=None)), Unit(SECOND, registration=PRESENT))
        first, second = listed(told)
        assert {*first["driftStatusSummary"]["types"]} == {"inheritance"}
        assert {*second["driftStatusSummary"]["types"]} == {"source", "inheritance"}


class TestLandingZone:
    """What GetLandingZone says of itself."""

    def test_is_as_it_is_told(self, sandbox: Sandbox) -> None:
        """Status, drift and the newest version; after an update it is active, and in sync."""
        sandbox.landing_zone = LandingZone("3.3", {}, status="FAILED", drift="DRIFTED", latest="4.0")
        client = sandbox.client("controltower")
        (zone,) = client.list_landing_zones()["landingZones"]

        def shown() -> tuple[str, str, str, str]:
            found = client.get_landing_zone(landingZoneIdentifier=zone["arn"])["landingZone"]
            newest = found["latestAvailableVersion"]
            return found["version"], found["status"], found["driftStatus"]["status"], newest

        assert shown() == ("3.3", "FAILED", "DRIFTED", "4.0")
        client.update_landing_zone(landingZoneIdentifier=zone["arn"], version="3.3", manifest={})
        assert shown() == ("3.3", "ACTIVE", "IN_SYNC", "4.0")
