"""The pages of `docs/` are true: what they tell a reader to type runs, and what they quote is said.

A page's scenario builds what the page takes for granted, and runs its commands from top to bottom.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cfnlint.decode import decode

from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

from .test_readme import (
    actions,
    commands,
    copy_of_the_checkout,
    edit,
    forget_moto_s_role_of_the_management_account,
    output,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
MANAGEMENT, AUDIT = "111122223333", "777788889999"
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Reader:
    """Who follows a page in a copy of the checkout, and sees AWS on this machine alone."""

    root: Path
    sandbox: Sandbox

    def types(self, command: str) -> str:
        """Run a command with the profiles `management` and `audit`; it must end well."""
        return run(
            f"export AWS_SHARED_CREDENTIALS_FILE={self._credentials()}; {command}", self.root, self.sandbox
        )

    def _credentials(self) -> Path:
        file = self.root.parent / "credentials"
        if not file.exists():
            file.write_text("\n".join(self._profiles()))
        return file

    def _profiles(self) -> Iterator[str]:
        """Each profile has credentials of a role of its account."""
        trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
        self.sandbox.client("iam").create_role(
            RoleName="OrganizationAccountAccessRole",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        for name, account in (("management", MANAGEMENT), ("audit", AUDIT)):
            role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
            keys = self.sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="page")["Credentials"]
            yield f"[{name}]\naws_access_key_id = {keys['AccessKeyId']}"
            yield f"aws_secret_access_key = {keys['SecretAccessKey']}"
            yield f"aws_session_token = {keys['SessionToken']}"


def landing_zone_key(reader: Reader) -> str:
    """The key of deploy/landing-zone-key.yaml, in use by a landing zone 4.0; its ARN."""
    template = (reader.root / "deploy/landing-zone-key.yaml").read_text()
    reader.sandbox.client("cloudformation").create_stack(StackName="landing-zone-key", TemplateBody=template)
    key = output(reader.sandbox, "landing-zone-key")
    reader.sandbox.landing_zone = LandingZone.with_key(key, "4.0")
    return key


class TestDelegatedAdministrator:
    """docs/delegated-administrator.md, from an audit account that landing zone 4.0 has left."""

    def test_each_command_does_what_it_should(self, tmp_path: Path) -> None:
        """Doctor sees nothing wrong, the report says yes, and nothing is left of the rule."""
        reader = Reader(copy_of_the_checkout(tmp_path / "lzkey"), Sandbox())
        with reader.sandbox as sandbox:
            sandbox.answer_sts_address()
            plan = OrganizationPlan(
                3, management_recorder=False, without_recorder=0, without_role=0, suspended=0
            )
            made, key = sandbox.organization(plan), landing_zone_key(reader)
            as_landing_zone_4_leaves_it(sandbox)
            said = follow(reader, "delegated-administrator.md", KeyScope=key)
            aggregates, deploys, *_ = (told for command, told in said.items() if "list-delegated" in command)
            assert AUDIT in aggregates
            assert AUDIT not in deploys
            assert key in said["lzkey check --discover --landing-zone --profile management"]
            report = json.loads((reader.root / "report.json").read_text())
            assert report["answer"]["delivery"] == "yes"
            assert report["rule"]["code_sha256"]
            assert "notes" not in report
            for account in made.accounts:
                assert sandbox.client("config", account=account).describe_config_rules()["ConfigRules"] == []


def follow(reader: Reader, name: str, **parameters: str) -> dict[str, str]:
    """Type every command of a page, and edit the parameters as its table says; what each printed."""
    (top,) = reader.sandbox.client("organizations").list_roots()["Roots"]
    said = {}
    for command in commands(page(name)):
        if command.startswith("aws cloudformation deploy --stack-name landing-zone-key-rule"):
            forget_moto_s_role_of_the_management_account(reader.sandbox)
        reader.sandbox.forget_calls()
        said[command] = reader.types(command.replace("r-ab12", top["Id"]))
        if command.endswith("parameters/organization.json"):
            edit(reader.root / "parameters/organization.json", **{**fields(page(name)), **parameters})
        if command.startswith("lzkey deploy-organization"):
            reader.sandbox.settle()
        if "--management-role" in command:
            assert called(reader.sandbox, MANAGEMENT) <= allowed("reader-role.yaml")
    return said


def called(sandbox: Sandbox, account: str) -> set[str]:
    """What was asked of an account."""
    return {f"{call.service}:{call.operation}" for call in sandbox.calls if call.account == account}


def as_landing_zone_4_leaves_it(sandbox: Sandbox) -> None:
    """The audit account aggregates the organization's data, and may deploy no organization rule yet."""
    organizations = sandbox.client("organizations")
    organizations.deregister_delegated_administrator(AccountId=AUDIT, ServicePrincipal=MULTI_ACCOUNT_SETUP)
    organizations.disable_aws_service_access(ServicePrincipal=MULTI_ACCOUNT_SETUP)
    sandbox.client("config", account=AUDIT).put_configuration_aggregator(
        ConfigurationAggregatorName="the-organizations",
        OrganizationAggregationSource={
            "RoleArn": f"arn:aws:iam::{AUDIT}:role/aggregates",
            "AllAwsRegions": True,
        },
    )


def fields(text: str) -> dict[str, Any]:
    """What a page's table of fields says, as `edit` takes it: strings, and for the rest JSON."""
    _, _, rest = text.partition("\n| field | value |\n")
    rows = [re.findall(r"`([^`]+)`", row) for row in rest.partition("\n\n")[0].splitlines()[1:]]
    told: dict[str, Any] = {name: value for name, value, *_ in rows if name != "HomeRegion"}
    return {**told, "triggers": json.loads(told["triggers"]), "maximumExecutionFrequency": None}


def allowed(template: str) -> set[str]:
    """Every action that a template's role may do."""
    found, faults = decode(str(ROOT / "deploy" / template))
    assert not faults
    return set(actions(found))
