"""The audit account made the rule: what each side sees, alone and together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lzkey import cli
from lzkey.aws.fact import Fact
from lzkey.doctor import EXPECTATIONS, Status, iam_policy
from lzkey.errors import PrerequisiteError
from lzkey.workplace import Workplace

from .conftest import EXECUTION_ROLE, NAME, not_ok
from .delegated import AGGREGATOR, AUDIT, MANAGEMENT, delegated_account, give_power

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from .delegated import Delegated

SEEN_THERE_ALONE = {
    "landing-zone": f"{MANAGEMENT} manages organization o-exampleorgid",
    "landing-zone-keys": f"{MANAGEMENT} manages organization o-exampleorgid",
    "landing-zone-results": f"{AGGREGATOR} shows COMPLIANT results for account {MANAGEMENT}",
    "former-keys": f"{MANAGEMENT} manages organization o-exampleorgid",
    "trail": f"{MANAGEMENT} manages organization o-exampleorgid",
    "baselines": f"{MANAGEMENT} manages organization o-exampleorgid",
    "key-last-use": f"{MANAGEMENT} manages organization o-exampleorgid",
    "beside-the-key": f"{MANAGEMENT} manages organization o-exampleorgid",
    "recorder": f"{AGGREGATOR} shows account {MANAGEMENT} as SUCCEEDED",
    "recorder-role": f"{AGGREGATOR} shows account {MANAGEMENT} as SUCCEEDED",
    "key-policies": f"{AGGREGATOR} shows the policies of 1 of its 1 recorded keys",
}


@pytest.fixture(scope="module")
def delegated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delegated]:
    """A healthy organization for the whole module, and healthy still when it ends."""
    with delegated_account(tmp_path_factory.mktemp("project")) as made:
        yield made
        assert made.seen("audit", "management").exit_code == 0


class TestTogether:
    """The audit account, with a profile of the management account."""

    def test_all_ok(self, delegated: Delegated) -> None:
        """Everything is seen, so the exit code is 0; both accounts' roles are."""
        checks = delegated.checks("audit", "management")
        assert not_ok(checks) == {}
        assert checks["landing-zone"].detail.startswith(f"account {MANAGEMENT}: version 4.0")
        assert delegated.key in checks["landing-zone-keys"].detail
        assert "COMPLIANT" in checks["landing-zone-results"].detail
        assert checks["execution-role"].detail.count("lets the function assume it") == 2
        assert checks["last-evaluation"].status is Status.OK
        assert f"account {MANAGEMENT}: succeeded" in checks["last-evaluation"].detail

    def test_another_accounts_profile(self, delegated: Delegated) -> None:
        """Is refused before anything is asked."""
        with pytest.raises(PrerequisiteError, match=f"belong to account {AUDIT}"):
            delegated.seen("audit", "audit")

    def test_as_typed(
        self, delegated: Delegated, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The management account may have the profile too: then it is that account that is looked at."""
        monkeypatch.setattr("lzkey.cli.doctor.here", lambda: Workplace.in_checkout(delegated.root))
        profiles = ("--profile", "audit", "--management-profile", "management")
        assert cli.main(["doctor", NAME, *profiles]) == 0
        assert f"account {AUDIT}, us-east-1" in capsys.readouterr().out
        assert cli.main(["doctor", NAME, "--management-profile", "management"]) == 4
        assert f"account {MANAGEMENT}, us-east-1" in capsys.readouterr().out

    def test_has_all_permissions(self, delegated: Delegated) -> None:
        """What is asked, alone and together, is in the printed policy."""
        delegated.sandbox.forget_calls()
        delegated.seen("audit", "management")
        delegated.seen("audit")
        delegated.seen("management")
        called = {f"{call.service}:{call.operation}" for call in delegated.sandbox.calls}
        allowed = {action for made in iam_policy()["Statement"] for action in made["Action"]}
        assert called - {"sts:GetCallerIdentity", "s3:GetObject"} <= allowed


class TestAlone:
    """The audit account without a profile of the management account."""

    def test_what_it_cannot_see(self, delegated: Delegated) -> None:
        """Is unknown, with what can be told from there, and how to see it."""
        checks = delegated.checks("audit")
        unknown = {name for name, check in checks.items() if check.status is Status.UNKNOWN}
        assert unknown == {*SEEN_THERE_ALONE, "delivery-channel"}
        for name, hint in SEEN_THERE_ALONE.items():
            assert checks[name].detail == f"account {AUDIT} cannot see it; {hint}"
            assert checks[name].fix.startswith("give --management-profile")

    def test_its_own_delivery_channel(self, delegated: Delegated) -> None:
        """Is looked at; what of it counts for the key, the management account tells, as the twin shows."""
        alone = delegated.checks("audit")["delivery-channel"]
        assert "configuration history delivered " in alone.detail
        assert f"is not known (the management account, {MANAGEMENT}, alone sees that)" in alone.detail
        assert "give --management-profile" in alone.fix
        together = delegated.checks("audit", "management")["delivery-channel"]
        assert together.status is Status.OK
        assert together.detail.count("configuration history delivered ") == 2

    def test_no_keys_of_its_own(self, delegated: Delegated) -> None:
        """Nothing was evaluated there, which is nothing to be mended; the twin is a key there."""
        assert delegated.checks("audit")["last-evaluation"].status is Status.NOT_APPLICABLE
        kms = delegated.sandbox.client("kms", account=AUDIT)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        delegated.sandbox.settle()
        assert delegated.checks("audit")["last-evaluation"].detail.startswith("succeeded")
        delegated.sandbox.delete_key(key, AUDIT)

    def test_a_hint_that_is_refused(self, delegated: Delegated) -> None:
        """Says so, and the line is as unknown as before."""
        delegated.sandbox.fail_next(
            "config", "SelectAggregateResourceConfig", "AccessDeniedException", times=2
        )
        check = delegated.checks("audit")["key-policies"]
        assert check.status is Status.UNKNOWN
        assert "refused config:SelectAggregateResourceConfig" in check.detail

    def test_a_hint_that_nobody_foresaw(self, delegated: Delegated, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ends no other line."""
        (row,) = (row for row in EXPECTATIONS if row.name == "recorder")
        hint = Fact(lambda found: {"reader": ""}[found.account], frozenset())
        monkeypatch.setattr("lzkey.doctor.examination.EXPECTATIONS", (replace(row, hint=hint), row))
        odd, usual = (found.check for found in delegated.seen("audit").findings)
        assert odd.status is usual.status is Status.UNKNOWN
        assert f"not understood (KeyError: '{AUDIT}')" in odd.detail

    def test_a_scope_that_it_cannot_see(self, delegated: Delegated) -> None:
        """Who has results is unknown; with a profile of the management account it is known."""
        with delegated.other_parameters(KeyScope="landing-zone"):
            alone = delegated.checks("audit")["evaluations"]
            together = delegated.checks("audit", "management")["evaluations"]
        assert alone.status is Status.UNKNOWN
        assert "KeyScope is landing-zone" in alone.detail
        assert together.detail == (
            "all of 1 account with keys in scope have results; 5 accounts without such keys"
        )


class TestFromTheManagementAccount:
    """The rule is there, and another account made it."""

    def test_the_rule_is_recognised(self, delegated: Delegated) -> None:
        """It is judged by what can be seen; what the audit account alone sees is unknown."""
        checks = delegated.checks("management")
        assert checks["rule"].detail == (
            f"of the organization, made by account {AUDIT}, as prod.json says, on change"
        )
        for name in ("last-evaluation", "landing-zone-results", "execution-role", "trusted-access"):
            assert checks[name].status is Status.OK
        for name in ("function", "code", "runtime", "role", "permission", "organization-rule", "accounts"):
            assert checks[name].status is Status.UNKNOWN
            assert checks[name].fix.startswith(f"look from account {AUDIT}")

    def test_who_made_it_may_not_be_asked(self, delegated: Delegated) -> None:
        """Then where the function is, is unknown, and nobody is told that there is none."""
        delegated.sandbox.fail_next("config", "DescribeConfigRules", "AccessDeniedException")
        checks = delegated.checks("management")
        assert {checks[name].status for name in ("function", "code", "role")} == {Status.UNKNOWN}
        assert "refused config:DescribeConfigRules" in checks["function"].detail

    def test_other_parameters(self, delegated: Delegated) -> None:
        """Than the file's are a problem, to be mended from the audit account."""
        with delegated.other_parameters(TrailName="other"):
            check = delegated.checks("management")["rule"]
        assert check.status is Status.PROBLEM
        assert "TrailName is 'aws-controltower-BaselineCloudTrail', not 'other'" in check.detail
        assert check.fix.endswith(f"from account {AUDIT}")


@contextmanager
def powerless_role(delegated: Delegated) -> Iterator[None]:
    """The management account's execution role may not report."""
    give_power(delegated.sandbox, MANAGEMENT, without="config:PutEvaluations")
    yield
    give_power(delegated.sandbox, MANAGEMENT)


@contextmanager
def stopped_recorder(delegated: Delegated) -> Iterator[None]:
    """The management account records nothing."""
    name = {"ConfigurationRecorderName": "aws-controltower-BaselineConfigRecorder"}
    config = delegated.client("config")
    config.stop_configuration_recorder(**name)
    yield
    config.start_configuration_recorder(**name)


@contextmanager
def no_landing_zone(delegated: Delegated) -> Iterator[None]:
    """Control Tower knows none."""
    before, delegated.sandbox.landing_zone = delegated.sandbox.landing_zone, None
    yield
    delegated.sandbox.landing_zone = before


BREAKAGES: list[tuple[Callable[[Delegated], AbstractContextManager[object]], tuple[str, ...], str]] = [
    (powerless_role, ("execution-role",), f"account {MANAGEMENT}: {EXECUTION_ROLE} may not"),
    (stopped_recorder, ("recorder", "evaluations"), "is stopped"),
    (no_landing_zone, ("landing-zone",), f"no landing zone in account {MANAGEMENT}"),
]


class TestBroken:
    """What is wrong in the management account is a problem for who looks at both."""

    @pytest.mark.parametrize(
        ("breakage", "lines", "said"), BREAKAGES, ids=[entry[0].__name__ for entry in BREAKAGES]
    )
    def test_on_its_own_line(
        self,
        delegated: Delegated,
        breakage: Callable[[Delegated], AbstractContextManager[object]],
        lines: tuple[str, ...],
        said: str,
    ) -> None:
        """And says which account it is about."""
        with breakage(delegated):
            checks = delegated.checks("audit", "management")
        assert not_ok(checks) == dict.fromkeys(lines, "problem")
        assert said in checks[lines[0]].detail
        assert checks[lines[0]].detail.startswith(f"account {MANAGEMENT}: ")
        assert checks[lines[0]].fix.startswith(f"in account {MANAGEMENT}: ")
