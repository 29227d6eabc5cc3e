"""An organization's deployment: healthy, then broken in one place or one account at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.doctor import Status
from lzkey_sandbox.baselines import NOT_REREGISTERED, Unit

from .conftest import (
    EXECUTION_ROLE,
    FUNCTION,
    RULE,
    give_policy,
    make_aggregator,
    not_ok,
    organization_account,
)

if TYPE_CHECKING:
    from lzkey_sandbox.organization import Organization

    from .conftest import Management

Deployed = tuple["Management", "Organization"]
Breakage = Callable[["Management", "Organization"], AbstractContextManager[object]]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A healthy organization for the whole module, and healthy still when it ends."""
    with organization_account(tmp_path_factory.mktemp("project")) as made:
        yield made
        assert made[0].wrong() == {}


class TestHealthy:
    """Everything is as it must be."""

    def test_all_ok(self, deployed: Deployed) -> None:
        """Every line applies, and is OK."""
        lines = deployed[0].lines()
        assert {name: check.detail for name, check in lines.items() if check.status is not Status.OK} == {}
        assert lines["organization-rule"].detail == "in place in 6 accounts"
        assert lines["accounts"].detail == "none of 6 active accounts was left out"
        assert lines["aggregator"].detail == "everywhere: every source is fresh"
        assert lines["permission"].detail.endswith("for organization o-exampleorgid only")
        assert lines["rule"].detail.startswith("of the organization, as prod.json says")

    def test_only_questions(self, deployed: Deployed) -> None:
        """Nothing is changed anywhere."""
        sandbox = deployed[0].sandbox
        sandbox.forget_calls()
        deployed[0].examine()
        assert all(
            call.operation.startswith(("Describe", "Get", "List", "Lookup", "Select", "BatchGet"))
            for call in sandbox.calls
        )


class TestNames:
    """Accounts are listed for the rule, and so have names on every line."""

    def test_baselines(self, deployed: Deployed) -> None:
        """Those that are behind; for their names nothing more is asked."""
        account, organization = deployed
        (member, *_) = organization.sound
        account.sandbox.units = (Unit(accounts=(member,), registration=NOT_REREGISTERED),)
        account.sandbox.forget_calls()
        detail = account.lines()["baselines"].detail
        account.sandbox.units = None
        assert f"; {member} (Member 001): it is not on the landing zone's present configuration" in detail
        assert sum(call.operation == "ListAccounts" for call in account.sandbox.calls) == 1


@contextmanager
def other_parameters(account: Management, _: Organization) -> Iterator[None]:
    """The file was changed after the deployment."""
    with account.other_parameters(RequireConfusedDeputyProtection="true"):
        yield


@contextmanager
def other_exclusions(account: Management, organization: Organization) -> Iterator[None]:
    """An account was excluded in the file alone."""
    with account.other_parameters(excludedAccounts=[organization.audit]):
        yield


@contextmanager
def stale_source(account: Management, organization: Organization) -> Iterator[None]:
    """A member's data has not come through."""
    account.sandbox.tell_aggregators(organization.sound[0], "OUTDATED")
    yield
    account.sandbox.tell_aggregators(organization.sound[0], "SUCCEEDED")


@contextmanager
def no_aggregator(account: Management, _: Organization) -> Iterator[None]:
    """Nobody aggregates."""
    account.client("config").delete_configuration_aggregator(ConfigurationAggregatorName="everywhere")
    yield
    make_aggregator(account.sandbox)


@contextmanager
def no_trusted_access(account: Management, _: Organization) -> Iterator[None]:
    """Trusted access was withdrawn."""
    organizations = account.client("organizations")
    service = {"ServicePrincipal": "config-multiaccountsetup.amazonaws.com"}
    organizations.disable_aws_service_access(**service)
    yield
    organizations.enable_aws_service_access(**service)


