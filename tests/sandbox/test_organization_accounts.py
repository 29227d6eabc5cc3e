"""The organization that the sandbox builds, as its accounts' own APIs show it.

https://docs.aws.amazon.com/controltower/latest/userguide/how-control-tower-works.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import GeneratedPlan, OrganizationPlan, ServiceError

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

    from .organizations import Organized

DELEGATED = ["config.amazonaws.com", "config-multiaccountsetup.amazonaws.com"]


def listed(sandbox: Sandbox, account: str | None = None) -> list[dict[str, Any]]:
    """Return all accounts as ListAccounts shows them."""
    pages = sandbox.client("organizations", account=account).get_paginator("list_accounts").paginate()
    return [entry for page in pages for entry in page["Accounts"]]


def excluding(resource_type: str) -> dict[str, Any]:
    """Return the recording group of everything but one resource type."""
    return {
        "exclusionByResourceTypes": {"resourceTypes": [resource_type]},
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    }


class TestAccounts:
    """Management, log archive, audit and members."""

    def test_the_same_identifiers_in_every_sandbox(self, shared: Organized) -> None:
        """They are AWS's examples, and nobody's."""
        organization = shared.organization
        assert organization.accounts[:4] == ("111122223333", "444455556666", "777788889999", "100000000001")
        described = shared.sandbox.client("organizations").describe_organization()["Organization"]
        assert described["Id"] == organization.organization_id == "o-exampleorgid"
        assert described["MasterAccountId"] == "111122223333"

    @pytest.mark.parametrize("service", DELEGATED)
    def test_audit_administers_config(self, shared: Organized, service: str) -> None:
        """For both of AWS Config's service principals."""
        organizations = shared.sandbox.client("organizations")
        answer = organizations.list_delegated_administrators(ServicePrincipal=service)
        assert [entry["Id"] for entry in answer["DelegatedAdministrators"]] == [shared.organization.audit]

    def test_a_delegated_administrator_reads_the_organization(self, shared: Organized) -> None:
        """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html ."""
        assert listed(shared.sandbox, shared.organization.audit) == listed(shared.sandbox)

    def test_another_member_does_not(self, shared: Organized) -> None:
        """It may ask for the organization itself, and no more."""
        member = shared.organization.log_archive
        organizations = shared.sandbox.client("organizations", account=member)
        assert organizations.describe_organization()["Organization"]["Id"] == "o-exampleorgid"
        with pytest.raises(ClientError, match="AccessDeniedException"):
            organizations.list_accounts()

    def test_a_delegated_administrator_changes_nothing(self, shared: Organized) -> None:
        """Accounts are the management account's business."""
        organizations = shared.sandbox.client("organizations", account=shared.organization.audit)
        with pytest.raises(ClientError, match="AccessDeniedException"):
            organizations.close_account(AccountId=shared.organization.log_archive)


def recorder_status(shared: Organized, account: str) -> tuple[bool, str]:
    """Whether an account's recorder is on, and its last status."""
    config = shared.sandbox.client("config", account=account)
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    return status["recording"], status["lastStatus"]


