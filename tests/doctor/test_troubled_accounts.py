"""Accounts in which something is wrong, and callers who see nothing; each test has a sandbox of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.doctor import EXPECTATIONS, Status

from .conftest import management_account, not_ok, organization_account

if TYPE_CHECKING:
    from pathlib import Path


class TestAccounts:
    """What is wrong in some accounts of the organization is said of each of them."""

    def test_failed_suspended_and_enrolled_later(self, tmp_path: Path) -> None:
        """No recorder: failed, named with the reason. Suspended: nobody's concern. New: without the rule."""
        with organization_account(tmp_path / "project", members=5, without_recorder=1, suspended=1) as made:
            account, organization = made
            lines = account.lines()
            assert lines["organization-rule"].status is Status.PROBLEM
            (without,) = organization.without_recorder
            assert (
                f"{without} (No recorder 1) CREATE_FAILED (NoAvailableConfigurationRecorder"
                in lines["organization-rule"].detail
            )
            assert "give each of them a recorder" in lines["organization-rule"].fix
            assert not any(organization.suspended[0] in check.detail for check in lines.values())
            assert lines["accounts"].status is Status.OK
            late = organization.enroll("Late")
            assert account.lines()["accounts"].detail == f"AWS Config sent the rule to none of {late} (Late)"
            account.sandbox.retry_organization_rules()
            assert account.lines()["accounts"].status is Status.OK

    def test_management_without_recorder(self, tmp_path: Path) -> None:
        """Control Tower creates none there: the fix says so."""
        with organization_account(tmp_path / "project", management_recorder=0) as (account, _):
            lines = account.lines()
        assert lines["recorder"].status is Status.PROBLEM
        assert lines["organization-rule"].status is Status.PROBLEM
        assert "Control Tower creates no recorder in the management account" in lines["organization-rule"].fix


class TestExcluded:
    """An account that the organization's rule leaves out."""

    def test_the_management_account(self, tmp_path: Path) -> None:
        """It needs neither recorder nor role; but nobody judges the landing zone's key, which is there."""
        with organization_account(tmp_path / "project", "111122223333", management_recorder=0) as (
            account,
            _,
        ):
            lines = account.lines()
            wrong = not_ok(lines)
        assert wrong == {"landing-zone-keys": "problem", "evaluations": "unknown"}
        assert "is in account 111122223333, which the rule excludes" in lines["landing-zone-keys"].detail
        assert lines["accounts"].detail == "none of 6 active accounts was left out, 1 excluded"
        assert lines["recorder"].detail == lines["execution-role"].detail == "this account is excluded"


class TestRefused:
    """A call that AWS refuses."""

    def test_everything_at_once(self, tmp_path: Path) -> None:
        """Who may read nothing sees every line unknown, and no traceback."""
        with management_account(tmp_path / "project") as account:
            for action in {action for expectation in EXPECTATIONS for action in expectation.actions}:
                service, _, operation = action.partition(":")
                account.sandbox.fail_next(service, operation, "AccessDeniedException", times=50)
            seen = account.examine()
        known = {
            found.expectation.name for found in seen.findings if found.check.status is not Status.UNKNOWN
        }
        assert known == {"execution-role"}
        assert seen.exit_code == 4
