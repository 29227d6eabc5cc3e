"""The pages of `docs/` are true: what they tell a reader to type runs, and what they quote is said.

A page's scenario builds what the page takes for granted, and runs its commands from top to bottom.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from cfnlint.decode import decode

from landing_zone_key import KmsKey, annotate, assess
from landing_zone_key import LandingZone as Settings
from lzkey.doctor import EXPECTATIONS
from lzkey.report.model import Cause
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

from .test_readme import (
    actions,
    blocks,
    codes,
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
LANDING_ZONE: Final = f"arn:aws:controltower:us-east-1:{MANAGEMENT}:landingzone/1A2B3C4D5E6F7G8H"
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def table(heading: str, name: str) -> list[list[str]]:
    """The rows of a page's table whose first heading this is, each cell as written."""
    _, found, rest = page(name).partition(f"\n| {heading} |")
    assert found, heading
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


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


def landing_zone_key(reader: Reader, version: str) -> str:
    """The key of deploy/landing-zone-key.yaml, in use by a landing zone of this version; its ARN."""
    template = (reader.root / "deploy/landing-zone-key.yaml").read_text()
    reader.sandbox.client("cloudformation").create_stack(StackName="landing-zone-key", TemplateBody=template)
    key = output(reader.sandbox, "landing-zone-key")
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


class TestLandingZone4:
    """docs/landing-zone-4.md, from a healthy landing zone 3.3 with a rule of the management account alone."""

    PAGE = "landing-zone-4.md"

    def test_each_command_does_what_it_should(self, tmp_path: Path) -> None:
        """At the end there are two keys, both COMPLIANT, and the rule knows which are the landing zone's."""
        reader = Reader(copy_of_the_checkout(tmp_path / "lzkey"), Sandbox())
        with reader.sandbox as sandbox:
            sandbox.organization(OrganizationPlan(0, without_recorder=0, without_role=0, suspended=0))
            today = landing_zone_key(reader, "3.3")
            deploy_to_the_account(reader)
            for command in commands(page(self.PAGE)):
                said = reader.types(command.replace("LANDING_ZONE_ARN", LANDING_ZONE))
                if "--query Stacks" in command.replace('"', ""):
                    (made,) = (out["OutputValue"] for out in json.loads(said) if "key/" in out["OutputValue"])
                    manifest = self.manifest(today, made)
                    (reader.root / "landing-zone-4.json").write_text(json.dumps(manifest))
                    edit(reader.root / "parameters/prod.json", **fields(page(self.PAGE)))
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
        (written,) = blocks("json", page(self.PAGE))
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
        (row,) = (row for row in table("`PermissionStandard`", self.PAGE) if codes(row[0]) == [standard])
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


def key_for(service: str, number: int) -> KmsKey:
    """A key whose policy admits one service to everything."""
    policy = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "kms:*", "Resource": "*"}
    return KmsKey.from_describe_key(
        {
            "Arn": f"arn:aws:kms:us-east-1:{MANAGEMENT}:key/1234abcd-12ab-34cd-56ef-{number:012}",
            "KeyManager": "CUSTOMER",
            "KeyState": "Enabled",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": False,
        }
    ).with_policy({"Version": "2012-10-17", "Statement": policy})


def deploy_to_the_account(reader: Reader) -> None:
    """The rule of parameters/prod.json, judging the landing zone's keys, with the role that this takes."""
    reader.sandbox.client("s3").create_bucket(Bucket=f"config-rule-code-bucket-{MANAGEMENT}-us-east-1")
    reader.types(
        "aws cloudformation deploy --stack-name role --template-file deploy/lambda-role.yaml "
        "--capabilities CAPABILITY_IAM --parameter-overrides LandingZoneScope=true"
    )
    (stack,) = reader.sandbox.client("cloudformation").describe_stacks(StackName="role")["Stacks"]
    (role,) = (out["OutputValue"] for out in stack["Outputs"] if out["OutputKey"] == "RoleArn")
    reader.types("cp parameters/example.json parameters/prod.json")
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
    """What a page's table of fields says, as `edit` takes it: strings, and lists as JSON."""
    _, _, rest = text.partition("\n| field | value |\n")
    rows = [re.findall(r"`([^`]+)`", row) for row in rest.partition("\n\n")[0].splitlines()[1:]]
    told: dict[str, Any] = {name: value for name, value, *_ in rows if name != "HomeRegion"}
    if "triggers" in told:
        told |= {"triggers": json.loads(told["triggers"]), "maximumExecutionFrequency": None}
    return told


def allowed(template: str) -> set[str]:
    """Every action that a template's role may do."""
    found, faults = decode(str(ROOT / "deploy" / template))
    assert not faults
    return set(actions(found))


class TestTroubleshooting:
    """docs/troubleshooting.md quotes what the source says."""

    PAGE = "troubleshooting.md"

    @pytest.mark.parametrize("quoted", blocks("text", page("troubleshooting.md")))
    def test_a_message_is_one_of_ours(self, quoted: str) -> None:
        """Its words stand in one string of the source, in this order, with something else for each `…`."""
        assert is_said(" ".join(quoted.split()))

    @pytest.mark.parametrize("row", table("line", "troubleshooting.md"), ids=str)
    def test_a_line_of_the_doctor(self, row: list[str]) -> None:
        """There is one of that name, and it says so."""
        names = {expectation.name.replace("-", " ") for expectation in EXPECTATIONS}
        assert row[0] == "any" or codes(row[0])[0] in names
        assert is_said(codes(row[1])[0])

    def test_every_cause_of_the_report(self) -> None:
        """In the order of the report."""
        assert [codes(row[0]) for row in table("cause", self.PAGE)] == [[cause.value] for cause in Cause]

    def test_what_is_not_said(self) -> None:
        """Is found out: the test can fail."""
        assert not is_said("the moon is not listed in KeyScope")
        assert not is_said("is not listed in KeyScopes")


@cache
def said() -> tuple[str, ...]:
    """Every string of the program and the rule, with `…` for each part that is put in."""
    found = []
    for folder in ("lzkey", "rules"):
        for file in (ROOT / folder).rglob("*.py"):
            program = ast.parse(file.read_text(encoding="utf-8"))
            docstrings = {node.value for node in ast.walk(program) if isinstance(node, ast.Expr)}
            for node in ast.walk(program):
                if node in docstrings:
                    continue
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(re.sub(r"\{\w*\}", "…", node.value))
    return tuple(found)


def is_said(quoted: str) -> bool:
    """Whether one string has all parts of what is quoted between its `…`, in their order."""
    parts = [part for part in quoted.split("…") if part.strip(" :;,.()")]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return any(pattern.search(text) for text in said())


class TestComparison:
    """docs/comparison.md: what it says of ourselves."""

    @pytest.mark.parametrize("row", table("the key's policy", "comparison.md"), ids=str)
    def test_what_lzkey_says(self, row: list[str]) -> None:
        """Of each policy on which another tool was run."""
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, "Action": "kms:*"}
        statements = [{**root, "Resource": "*"}, *json.loads(codes(row[0])[0])]
        key = key_for("config.amazonaws.com", 0).with_policy(
            {"Version": "2012-10-17", "Statement": statements}
        )
        zone = Settings.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": MANAGEMENT})
        answer = assess(key, zone)
        assert row[1].startswith(answer.compliance)
        assert all(quoted in annotate(answer) for quoted in codes(row[1]))