class TestRecorders:
    """Keys are recorded where an account's own recorder is on for them."""

    def test_a_member_with_a_recorder(self, shared: Organized) -> None:
        """The role is service-linked, and the key is in the member's own history."""
        member = shared.organization.sound[0]
        config = shared.sandbox.client("config", account=member)
        (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        role = shared.sandbox.client("iam", account=member).get_role(RoleName="AWSServiceRoleForConfig")[
            "Role"
        ]
        assert (role["Path"], role["Arn"]) == ("/aws-service-role/config.amazonaws.com/", recorder["roleARN"])
        assert recorder["recordingMode"] == {"recordingFrequency": "CONTINUOUS"}
        key_id = shared.key_in(member)
        assert [item["accountId"] for item in recorded(shared, member, key_id)] == [member]

    def test_before_its_first_item(self, shared: Organized) -> None:
        """It is pending; of two that have started, one has recorded something."""
        one, other = (shared.organization.enroll(f"Pending {number}") for number in (1, 2))
        assert recorder_status(shared, one) == (True, "PENDING")
        shared.key_in(one)
        assert (recorder_status(shared, one), recorder_status(shared, other)) == (
            (True, "SUCCESS"),
            (True, "PENDING"),
        )

    def test_that_starts_again(self, shared: Organized) -> None:
        """Looks at everything anew, whether it has changed or not."""
        member = shared.organization.enroll("Stopped")
        shared.key_in(member)
        config = shared.sandbox.client("config", account=member)
        name = {"ConfigurationRecorderName": "aws-controltower-BaselineConfigRecorder"}
        config.stop_configuration_recorder(**name)
        assert recorder_status(shared, member)[0] is False
        config.start_configuration_recorder(**name)
        assert recorder_status(shared, member) == (True, "SUCCESS")

    @pytest.mark.parametrize(
        ("group", "records"),
        [
            ({"allSupported": True}, True),
            ({"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]}, True),
            ({"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]}, False),
            (excluding("AWS::KMS::Key"), False),
            (excluding("AWS::S3::Bucket"), True),
        ],
    )
    def test_recording_groups(self, shared: Organized, group: dict[str, Any], records: bool) -> None:  # noqa: FBT001
        """https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html ."""
        member = shared.organization.sound[0]
        config = shared.sandbox.client("config", account=member)
        (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": recorder["name"],
                "roleARN": recorder["roleARN"],
                "recordingGroup": group,
            }
        )
        key_id = shared.key_in(member)
        found = config.list_discovered_resources(resourceType="AWS::KMS::Key")["resourceIdentifiers"]
        config.put_configuration_recorder(
            ConfigurationRecorder={name: recorder[name] for name in ("name", "roleARN", "recordingGroup")}
        )
        assert (key_id in {key["resourceId"] for key in found}) is records

    def test_a_recorder_that_is_stopped(self, shared: Organized) -> None:
        """Records nothing until it is started."""
        member = shared.organization.sound[0]
        config = shared.sandbox.client("config", account=member)
        (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        config.stop_configuration_recorder(ConfigurationRecorderName=recorder["name"])
        key_id = shared.key_in(member)
        with pytest.raises(ClientError, match="ResourceNotDiscoveredException"):
            recorded(shared, member, key_id)
        config.start_configuration_recorder(ConfigurationRecorderName=recorder["name"])
        assert len(recorded(shared, member, key_id)) == 1


class TestExecutionRole:
    """The role that the function assumes in the accounts."""

    def test_every_account_but_one_has_it(self, shared: Organized) -> None:
        """Its trust names the management account and the organization."""
        organization = shared.organization
        missing = [account for account in organization.accounts if trust(shared, account) is None]
        assert missing == list(organization.without_role)
        (statement,) = (trust(shared, organization.audit) or {})["Statement"]
        assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}


def recorded(organized: Organized, account: str, key_id: str) -> list[dict[str, Any]]:
    """Return a key's items in an account's own history."""
    config = organized.sandbox.client("config", account=account)
    answer = config.get_resource_config_history(resourceType="AWS::KMS::Key", resourceId=key_id)
    return list(answer["configurationItems"])


def trust(organized: Organized, account: str) -> dict[str, Any] | None:
    """Return the trust policy of an account's execution role; None where there is no such role."""
    iam = organized.sandbox.client("iam", account=account)
    try:
        document = iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return None
    return dict(json.loads(document) if isinstance(document, str) else document)


class TestNoRecorder:
    """Accounts without one."""

    def test_a_member_without_one(self, organized: Organized) -> None:
        """Its keys are not recorded; from the day of its recorder they are."""
        (member,) = organized.organization.without_recorder
        key_id = organized.key_in(member)
        with pytest.raises(ClientError, match="ResourceNotDiscoveredException"):
            recorded(organized, member, key_id)
        organized.organization.start_recorder(member)
        assert len(recorded(organized, member, key_id)) == 1

    def test_the_management_account_may_have_none(self, sandbox: Sandbox) -> None:
        """As Control Tower leaves it."""
        organization = sandbox.organization(OrganizationPlan(members=3, management_recorder=False))
        config = sandbox.client("config", account=organization.management)
        assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []


class TestPlan:
    """What a plan says of its members."""

    def test_twenty_members_by_default(self, sandbox: Sandbox) -> None:
        """And the three of the landing zone; one of them is suspended."""
        organization = sandbox.organization()
        statuses = {entry["Id"]: entry["Status"] for entry in listed(sandbox)}
        assert list(statuses) == list(organization.accounts)
        assert len(organization.members) == 20
        assert [account for account, status in statuses.items() if status != "ACTIVE"] == list(
            organization.suspended
        )

    def test_names(self, sandbox: Sandbox) -> None:
        """Are those of the first sound members; the others are numbered."""
        plan = OrganizationPlan(members=6, names=("Payments", "Ledger"), further_regions=("eu-west-1",))
        organization = sandbox.organization(plan)
        accounts = sandbox.client("organizations").list_accounts()["Accounts"]
        names = {account["Id"]: account["Name"] for account in accounts}
        assert [names[member] for member in organization.sound] == ["Payments", "Ledger", "Member 003"]

    def test_recorders(self, sandbox: Sandbox) -> None:
        """Are in the further Regions too, and record keys there; without a further Region there is none."""
        organization = sandbox.organization(OrganizationPlan(members=4, further_regions=("eu-west-1",)))
        (member,) = organization.sound
        for region, count in (("us-east-1", 1), ("eu-west-1", 1), ("ap-south-1", 0)):
            sandbox.client("kms", region, member).create_key()
            config = sandbox.client("config", region, member)
            assert len(config.describe_configuration_recorders()["ConfigurationRecorders"]) == count
            found = config.list_discovered_resources(resourceType="AWS::KMS::Key")["resourceIdentifiers"]
            assert len(found) == count


class TestNoOrganization:
    """An account that is in none."""

    def test_cannot_be_filled(self, sandbox: Sandbox) -> None:
        """With generated accounts; nor has it accounts to list."""
        with pytest.raises(ServiceError, match="AWSOrganizationsNotInUseException"):
            sandbox.generate(GeneratedPlan(accounts=2), {})
        with pytest.raises(ClientError, match="AWSOrganizationsNotInUseException"):
            sandbox.client("organizations").list_accounts()
