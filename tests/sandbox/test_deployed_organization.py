"""Our built zip as one function, invoked cross-account: every account has its own results and failures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import CATALOGUE, DOCUMENTED
from .organizations import SMALL, landing_zone_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .organizations import LandingZoneOrganization


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LandingZoneOrganization]:
    """The organization with the rule in all of its accounts."""
    with landing_zone_organization(tmp_path_factory.mktemp("project"), SMALL) as organized:
        organized.put_rule()
        yield organized


@pytest.fixture
def organized(deployed: LandingZoneOrganization) -> Iterator[LandingZoneOrganization]:
    """The organization; a test leaves every account as it should be, but for those of the plan."""
    yield deployed
    deployed.put_rule()
    broken = {*deployed.organization.without_role}
    for account, state in deployed.states(name="CONTROL_TOWER_KMS_KEY").items():
        if state.endswith("SUCCESSFUL"):
            deployed.run(account)
            assert ("LastErrorCode" in deployed.status(account)) is (account in broken)
    assert deployed.sandbox.refused_hosts == ()


def documented(organized: LandingZoneOrganization, account: str) -> str:
    """Create a key with the documented policy in an account; return its id."""
    key_id = organized.key_in(account)
    arn = f"arn:aws:kms:us-east-1:{account}:key/{key_id}"
    statements = [CATALOGUE["statements"][name] for name in DOCUMENTED]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("KEY-ARN", arn)
    policy = policy.replace("111122223333:root", f"{account}:root")
    organized.sandbox.client("kms", account=account).put_key_policy(
        KeyId=key_id, PolicyName="default", Policy=policy
    )
    organized.sandbox.settle()
    return key_id


def touch(organized: LandingZoneOrganization, account: str, key_id: str, description: str) -> None:
    """Change a key, and wait until the change has been evaluated."""
    kms = organized.sandbox.client("kms", account=account)
    kms.update_key_description(KeyId=key_id, Description=description)
    organized.sandbox.settle()


class TestResults:
    """Each lands in the Config of the account that the key is in."""

    def test_of_a_change(self, organized: LandingZoneOrganization) -> None:
        """A key of the management account can be the landing zone's, one of a member cannot."""
        organization = organized.organization
        accounts = [organization.management, organization.log_archive, *organization.sound]
        keys = {account: documented(organized, account) for account in accounts}
        for account, key_id in keys.items():
            results = organized.results(account)
            assert results[key_id].compliance_type == (
                "COMPLIANT" if account == organization.management else "NON_COMPLIANT"
            )
            others = {other for owner, other in keys.items() if owner != account}
            assert others.isdisjoint(results)
        member = organization.sound[0]
        assert "MANAGEMENT_ACCOUNT" in organized.results(member)[keys[member]].annotation

    def test_of_a_change_cost_two_calls(self, organized: LandingZoneOrganization) -> None:
        """The role is assumed once from the function's account, and the result put in the member's."""
        member = organized.organization.sound[0]
        key_id = documented(organized, member)
        organized.sandbox.forget_calls()
        touch(organized, member, key_id, "changed")
        made = [(call.operation, call.account) for call in organized.sandbox.calls]
        assert made == [
            ("UpdateKeyDescription", member),
            ("AssumeRole", "111122223333"),
            ("PutEvaluations", member),
        ]

    def test_of_a_schedule(self, organized: LandingZoneOrganization) -> None:
        """Every key of the member is read and reported with the member's role, and no other account's."""
        member = organized.organization.sound[1]
        keys = {documented(organized, member) for _ in range(3)}
        organized.sandbox.forget_calls()
        organized.run(member)
        calls = organized.sandbox.calls
        assert {call.account for call in calls if call.operation != "AssumeRole"} == {member}
        assert [call.account for call in calls if call.operation == "AssumeRole"] == ["111122223333"]
        assert keys <= set(organized.results(member))

    def test_of_members_with_keys_in_no_scope(self, organized: LandingZoneOrganization) -> None:
        """KeyScope decides whether a member's key is a finding."""
        member = organized.organization.sound[0]
        key_id = documented(organized, member)
        organized.put_rule(parameters={"KeyScope": "1234abcd-12ab-34cd-56ef-1234567890ab"})
        assert organized.results(member)[key_id].compliance_type == "NOT_APPLICABLE"
        organized.put_rule()
        assert organized.results(member)[key_id].compliance_type == "NON_COMPLIANT"


