"""The README is true: its commands run, its tables are the code's, its example prints what it says."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from landing_zone_key import KmsKey, Requirement, annotate, assess
from landing_zone_key import LandingZone as LandingZoneSettings
from landing_zone_key.advisories import AdvisoryCode
from landing_zone_key.key import KeyArn
from landing_zone_key.settings import PARAMETERS
from lzkey.catalogue import PREMISES
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

from .makefile import MAKEFILE, environ_without_make

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")

# Commands that this module does not run, and who does.
RUN_ELSEWHERE: Final = {
    "git clone REPOSITORY lzkey && cd lzkey": "CI works in a fresh clone, and here a copy takes its place",
    "make setup": "`make check`, which CI calls, begins with it",
    "make test": "`make check` runs it, and this module is a part of it",
    ".venv/bin/lzkey doctor organization --profile audit --management-profile management": "tests/doctor/"
    "test_delegated_administrator.py, where the audit account has deployed the rule",
}


ARN: Final = KeyArn("aws", "us-east-1", "111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab")


def blocks(language: str, page: str = README) -> list[str]:
    """The page's fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def commands(page: str = README) -> list[str]:
    """Every line that a reader would type."""
    return [line.removeprefix("$ ") for block in blocks("console", page) for line in block.splitlines()]


