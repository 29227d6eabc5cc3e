"""docs/delegated-administrator.md and docs/landing-zone-4.md: every command, where AWS is as they say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from cfnlint.decode import decode

from landing_zone_key import LandingZone as Settings
from landing_zone_key import annotate, assess
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

from .checkout import Checkout, copy_of_the_checkout
from .keys import MANAGEMENT, key_for
from .pages import PAGES, ROOT, codes
from .scenes import a_day_later, edit, forget_motos_role, output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUDIT: Final = "777788889999"
LANDING_ZONE: Final = f"arn:aws:controltower:us-east-1:{MANAGEMENT}:landingzone/1A2B3C4D5E6F7G8H"
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"


@dataclass(frozen=True)
class Reader:
    """Who follows a page in a copy of the checkout, and sees AWS on this machine alone."""

    root: Path
    sandbox: Sandbox

    def types(self, command: str) -> str:
        """Run a command with the profiles `management` and `audit`; it must end well.

        Who calls the doctor has slept on it.
        """
        if command.startswith("lzkey doctor"):
            a_day_later(self.sandbox)
        environ = {**self.sandbox.environment, "AWS_SHARED_CREDENTIALS_FILE": str(self._credentials())}
        return Checkout(self.root, environ).run(command)

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


def landing_zone_key(reader: Reader, version: str) -> str:
    """The key of deploy/landing-zone-key.yaml, in use by a landing zone of this version; its ARN."""
    template = (reader.root / "deploy/landing-zone-key.yaml").read_text()
    reader.sandbox.client("cloudformation").create_stack(StackName="landing-zone-key", TemplateBody=template)
    key = output(reader.sandbox, "landing-zone-key", "KeyArn")
    reader.sandbox.landing_zone = LandingZone.with_key(key, version)
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
            made, key = sandbox.organization(plan), landing_zone_key(reader, "4.0")
            as_landing_zone_4_leaves_it(sandbox)
            said = follow(reader, "docs/delegated-administrator.md", KeyScope=key)
            aggregates, deploys, *_ = (told for command, told in said.items() if "list-delegated" in command)
            assert AUDIT in aggregates
            assert AUDIT not in deploys
            assert key in said["lzkey check --discover --landing-zone --profile management"]
            report = json.loads((reader.root / "report.json").read_text())
            assert report["proved"]["delivery"] == "yes"
            assert report["rule"]["code_sha256"]
            assert "notes" not in report
            for account in made.accounts:
                assert sandbox.client("config", account=account).describe_config_rules()["ConfigRules"] == []


class TestLandingZone4:
    """docs/landing-zone-4.md, from a healthy landing zone 3.3 with a rule of the management account alone."""

    PAGE = "docs/landing-zone-4.md"

    def test_each_command_does_what_it_should(self, tmp_path: Path) -> None:
        """At the end there are two keys, both COMPLIANT, and the rule knows which are the landing zone's."""
        reader = Reader(copy_of_the_checkout(tmp_path / "lzkey"), Sandbox())
        with reader.sandbox as sandbox:
            sandbox.organization(OrganizationPlan(0, without_recorder=0, without_role=0, suspended=0))
            today = landing_zone_key(reader, "3.3")
            deploy_to_the_account(reader)
            for command in PAGES[self.PAGE].commands:
                said = reader.types(command.replace("LANDING_ZONE_ARN", LANDING_ZONE))
                if "--query Stacks" in command.replace('"', ""):
                    (made,) = (out["OutputValue"] for out in json.loads(said) if "key/" in out["OutputValue"])
                    manifest = self.manifest(today, made)
                    (reader.root / "landing-zone-4.json").write_text(json.dumps(manifest))
                    edit(reader.root / "parameters/prod.json", **fields(self.PAGE))
                if "--landing-zone-manifest" in command:
                    assert "2 keys: 2 COMPLIANT" in said
                sandbox.settle()
            assert sandbox.landing_zone == LandingZone("4.0", manifest)
            found = sandbox.compliance("CONTROL_TOWER_KMS_KEY")
            assert {key: result.compliance_type for key, result in found.items()} == {
                key.rpartition("/")[2]: "COMPLIANT" for key in (today, made)
            }

    def manifest(self, *keys: str) -> Any:
        """The page's, with these keys for CloudTrail and AWS Config."""
        (written,) = PAGES[self.PAGE].in_language("json")
        made = json.loads(written)
        for block, key in zip(("centralizedLogging", "config"), keys, strict=True):
            assert made[block]["configurations"]["kmsKeyArn"].startswith(
                "arn:aws:kms:us-east-1:111122223333:key/"
            )
            made[block]["configurations"]["kmsKeyArn"] = key
        return made

    @pytest.mark.parametrize(
        ("standard", "compliance"), [("documented", "NON_COMPLIANT"), ("functional", "COMPLIANT")]
    )
    def test_what_each_standard_says(self, standard: str, compliance: str) -> None:
        """Of a key that admits its own service alone; with listed keys both ask for both."""
        (row,) = (
            row for row in PAGES[self.PAGE].table("`PermissionStandard`") if codes(row[0]) == [standard]
        )
        services = ("cloudtrail.amazonaws.com", "config.amazonaws.com")
        keys = [key_for(service, number) for number, service in enumerate(services)]
        manifest = self.manifest(*(str(key.arn) for key in keys))
        given = {"HomeRegion": "us-east-1", "ManagementAccountId": MANAGEMENT, "PermissionStandard": standard}
        by_role = Settings.from_rule_parameters({**given, "KeyScope": "landing-zone"}).with_manifest(
            manifest, "4.0"
        )
        listed = Settings.from_rule_parameters({**given, "KeyScope": ",".join(str(key.arn) for key in keys)})
        answers = [assess(key, by_role) for key in keys]
        assert [answer.compliance for answer in answers] == [compliance, compliance]
        assert row[1].startswith(compliance)
        assert codes(row[1])[0] in annotate(answers[0])
        assert [assess(key, listed).compliance for key in keys] == ["NON_COMPLIANT", "NON_COMPLIANT"]