class TestGaps:
    """What is wrong in one account shows there, and nowhere else."""

    def test_no_role(self, organized: LandingZoneOrganization) -> None:
        """The evaluation fails visibly, in that account alone, and there is no result."""
        (broken,) = organized.organization.without_role
        sound = organized.organization.sound[0]
        key_id = documented(organized, broken)
        documented(organized, sound)
        status = organized.status(broken)
        assert "AssumeRole" in status["LastErrorMessage"]
        assert f"{broken}:role/reader" in status["LastErrorMessage"]
        assert key_id not in organized.results(broken)
        assert "LastErrorCode" not in organized.status(sound)

    def test_a_role_that_goes_and_comes_back(self, organized: LandingZoneOrganization) -> None:
        """The old result is under a failed evaluation until the next success replaces it."""
        member = organized.organization.sound[0]
        key_id = documented(organized, member)
        organized.sandbox.client("iam", account=member).delete_role(RoleName="reader")
        organized.sandbox.client("kms", account=member).disable_key(KeyId=key_id)
        organized.sandbox.settle()
        status = organized.status(member)
        assert status["LastFailedEvaluationTime"] > status["LastSuccessfulEvaluationTime"]
        assert "ENABLED" not in organized.results(member)[key_id].annotation
        organized.organization.make_role(member, "reader")
        organized.run(member)
        assert "ENABLED" in organized.results(member)[key_id].annotation
        assert "LastErrorCode" not in organized.status(member)

    def test_a_role_for_somebody_else(self, organized: LandingZoneOrganization) -> None:
        """Is as good as none."""
        member = organized.organization.sound[1]
        iam = organized.sandbox.client("iam", account=member)
        ours = iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"]
        theirs = json.loads(json.dumps(ours).replace("111122223333", "555555555555"))
        iam.update_assume_role_policy(RoleName="reader", PolicyDocument=json.dumps(theirs))
        organized.run(member)
        assert "AccessDenied" in organized.status(member)["LastErrorMessage"]
        iam.update_assume_role_policy(RoleName="reader", PolicyDocument=json.dumps(ours))
        organized.run(member)
        assert "LastErrorCode" not in organized.status(member)

    def test_no_recorder(self, organized: LandingZoneOrganization) -> None:
        """No rule, no result, and a failed status that says so."""
        (account,) = organized.organization.without_recorder
        documented(organized, account)
        entry = organized.statuses(name="CONTROL_TOWER_KMS_KEY")[account]
        assert entry["ErrorCode"] == "NoAvailableConfigurationRecorder"
        config = organized.sandbox.client("config", account=account)
        assert config.describe_config_rules()["ConfigRules"] == []

    def test_suspended(self, organized: LandingZoneOrganization) -> None:
        """No rule, and no status."""
        (account,) = organized.organization.suspended
        assert account not in organized.statuses(name="CONTROL_TOWER_KMS_KEY")

    def test_enrolled_later(self, organized: LandingZoneOrganization) -> None:
        """Nothing until AWS Config tries again; then its keys have results like any other's."""
        later = organized.organization.enroll("Enrolled later")
        key_id = documented(organized, later)
        assert later not in organized.statuses(name="CONTROL_TOWER_KMS_KEY")
        organized.sandbox.retry_organization_rules()
        organized.sandbox.settle()
        assert organized.results(later)[key_id].compliance_type == "NON_COMPLIANT"

    def test_excluded(self, organized: LandingZoneOrganization) -> None:
        """Its results go with the rule; they come back with it."""
        member = organized.organization.sound[0]
        key_id = documented(organized, member)
        organized.put_rule(ExcludedAccounts=[member])
        config = organized.sandbox.client("config", account=member)
        assert config.describe_config_rules()["ConfigRules"] == []
        assert member not in organized.statuses(name="CONTROL_TOWER_KMS_KEY")
        organized.put_rule()
        assert key_id in organized.results(member)

    def test_another_organization(self, organized: LandingZoneOrganization) -> None:
        """Whose Config the function's policy does not let in: the invocation fails, visibly."""
        client = organized.sandbox.client("lambda")
        policy = client.get_resource_policy(ResourceArn=organized.function_arn)["Policy"]
        member = organized.organization.sound[0]
        client.put_resource_policy(
            ResourceArn=organized.function_arn, Policy=policy.replace("o-exampleorgid", "o-otherorg000")
        )
        documented(organized, member)
        assert organized.status(member)["LastErrorCode"] == "AccessDeniedException"
        client.put_resource_policy(ResourceArn=organized.function_arn, Policy=policy)