def organization_commands() -> list[str]:
    """The commands that need an organization: the guide's and the report's, the removal last."""
    _, _, rest = README.partition("## In every account of the organization\n")
    guide, _, rest = rest.partition("\n## The audit report\n")
    report = rest.partition("\n## ")[0]
    return sorted([*commands(guide), *commands(report)], key=lambda line: line.startswith("make undeploy"))


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first heading this is, each cell as written."""
    _, found, rest = README.partition(f"\n| {heading} |")
    assert found, heading
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def codes(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


class TestCommands:
    """Each is run as it stands, in order, in a copy of the checkout that sees AWS on this machine alone."""

    def test_each_is_a_command(self) -> None:
        """Every line in a console block begins with a prompt: nothing can hide from this test."""
        lines = [line for block in blocks("console") for line in block.splitlines()]
        assert all(line.startswith("$ ") for line in lines)
        assert set(RUN_ELSEWHERE) <= set(commands())

    def test_ci_runs_those_that_are_not_run_here(self) -> None:
        """`.ci/run` calls make check, which sets up and tests."""
        (check,) = re.findall(r"^check: (\S+) .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
        assert "make check" in (ROOT / ".ci/run").read_text()
        assert check[0] == "$(STAMP)"
        assert "setup: $(STAMP)" in MAKEFILE
        assert "\t$(MAKE) test\n" in check[1]

    def test_each_does_what_it_should(self, tmp_path: Path) -> None:
        """From the recorder to `rdk undeploy`; at the end nothing is left but what the README says stays."""
        root = copy_of_the_checkout(tmp_path / "lzkey")
        guide = set(organization_commands())
        with Sandbox() as sandbox:
            sandbox.organization(
                OrganizationPlan(
                    0, management_recorder=False, without_recorder=0, without_role=0, suspended=0
                )
            )
            for command in commands():
                if command in RUN_ELSEWHERE or (
                    command in guide and "parameters/organization" not in command
                ):
                    continue
                said = run(command, root, sandbox)
                if command.startswith("aws cloudformation deploy --stack-name landing-zone-key --"):
                    sandbox.landing_zone = LandingZone.with_key(output(sandbox, "landing-zone-key"), "4.0")
                if command.startswith("aws cloudformation describe-stacks"):
                    outputs = {output["OutputKey"]: output["OutputValue"] for output in json.loads(said)}
                if command.endswith("parameters/prod.json"):
                    edit(root / "parameters/prod.json", lambdaRoleArn=outputs["RoleArn"])
                if command == "make deploy ENV=prod":
                    assert f"verified: the function's role is {outputs['RoleArn']}" in said
                    assert "warning" not in said
            assert sandbox.client("config").describe_config_rules()["ConfigRules"] == []
            stacks = sandbox.client("cloudformation").describe_stacks()["Stacks"]
            assert {stack["StackName"] for stack in stacks} == {
                "landing-zone-key",
                "landing-zone-key-recorder",
                "landing-zone-key-role",
            }
            assert sandbox.refused_hosts == ()

    def test_the_organizations_guide_does_what_it_should(self, tmp_path: Path) -> None:
        """From the roles to every account and back; doctor sees nothing wrong."""
        root = copy_of_the_checkout(tmp_path / "lzkey")
        with Sandbox() as sandbox:
            sandbox.answer_sts_address()
            made = sandbox.organization(OrganizationPlan(4, without_recorder=0, without_role=0, suspended=0))
            (organizational_root,) = sandbox.client("organizations").list_roots()["Roots"]
            name = f"config-rule-code-bucket-{sandbox.account}-{sandbox.region}"
            sandbox.client("s3").create_bucket(Bucket=name)
            sandbox.client("cloudformation").create_stack(
                StackName="landing-zone-key", TemplateBody=(root / "deploy/landing-zone-key.yaml").read_text()
            )
            sandbox.landing_zone = LandingZone.with_key(output(sandbox, "landing-zone-key"), "4.0")
            for command in filter(lambda line: line not in RUN_ELSEWHERE, organization_commands()):
                if command.startswith("aws cloudformation deploy --stack-name landing-zone-key-rule"):
                    forget_moto_s_role_of_the_management_account(sandbox)
                run(command.replace("r-ab12", organizational_root["Id"]), root, sandbox)
                if command.endswith("parameters/organization.json"):
                    edit(
                        root / "parameters/organization.json",
                        OrganizationId=made.organization_id,
                        KeyScope="landing-zone",
                        ExecutionRoleName="landing-zone-key-rule",
                        AssumeRoleMode="true",
                        triggers=["change"],
                        maximumExecutionFrequency=None,
                        lambdaRoleArn=f"arn:aws:iam::{sandbox.account}:role/landing-zone-key-lambda",
                    )
                if command.startswith("make deploy-organization"):
                    aggregate(sandbox)
                    rules = [rule_in(sandbox, account) for account in made.accounts]
                    assert all(rules)
                    sandbox.settle()
            assert not any(rule_in(sandbox, account) for account in made.accounts)


class TestTables:
    """What the tables list is what the code has."""

    def test_requirements(self) -> None:
        """In the order in which they are reported."""
        assert [codes(row[0]) for row in table("requirement")] == [[name.value] for name in Requirement]

    @pytest.mark.parametrize("part", ["ruleParameters", "deployment"])
    def test_parameters(self, part: str) -> None:
        """All of them, in the schema's order, which is the example's."""
        schema = json.loads((ROOT / "parameters/schema.json").read_text())
        example = json.loads((ROOT / "parameters/example.json").read_text())
        _, _, rest = README.partition(f"\n`{part}`")
        rows = rest.split("\n\n")[1].splitlines()[2:]
        names = [codes(row)[0] for row in rows]
        assert names == list(schema["properties"][part]["properties"]) == list(example[part])
        if part == "ruleParameters":
            assert names == list(PARAMETERS)

    def test_actions(self) -> None:
        """Every action that the role's template allows, and no other."""
        named = [action for row in table("action") for action in codes(row[0])]
        assert sorted(named) == sorted(set(actions(template("lambda-role.yaml"))))

    @pytest.mark.parametrize(("scope", "row"), [(codes(row[0]), row) for row in table("`KeyScope`")], ids=str)
    def test_key_scope(self, scope: list[str], row: list[str]) -> None:
        """What each choice looks like in the console, for a member's key and for another of the manager's."""
        listed = {"landing-zone": "landing-zone", "all": "all"}.get("".join(scope), str(ARN))
        zone = LandingZoneSettings.from_rule_parameters(
            {"HomeRegion": ARN.region, "ManagementAccountId": ARN.account, "KeyScope": listed}
        ).with_manifest({"centralizedLogging": {"configurations": {"kmsKeyArn": str(ARN)}}})
        own, members, others = row[1:]
        for cell, arn in (
            (own, ARN),
            (members, replace(ARN, account="444455556666", key_id="1234abcd-12ab-34cd-56ef-000000000002")),
            (others, replace(ARN, key_id="1234abcd-12ab-34cd-56ef-000000000003")),
        ):
            answer = assess(KmsKey.from_arn(arn), zone)
            like_own = "judged like the landing zone's key" in cell
            assert like_own or answer.compliance in cell
            assert not like_own or "MANAGEMENT_ACCOUNT" not in annotate(answer) != answer.reason
            for quoted in re.findall(r'"([^"]+)"', cell):
                assert quoted.removesuffix("…").strip() in annotate(answer)

    def test_the_page_begins_with_the_promise_in_two_sentences(self) -> None:
        """The first paragraph."""
        first = README.split("\n\n")[1]
        assert len(re.findall(r"[.?](?:\*\*)?(?:\s|$)", first)) == 2

    def test_names_every_advisory(self) -> None:
        """By its code, and none that is not there."""
        paragraph = next(each for each in README.split("\n\n") if each.startswith("What is worth knowing"))
        assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", paragraph)) == set(AdvisoryCode)

    def test_says_what_every_proof_takes_for_granted(self) -> None:
        """With every page of AWS that is for it or against it."""
        _, _, rest = README.partition("\n- **What every proof takes for granted**")
        item = rest.partition("\n- ")[0]
        assert all(f"]({page})" in item for premise in PREMISES for page in premise.pages)

    def test_links_lead_somewhere(self) -> None:
        """Each relative link and image is a file of the repository."""
        targets = re.findall(r"\]\(([^)]+)\)", README)
        local = [target for target in targets if not target.startswith(("https://", "#"))]
        headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
        anchors = {"#" + re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert local
        assert all((ROOT / target).is_file() for target in local)
        assert {target for target in targets if target.startswith("#")} <= anchors
        hosts = {target.split("/")[2] for target in targets if target.startswith("https://")}
        assert hosts <= {"docs.aws.amazon.com", "aws.amazon.com", "pre-commit.com"}


class TestExample:
    """The Python example."""

    def test_prints_what_the_page_says(self) -> None:
        """Run as it stands."""
        (program,), (printed,) = blocks("python"), blocks("text")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own page
        assert said.getvalue() == printed


class TestConfigurations:
    """The YAML that a reader would paste."""

    def test_the_hook_is_one_that_this_repository_has(self) -> None:
        """pre-commit finds it by its id; what it runs is the command."""
        hook, _ = map(yaml.safe_load, blocks("yaml"))
        (used,) = hook["repos"][0]["hooks"]
        (defined,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        assert used["id"] == defined["id"]
        assert defined["entry"].startswith("lzkey check ")

    @pytest.mark.parametrize("changed", [["parameters/example.json"], ["deploy/landing-zone-key.yaml"]])
    def test_the_hook_runs(self, tmp_path: Path, changed: list[str]) -> None:
        """As pre-commit runs it: the entry, the arguments, the files of the commit, whatever they hold."""
        hook, _ = map(yaml.safe_load, blocks("yaml"))
        (defined,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        words = [*defined["entry"].split(), *hook["repos"][0]["hooks"][0]["args"], *changed]
        assert lzkey(copy_of_the_checkout(tmp_path / "lzkey"), words) == 0

    def test_the_workflow_writes_what_it_uploads(self, tmp_path: Path) -> None:
        """Its `lzkey` step, run in a checkout."""
        _, workflow = map(yaml.safe_load, blocks("yaml"))
        (job,) = workflow["jobs"].values()
        shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
        (command,) = [step["run"] for step in job["steps"] if step.get("run", "").startswith("lzkey ")]
        assert lzkey(tmp_path, command.split(), job["env"]) == 0
        (uploaded,) = [
            step["with"]["sarif_file"] for step in job["steps"] if "upload" in step.get("uses", "")
        ]
        assert json.loads((tmp_path / uploaded).read_text())["version"] == "2.1.0"


def lzkey(folder: Path, words: list[str], variables: dict[str, str] | None = None) -> int:
    """Run the command in a folder; return its exit code."""
    assert words[0] == "lzkey"
    environ = {**os.environ, **python_path(ROOT), **(variables or {})}
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, env=environ, check=False).returncode


def output(sandbox: Sandbox, stack: str) -> str:
    """The one output of a stack."""
    (made,) = sandbox.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return str(made["Outputs"][0]["OutputValue"])


def copy_of_the_checkout(target: Path) -> Path:
    """Copy what git knows or would add, with an environment that is set up already."""
    listed = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / ".venv").mkdir()
    (target / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (target / ".venv/.installed").touch()
    return target


def path(root: Path) -> str:
    """`aws` is the one of the environment."""
    return os.pathsep.join((str(root / ".venv/bin"), os.environ["PATH"]))


def python_path(root: Path) -> dict[str, str]:
    """Let the environment's commands find the copy's code before the checkout's."""
    folders = (root, root / "rules/CONTROL_TOWER_KMS_KEY", root / "sandbox")
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def run(command: str, root: Path, sandbox: Sandbox) -> str:
    """Run a command as it stands, and return what it printed to both streams; it must end well."""
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", command],
        cwd=root,
        env={
            **environ_without_make(os.environ),
            **sandbox.environment,
            "PATH": path(root),
            **python_path(root),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def aggregate(sandbox: Sandbox) -> None:
    """An aggregator of the organization, such as Control Tower makes."""
    role = f"arn:aws:iam::{sandbox.account}:role/aggregator"
    sandbox.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName="organization",
        OrganizationAggregationSource={"RoleArn": role, "AwsRegions": [sandbox.region]},
    )


def rule_in(sandbox: Sandbox, account: str) -> list[str]:
    """The organization rule's rules in an account."""
    rules = sandbox.client("config", account=account).describe_config_rules()["ConfigRules"]
    return [rule["ConfigRuleName"] for rule in rules]


def forget_moto_s_role_of_the_management_account(sandbox: Sandbox) -> None:
    """A service-managed StackSet leaves the management account out; moto's does not."""
    iam = sandbox.client("iam")
    for policy in iam.list_role_policies(RoleName="landing-zone-key-rule")["PolicyNames"]:
        iam.delete_role_policy(RoleName="landing-zone-key-rule", PolicyName=policy)
    iam.delete_role(RoleName="landing-zone-key-rule")


def edit(file: Path, **fields: Any) -> None:
    """Edit the parameters as the README says; None removes a field."""
    document = json.loads(file.read_text())
    for name, value in fields.items():
        part = document["ruleParameters" if name[0].isupper() else "deployment"]
        part[name] = value
        if value is None:
            del part[name]
    file.write_text(json.dumps(document, indent=2))


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what they are given."""


_Template.add_multi_constructor("!", lambda loader, _tag, node: _value(loader, node))


def _value(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)


def template(name: str) -> Any:
    """A template of the deploy folder."""
    return yaml.load((ROOT / "deploy" / name).read_text(), Loader=_Template)  # noqa: S506 - a safe loader


def actions(value: Any) -> list[str]:
    """Every action that an Allow in an inline policy names, conditional ones included."""
    if isinstance(value, list):
        return [action for item in value for action in actions(item)]
    if not isinstance(value, dict):
        return []
    if value.get("Effect") == "Allow" and "Principal" not in value:
        named = value["Action"]
        return [named] if isinstance(named, str) else list(named)
    return [action for item in value.values() for action in actions(item)]