@contextmanager
def own_account_only(account: Management, _: Organization) -> Iterator[None]:
    """AWS Config may invoke the function for this account, and no other."""
    client = account.client("lambda")
    statement = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])["Statement"][0]
    arn, condition = statement["Resource"], {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    put_policy(client, arn, {**statement, "Condition": condition})
    yield
    put_policy(client, arn, statement)


def put_policy(client: Any, arn: str, *statements: dict[str, Any]) -> None:
    """Replace the function's policy."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    client.put_resource_policy(ResourceArn=arn, Policy=policy)


@contextmanager
def no_execution_role(account: Management, _: Organization) -> Iterator[None]:
    """The management account has no role to assume, as a StackSet leaves it."""
    iam = account.client("iam")
    trust = iam.get_role(RoleName=EXECUTION_ROLE)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role_policy(RoleName=EXECUTION_ROLE, PolicyName=RULE)
    iam.delete_role(RoleName=EXECUTION_ROLE)
    yield
    iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    give_policy(account.sandbox)


@contextmanager
def execution_role_elsewhere(account: Management, _: Organization) -> Iterator[None]:
    """The role has another path than the function assumes."""
    iam = account.client("iam")
    trust = json.dumps(iam.get_role(RoleName=EXECUTION_ROLE)["Role"]["AssumeRolePolicyDocument"])
    iam.delete_role_policy(RoleName=EXECUTION_ROLE, PolicyName=RULE)
    iam.delete_role(RoleName=EXECUTION_ROLE)
    iam.create_role(Path="/audit/", RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=trust)
    give_policy(account.sandbox)
    yield
    iam.delete_role_policy(RoleName=EXECUTION_ROLE, PolicyName=RULE)
    iam.delete_role(RoleName=EXECUTION_ROLE)
    iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=trust)
    give_policy(account.sandbox)


@contextmanager
def powerless_execution_role(account: Management, _: Organization) -> Iterator[None]:
    """The role may not report."""
    give_policy(account.sandbox, without="config:PutEvaluations")
    yield
    give_policy(account.sandbox)


@contextmanager
def mighty_execution_role(account: Management, _: Organization) -> Iterator[None]:
    """The role may do everything."""
    give_policy(account.sandbox, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    yield
    give_policy(account.sandbox)


@contextmanager
def assumes_in_any_organization(account: Management, _: Organization) -> Iterator[None]:
    """The function may assume roles of that name in accounts of other organizations."""
    iam = account.client("iam")
    arn = account.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Role"]
    where = {"RoleName": arn.rpartition("/")[2], "PolicyName": "More"}
    role = f"arn:aws:iam::*:role/{EXECUTION_ROLE}"
    document = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}}
    iam.put_role_policy(**where, PolicyDocument=json.dumps({"Version": "2012-10-17", **document}))
    yield
    iam.delete_role_policy(**where)


@contextmanager
def foreign_account_too(account: Management, _: Organization) -> Iterator[None]:
    """Beside the organization, one foreign account's AWS Config may invoke the function."""
    client = account.client("lambda")
    statement = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])["Statement"][0]
    foreign = {"Sid": "Foreign", "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}
    put_policy(client, statement["Resource"], statement, {**statement, **foreign})
    yield
    put_policy(client, statement["Resource"], statement)


@contextmanager
def distrusting_execution_role(account: Management, _: Organization) -> Iterator[None]:
    """The role trusts another function's role alone."""
    iam = account.client("iam")
    trust = iam.get_role(RoleName=EXECUTION_ROLE)["Role"]["AssumeRolePolicyDocument"]
    other = {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/other"}}
    changed = {**trust, "Statement": [{**trust["Statement"][0], "Condition": other}]}
    iam.update_assume_role_policy(RoleName=EXECUTION_ROLE, PolicyDocument=json.dumps(changed))
    yield
    iam.update_assume_role_policy(RoleName=EXECUTION_ROLE, PolicyDocument=json.dumps(trust))


@contextmanager
def may_assume_all(account: Management, _: Organization) -> Iterator[None]:
    """The function may assume any role."""
    iam = account.client("iam")
    arn = account.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Role"]
    where = {"RoleName": arn.rpartition("/")[2], "PolicyName": "More"}
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": allow}
    iam.put_role_policy(**where, PolicyDocument=json.dumps(document))
    yield
    iam.delete_role_policy(**where)


BREAKAGES: list[tuple[Breakage, dict[str, str], str]] = [
    (other_parameters, {"rule": "problem"}, "RequireConfusedDeputyProtection is 'false', not 'true'"),
    (other_exclusions, {"rule": "problem"}, "its excluded accounts"),
    (stale_source, {"aggregator": "problem", "evaluations": "unknown"}, "OUTDATED"),
    (
        no_aggregator,
        {"aggregator": "warning", "evaluations": "unknown"},
        "none in this account aggregates the organization",
    ),
    (no_trusted_access, {"trusted-access": "problem"}, "not enabled for config-multiaccountsetup"),
    (own_account_only, {"permission": "problem"}, "may not invoke it for other accounts of organization"),
    (no_execution_role, {"execution-role": "problem"}, "has no role landing-zone-key-rule"),
    (
        distrusting_execution_role,
        {"execution-role": "problem"},
        "does not let arn:aws:iam::111122223333:role",
    ),
    (execution_role_elsewhere, {"execution-role": "problem"}, "role/audit/landing-zone-key-rule"),
    (powerless_execution_role, {"execution-role": "problem"}, "may not config:PutEvaluations"),
    (mighty_execution_role, {"execution-role": "warning"}, "may do more than is needed: *"),
    (assumes_in_any_organization, {"role": "warning"}, "no condition on aws:ResourceOrgID"),
    (foreign_account_too, {"permission": "problem"}, "the statements Foreign for AWS Config"),
    (may_assume_all, {"role": "warning"}, "sts:AssumeRole on *"),
]


class TestBroken:
    """Each breakage shows on its own line, says what is wrong, has a fix, and is gone with its cause.

    What is left of one would show in the next, or when the module ends.
    """

    @pytest.mark.parametrize(
        ("breakage", "expected", "said"), BREAKAGES, ids=[entry[0].__name__ for entry in BREAKAGES]
    )
    def test_on_its_own_line(
        self, deployed: Deployed, breakage: Breakage, expected: dict[str, str], said: str
    ) -> None:
        """And on no other, but for what depends on it."""
        account, organization = deployed
        with breakage(account, organization):
            checks = account.lines()
        assert not_ok(checks) == expected
        line = next(iter(expected))
        assert said in checks[line].detail
        assert checks[line].fix


class TestUnderWay:
    """AWS Config is still bringing the rule to the accounts."""

    def test_is_unknown(self, deployed: Deployed) -> None:
        """Neither good nor bad yet; a moment later it is good."""
        account, _ = deployed
        account.sandbox.delay_organization_rules(1)
        assert account.wrong() == {"organization-rule": "unknown"}
        assert account.wrong() == {}


class TestRefused:
    """What may not be read is unknown."""

    def test_refused(self, deployed: Deployed) -> None:
        """Who may not read the statuses hears of two unknown lines."""
        account, _ = deployed
        account.sandbox.fail_next(
            "config", "GetOrganizationConfigRuleDetailedStatus", "AccessDeniedException"
        )
        assert account.wrong() == {"organization-rule": "unknown", "accounts": "unknown"}
