"""Builds an organization as Control Tower leaves it, through the APIs of the services.

Source: https://docs.aws.amazon.com/controltower/latest/userguide/how-control-tower-works.html (management,
log archive and audit account; a recorder in every enrolled account, and none in the management account).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from lzkey_sandbox.moto.motoorganizations import CONFIG, CONFIG_ROLE, MULTI_ACCOUNT_SETUP
from lzkey_sandbox.moto.motostate import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey import Untyped


class Client(Protocol):
    """Makes boto3 clients."""

    def __call__(self, service: str, account: str, region: str | None = None) -> Untyped:
        """A client of a service for an account, by default in the home Region."""


SERVICES: Final = (CONFIG, MULTI_ACCOUNT_SETUP)


@dataclass(frozen=True, slots=True)
class OrganizationPlan:
    """What to build: ``members`` accounts besides the three of the landing zone, and what is wrong.

    The accounts in the named conditions are among the members, the last ones of them.
    """

    members: int = 20
    names: tuple[str, ...] = ()
    """Of the first members; the others are numbered."""
    further_regions: tuple[str, ...] = ()
    """Regions besides the home Region in which every account that has a recorder has one."""
    management_recorder: bool = True
    execution_role: str | None = None
    """The name, with its path, of the role that the function assumes in every account; None: no role."""
    trust: Mapping[str, Any] | None = None
    """The role's trust policy; None: any role of the management account, for this organization."""
    without_recorder: int = 1
    without_role: int = 1
    suspended: int = 1

    @property
    def troubled(self) -> int:
        """How many members something is wrong with."""
        return self.without_recorder + self.without_role + self.suspended


class Organization:
    """An organization in the sandbox, and what happens to it later."""

    def __init__(self, client: Client, region: str, management: str, plan: OrganizationPlan) -> None:
        self.management = management
        self._client, self._region, self._plan = client, region, plan
        self._organizations = client("organizations", management)
        created = self._organizations.create_organization(FeatureSet="ALL")["Organization"]
        self.organization_id: str = created["Id"]
        for service in SERVICES:
            self._organizations.enable_aws_service_access(ServicePrincipal=service)
        if plan.management_recorder:
            self.start_recorder(management)
        self._make_role(management)
        self.log_archive = self.enroll("Log Archive")
        self.audit = self.enroll("Audit")
        for service in SERVICES:
            self._organizations.register_delegated_administrator(
                AccountId=self.audit, ServicePrincipal=service
            )
        sound = plan.members - plan.troubled
        numbered = (f"Member {number:03}" for number in range(len(plan.names) + 1, sound + 1))
        self.sound = tuple(self.enroll(name) for name in (*plan.names[: max(sound, 0)], *numbered))
        self.without_recorder = tuple(
            self.enroll(f"No recorder {number}", recorder=False)
            for number in range(1, plan.without_recorder + 1)
        )
        self.without_role = tuple(
            self.enroll(f"No role {number}", role=False) for number in range(1, plan.without_role + 1)
        )
        self.suspended = tuple(
            self._suspended(f"Suspended {number}") for number in range(1, plan.suspended + 1)
        )

    @property
    def members(self) -> tuple[str, ...]:
        """The accounts besides the three of the landing zone, in the order of their making."""
        return (*self.sound, *self.without_recorder, *self.without_role, *self.suspended)

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account at first, the management account among them."""
        return (self.management, self.log_archive, self.audit, *self.members)

    def enroll(self, name: str, *, recorder: bool = True, role: bool = True) -> str:
        """Create an account with its recorder and execution role; return its id."""
        email = f"{name.lower().replace(' ', '-')}@example.com"
        created = self._organizations.create_account(AccountName=name, Email=email)
        account = str(created["CreateAccountStatus"]["AccountId"])
        if recorder:
            self.start_recorder(account)
        if role:
            self._make_role(account)
        return account

    def unit(self, name: str, *accounts: str, below: str | None = None) -> str:
        """Make an organizational unit, right below the root or below another, of accounts; return its id."""
        root = self._organizations.list_roots()["Roots"][0]["Id"]
        made = self._organizations.create_organizational_unit(ParentId=below or root, Name=name)
        unit = str(made["OrganizationalUnit"]["Id"])
        for account in accounts:
            self._organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
        return unit

    def start_recorder(self, account: str) -> None:
        """Let an account record KMS keys, in the service-linked role, as Control Tower does."""
        self._client("iam", account).create_service_linked_role(AWSServiceName=CONFIG)
        for region in (self._region, *self._plan.further_regions):
            self._start_recorder(account, region)

    def _start_recorder(self, account: str, region: str) -> None:
        config = self._client("config", account, region)
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "aws-controltower-BaselineConfigRecorder",
                "roleARN": self._arn(account, CONFIG_ROLE),
                "recordingGroup": {"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]},
            }
        )
        config.put_delivery_channel(
            DeliveryChannel={
                "name": "aws-controltower-BaselineConfigDeliveryChannel",
                "s3BucketName": self._bucket(),
            }
        )
        config.start_configuration_recorder(
            ConfigurationRecorderName="aws-controltower-BaselineConfigRecorder"
        )

    def make_role(self, account: str, name: str, trust: Mapping[str, Any] | None = None) -> str:
        """Create a role, with its path, in an account; return its ARN."""
        path, _, plain = name.rpartition("/")
        self._client("iam", account).create_role(
            RoleName=plain,
            Path=f"/{path}/" if path else "/",
            AssumeRolePolicyDocument=json.dumps(trust or self._trust()),
        )
        return self._arn(account, name)

    def _make_role(self, account: str) -> None:
        if self._plan.execution_role is not None:
            self.make_role(account, self._plan.execution_role, self._plan.trust)

    def _suspended(self, name: str) -> str:
        account = self.enroll(name)
        self._organizations.close_account(AccountId=account)
        return account

    def _trust(self) -> dict[str, Any]:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition_of(self._region)}:iam::{self.management}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": self.organization_id}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _arn(self, account: str, role: str) -> str:
        return f"arn:{partition_of(self._region)}:iam::{account}:role/{role}"

    def _bucket(self) -> str:
        return f"aws-controltower-logs-{self.management}-{self._region}"
