"""What stands beside the proof: baselines, the keys' last use, grants to services and policies of AWS RAM."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lzkey.doctor import Status
from lzkey_sandbox.baselines import (
    FAILED,
    MOVED,
    NOT_REREGISTERED,
    UNDER_CHANGE,
    Registration,
    Unit,
)
from lzkey_sandbox.keys.key_records import LastUse, ServiceGrant

if TYPE_CHECKING:
    from lzkey.doctor import Check

    from .conftest import Management

TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
MEMBER = "444455556666"
UNTOLD = Registration(source=None, inheritance=None)


class TestBaselines:
    """Who is on the landing zone's present configuration."""

    def look(self, account: Management, *units: Unit) -> Check:
        """What the doctor says where these are registered."""
        account.sandbox.units = units
        check = account.line("baselines")
        account.sandbox.units = None
        return check

    @pytest.mark.parametrize(
        ("unit", "status", "said"),
        [
            (Unit(accounts=(MEMBER,)), Status.OK, "every organizational unit and account is on the"),
            (
                Unit(registration=NOT_REREGISTERED),
                Status.PROBLEM,
                "ou-ab12-3cd4ef56: it is not on the landing zone's present configuration: re-register it",
            ),
            (Unit(registration=FAILED), Status.PROBLEM, "ou-ab12-3cd4ef56: its baseline is FAILED"),
            (Unit(registration=UNDER_CHANGE), Status.PROBLEM, "its baseline is UNDER_CHANGE"),
            (
                Unit(accounts=(MEMBER,), apart={MEMBER: MOVED}),
                Status.PROBLEM,
                f"{MEMBER}: it is not as its organizational unit: re-register that",
            ),
            (Unit(registration=UNTOLD), Status.UNKNOWN, "does not tell which are on the present"),
            (
                Unit(accounts=(MEMBER,), apart={MEMBER: UNTOLD}),
                Status.UNKNOWN,
                f"Control Tower does not tell it of {MEMBER}",
            ),
            (
                Unit(accounts=(MEMBER,), apart={MEMBER: Registration(source=None)}),
                Status.OK,
                "every organizational unit and account is on",
            ),
        ],
        ids=str,
    )
    def test_each_state(self, account: Management, unit: Unit, status: Status, said: str) -> None:
        """What is behind is a problem, and what nobody tells is no health."""
        check = self.look(account, unit)
        assert check.status is status
        assert said in check.detail
        assert bool(check.fix) is (status is not Status.OK)

    def test_units_first(self, account: Management) -> None:
        """Their accounts are behind with them; of many, a few are named."""
        members = tuple(f"{number:012}" for number in range(1, 10))
        check = self.look(
            account,
            Unit(accounts=members, registration=NOT_REREGISTERED),
            Unit("ou-ab12-3cd4ef57", registration=NOT_REREGISTERED),
        )
        assert check.detail.startswith("ou-ab12-3cd4ef56: ")
        assert check.detail.index("ou-ab12-3cd4ef57: ") < check.detail.index("000000000001: ")
        assert check.detail.endswith(" more")

    def test_none(self, account: Management) -> None:
        """An empty list is no health."""
        assert self.look(account).status is Status.UNKNOWN


class TestKeys:
    """What KMS tells of the landing zone's key."""

    def look(self, account: Management, line: str, **record: object) -> Check:
        """What a line says where KMS keeps this of the key."""
        before = account.sandbox.key_records[account.key]
        account.sandbox.key_records[account.key] = replace(before, **record)  # type: ignore[arg-type]
        check = account.line(line)
        account.sandbox.key_records[account.key] = before
        return check

    @pytest.mark.parametrize(
        ("ago", "status"), [(timedelta(days=6.5), Status.OK), (timedelta(days=7.5), Status.WARNING)]
    )
    def test_last_use(self, account: Management, ago: timedelta, status: Status) -> None:
        """With its operation and event, and that it may have been anybody's."""
        use = LastUse(datetime.now(UTC) - ago, "Decrypt", event_id="an-event")
        check = self.look(account, "key-last-use", last_use=use)
        name = account.key.rpartition("/")[2]
        assert check.status is status
        assert check.detail == (
            f"{name} was used for Decrypt {ago.days} days ago (CloudTrail event an-event); "
            "KMS names no caller"
        )
        assert bool(check.fix) is (status is not Status.OK)

    def test_a_use_without_an_event(self, account: Management) -> None:
        """Names none."""
        use = LastUse(datetime.now(UTC) - timedelta(days=1.5), "Decrypt", event_id="")
        check = self.look(account, "key-last-use", last_use=use)
        assert "was used for Decrypt 1 day ago; KMS names no caller" in check.detail

    def test_never_used(self, account: Management) -> None:
        """Since KMS keeps account: of the time before, nothing is known."""
        tracked = datetime.now(UTC) - timedelta(days=3.5)
        check = self.look(account, "key-last-use", last_use=None, tracked_since=tracked)
        assert check.status is Status.WARNING
        assert "was not used since KMS began to tell, 3 days ago; KMS names no caller" in check.detail

    def test_nothing_beside(self, account: Management) -> None:
        """A grant to a role is IAM's, and no service's."""
        kms = account.client("kms")
        role = "arn:aws:iam::111122223333:role/reader"
        made = kms.create_grant(KeyId=account.key, GranteePrincipal=role, Operations=["Decrypt"])
        check = account.line("beside-the-key")
        kms.revoke_grant(KeyId=account.key, GrantId=made["GrantId"])
        assert (check.status, check.detail) == (
            Status.OK,
            "no grant to an AWS service, and no policy of AWS RAM",
        )

    def test_a_grant_to_a_service(self, account: Management) -> None:
        """Allows what the proof does not read."""
        grant = ServiceGrant("cloudtrail.amazonaws.com", TRAIL)
        check = self.look(account, "beside-the-key", service_grants=(grant,))
        assert check.status is Status.WARNING
        assert f"allows cloudtrail.amazonaws.com Decrypt, GenerateDataKey for {TRAIL}" in check.detail
        assert "aws kms list-grants" in check.fix

    def test_a_policy_of_ram(self, account: Management) -> None:
        """The key is shared."""
        check = self.look(account, "beside-the-key", ram_policy="{}")
        assert check.status is Status.WARNING
        assert "a second policy, AWS_RAM" in check.detail

    def test_one_seen_and_one_refused(self, account: Management) -> None:
        """What was found is told, and what was not is unknown."""
        refused = frozenset({"ListGrants"})
        check = self.look(account, "beside-the-key", ram_policy="{}", refuses=refused)
        assert check.status is Status.UNKNOWN
        assert "refused kms:ListGrants" in check.detail
        assert "AWS_RAM" in check.detail