def deploy_to_the_account(reader: Reader) -> None:
    """The rule of parameters/prod.json, judging the landing zone's keys, with the role that this takes."""
    reader.sandbox.client("s3").create_bucket(Bucket=f"config-rule-code-bucket-{MANAGEMENT}-us-east-1")
    reader.types(
        "aws cloudformation deploy --stack-name role --template-file deploy/lambda-role.yaml "
        "--capabilities CAPABILITY_IAM --parameter-overrides LandingZoneScope=true"
    )
    role = output(reader.sandbox, "role", "RoleArn")
    reader.types("lzkey init prod --discover")
    edit(
        reader.root / "parameters/prod.json",
        OrganizationId="o-exampleorgid",
        KeyScope="landing-zone",
        lambdaRoleArn=role,
    )
    reader.types("lzkey deploy prod")
    reader.sandbox.settle()


def follow(reader: Reader, name: str, **parameters: str) -> dict[str, str]:
    """Type every command of a page, and edit the parameters as its table says; what each printed."""
    (top,) = reader.sandbox.client("organizations").list_roots()["Roots"]
    said = {}
    for command in PAGES[name].commands:
        if command.startswith("aws cloudformation deploy --stack-name landing-zone-key-rule"):
            forget_motos_role(reader.sandbox)
        reader.sandbox.forget_calls()
        said[command] = reader.types(command.replace("r-ab12", top["Id"]))
        if command.startswith("lzkey init organization"):
            edit(reader.root / "parameters/organization.json", **{**fields(name), **parameters})
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


def fields(name: str) -> dict[str, Any]:
    """What a page's table of fields says: strings, and lists as JSON; None removes a field."""
    rows = [codes(" ".join(row)) for row in PAGES[name].table("field")]
    told: dict[str, Any] = {field: value for field, value, *_ in rows if field != "HomeRegion"}
    if "triggers" in told:
        told |= {"triggers": json.loads(told["triggers"]), "maximumExecutionFrequency": None}
    return told


def allowed(template: str) -> set[str]:
    """Every action that the role of a template may do."""
    made, faults = decode(str(ROOT / "deploy" / template))
    assert not faults
    (role,) = (each for each in made["Resources"].values() if each["Type"] == "AWS::IAM::Role")
    (policy,) = role["Properties"]["Policies"]
    named = [each["Action"] for each in policy["PolicyDocument"]["Statement"]]
    return {action for each in named for action in ([each] if isinstance(each, str) else each)}
