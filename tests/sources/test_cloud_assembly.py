"""Where the CDK deploys its templates, as the manifest beside them says."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lzkey.sources.subject import FoundKey

    from .conftest import Reader

HOME = "aws://111122223333/us-east-1"
ELSEWHERE = "aws://444455556666/eu-west-1"
NOT_TOLD = "aws://unknown-account/unknown-region"
TOLD = {"AWS::AccountId": "111122223333", "AWS::Region": "us-east-1"}
SERVICES = {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}
KEY = {
    "Type": "AWS::KMS::Key",
    "Properties": {
        "KeyPolicy": {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": SERVICES, "Action": "kms:*", "Resource": "*"},
        }
    },
}


def stack(name: str, environment: Any, **members: Any) -> dict[str, Any]:
    """The artifacts of a stack, as the CDK writes them: the stack, and what it publishes before."""
    assets = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": f"{name}.template.json", "terminationProtection": False},
        "dependencies": [f"{name}.assets"],
        **members,
    }
    return {f"{name}.assets": assets, name: artifact}


def write(folder: Path, artifacts: object, *templates: str, assets: Mapping[str, list[str]] = {}) -> None:
    """Write an assembly with a key in each template; `assets` are files by the stack that publishes them."""
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}, indent=1))
    for template in templates:
        (folder / template).write_text(json.dumps({"Resources": {"Key": KEY}}))
    for name, files in assets.items():
        published = {
            str(each): {"source": {"path": path, "packaging": "file"}} for each, path in enumerate(files)
        }
        (folder / f"{name}.assets.json").write_text(json.dumps({"version": "55.0.0", "files": published}))


def place(found: FoundKey) -> tuple[str, str]:
    """The account and the Region of a key."""
    return found.key.arn.account, found.key.arn.region


class TestStacks:
    """Each stack has an environment of its own."""

    @pytest.mark.parametrize("written", ["sub/Elsewhere.template.json", "./sub/Elsewhere.template.json"])
    def test_a_template_may_lie_in_a_folder_below_the_manifest(self, written: str, reader: Reader) -> None:
        """Its path is the manifest's; a template beside it that no manifest names is where nobody says."""
        artifacts = stack("Elsewhere", ELSEWHERE, properties={"templateFile": written})
        (reader.folder / "sub").mkdir()
        write(reader.folder, artifacts, "sub/Elsewhere.template.json", "sub/Other.template.json")
        elsewhere, other = reader.read(reader.folder).keys
        assert place(elsewhere) == ("444455556666", "eu-west-1")
        assert place(other) == ("111122223333", "us-east-1")

    def test_a_stack_of_another_account_is_not_assumed_to_be_here(self, reader: Reader) -> None:
        """Its neighbour, which the manifest sends here, is."""
        write(
            reader.folder,
            {**stack("Home", HOME), **stack("Elsewhere", ELSEWHERE)},
            *("Elsewhere.template.json", "Home.template.json"),
        )
        elsewhere, home = reader.read(reader.folder).keys
        assert reader.failed(elsewhere) == ["MANAGEMENT_ACCOUNT", "HOME_REGION"]
        assert reader.failed(home) == []
        assert place(elsewhere) == ("444455556666", "eu-west-1")
        manifest = reader.folder / "manifest.json"
        assert elsewhere.assumptions == (
            f"it is deployed in account 444455556666 and Region eu-west-1, as {manifest} says",
        )

    @pytest.mark.parametrize(
        ("environment", "expected", "open_still"),
        [
            (NOT_TOLD, ("111122223333", "us-east-1"), ["AWS::AccountId", "AWS::Region"]),
            ("aws://444455556666/unknown-region", ("444455556666", "us-east-1"), ["AWS::Region"]),
            ("aws://unknown-account/eu-west-1", ("111122223333", "eu-west-1"), ["AWS::AccountId"]),
            (ELSEWHERE, ("444455556666", "eu-west-1"), []),
        ],
    )
    def test_what_is_unknown_to_the_cdk_is_assumed_as_ever(
        self, reader: Reader, environment: str, expected: tuple[str, str], open_still: list[str]
    ) -> None:
        """And said, with what would tell."""
        write(reader.folder, stack("Logs", environment), "Logs.template.json")
        found = reader.read(reader.folder / "Logs.template.json").key
        (assumption,) = found.assumptions
        assert place(found) == expected
        assert [name for name in TOLD if f"--parameter {name}=" in assumption] == open_still

    def test_who_tells_the_place_knows_better_than_the_manifest(self, reader: Reader) -> None:
        """One of both is enough for one of both."""
        write(reader.folder, stack("Logs", ELSEWHERE), "Logs.template.json")
        path = reader.folder / "Logs.template.json"
        assert place(reader.read(path, parameters=TOLD).key) == ("111122223333", "us-east-1")
        account = {"AWS::AccountId": "111122223333"}
        assert place(reader.read(path, parameters=account).key) == ("111122223333", "eu-west-1")

    def test_pseudo_parameters_are_those_of_the_stack(self, reader: Reader) -> None:
        """Also the partition, which its Region tells."""
        write(reader.folder, stack("Logs", "aws://444455556666/us-gov-west-1"), "Logs.template.json")
        assert reader.read(reader.folder).key.key.arn.partition == "aws-us-gov"

    def test_a_template_in_yaml_has_an_environment_too(self, reader: Reader) -> None:
        """As tools other than the CDK's own library may write it."""
        artifacts = stack("Logs", ELSEWHERE, properties={"templateFile": "logs.yaml"})
        write(reader.folder, artifacts, "logs.yaml")
        text = f"Resources:\n  Key: {json.dumps(KEY)}\n"
        assert place(reader.text(text, "logs.yaml").key) == ("444455556666", "eu-west-1")


class TestNested:
    """Stages have assemblies of their own, and nested stacks are assets of a stack."""

    def test_a_stage_s_stacks_are_told_of_by_its_own_manifest(self, reader: Reader) -> None:
        """Whatever is beside them in the app."""
        stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
        write(reader.folder, {"assembly-Prod": stage, **stack("Logs", HOME)}, "Logs.template.json")
        write(reader.folder / "assembly-Prod", stack("Logs", ELSEWHERE), "Logs.template.json")
        app, prod = reader.read(reader.folder).keys
        assert [place(app), place(prod)] == [("111122223333", "us-east-1"), ("444455556666", "eu-west-1")]

    @pytest.mark.parametrize("told_by", ["assets", "additional", "metadata", "metadata file"])
    def test_a_nested_stack_is_where_its_stack_is(self, reader: Reader, told_by: str) -> None:
        """The assets of the stack tell: in a manifest of assets, or in the metadata of older synthesizers."""
        nested = "ElsewhereNested.nested.template.json"
        metadata = {"/Elsewhere/Nested": [{"type": "aws:cdk:asset", "data": {"path": nested}}]}
        properties = {
            "templateFile": "Elsewhere.template.json",
            "additionalDependencies": ["Elsewhere.assets"],
        }
        members: dict[str, Any] = {
            "assets": {},
            "additional": {"dependencies": [], "properties": properties},
            "metadata": {"dependencies": [], "metadata": metadata},
            "metadata file": {"dependencies": [], "additionalMetadataFile": "metadata.json"},
        }[told_by]
        write(
            reader.folder,
            {**stack("Home", HOME), **stack("Elsewhere", ELSEWHERE, **members)},
            nested,
            assets={"Home": ["Home.template.json"], "Elsewhere": ["../asset.zip", nested]},
        )
        if told_by == "metadata file":
            (reader.folder / "metadata.json").write_text(json.dumps(metadata))
        assert place(reader.read(reader.folder).key) == ("444455556666", "eu-west-1")

    def test_a_template_of_no_stack_is_where_all_stacks_are(self, reader: Reader) -> None:
        """The twin: where they are apart, nobody can tell."""
        write(reader.folder, {**stack("A", ELSEWHERE), **stack("B", ELSEWHERE)}, "Old.template.json")
        assert place(reader.read(reader.folder).key) == ("444455556666", "eu-west-1")
        write(reader.folder, {**stack("A", ELSEWHERE), **stack("B", HOME)}, "Old.template.json")
        message = reader.read(reader.folder).message
        assert "it has several environments, and Old.template.json belongs to none of its stacks" in message
        assert place(reader.read(reader.folder, parameters=TOLD).key) == ("111122223333", "us-east-1")

    def test_an_asset_of_two_stacks_is_where_both_are(self, reader: Reader) -> None:
        """The twin: where they are apart, nobody can tell."""
        assets = {"A": ["x.template.json"], "B": ["x.template.json"]}
        write(reader.folder, {**stack("A", HOME), **stack("B", HOME)}, "x.template.json", assets=assets)
        assert reader.read(reader.folder).key
        write(reader.folder, {**stack("A", HOME), **stack("B", ELSEWHERE)}, assets=assets)
        assert "x.template.json belongs to 2 of them" in reader.read(reader.folder).message


class TestNoAssembly:
    """What else may be called manifest.json changes nothing."""

    @pytest.mark.parametrize(
        "manifest",
        [
            *("[]", "1", '"text"', "null", "{}", '{"artifacts": []}', '{"artifacts": {"A": 1, "B": {}}}'),
            '{"manifest_version": 3, "name": "a browser\'s extension"}',
            '{"version": "55.0.0", "artifacts": {"Tree": {"type": "cdk:tree"}}}',
        ],
    )
    def test_it_is_assumed_as_ever(self, reader: Reader, manifest: str) -> None:
        """And said."""
        (reader.folder / "manifest.json").write_text(manifest)
        found = reader.text({"Resources": {"Key": KEY}}).key
        assert reader.failed(found) == []
        assert "--parameter AWS::AccountId=" in found.assumptions[0]

    def test_a_folder_or_a_pipe_of_that_name_is_none(self, reader: Reader) -> None:
        """Nobody waits for what a pipe would give."""
        (reader.folder / "manifest.json").mkdir()
        assert reader.text({"Resources": {"Key": KEY}}).key
        (reader.folder / "manifest.json").rmdir()
        os.mkfifo(reader.folder / "manifest.json")
        assert reader.text({"Resources": {"Key": KEY}}).key

    def test_standard_input_has_nothing_beside_it(
        self, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A template that is piped is not that of the current folder."""
        write(reader.folder, stack("-", ELSEWHERE, properties={"templateFile": "-"}))
        monkeypatch.chdir(reader.folder)
        found = reader.read("-", stdin=json.dumps({"Resources": {"Key": KEY}}).encode()).key
        assert place(found) == ("111122223333", "us-east-1")


class TestBrokenAssembly:
    """A manifest that does not tell leaves no room for an assumption."""

    FAULTS = pytest.mark.parametrize(
        ("manifest", "said"),
        [
            (
                b'{"version": "55.0.0", "artifacts": {',
                "it ends at line 1, before what is open there is closed",
            ),
            (b"", "it is empty"),
            (b"not JSON", "line 1, column 1: it is not JSON"),
            (b'{"artifacts": {}, "artifacts": {}}', '"artifacts" stands twice'),
            (b"\xff\xfe{}", "it is not UTF-8: byte 0 is the first that is wrong"),
            (b"[" * 100_000, "it is nested too deeply"),
        ],
    )

    @FAULTS
    def test_a_manifest_that_cannot_be_read_is_one_sentence(
        self, reader: Reader, manifest: bytes, said: str
    ) -> None:
        """What, where, and what would be right; who tells the place needs no manifest."""
        (reader.folder / "manifest.json").write_bytes(manifest)
        message = reader.text({"Resources": {"Key": KEY}}).message
        path = reader.folder / "manifest.json"
        assert message.startswith(f"{reader.folder / 'source'}: {path} does not tell where it is deployed: ")
        assert said in message
        assert "or give --parameter AWS::AccountId=… and --parameter AWS::Region=…" in message
        assert reader.text({"Resources": {"Key": KEY}}, parameters=TOLD).key

    @FAULTS
    def test_it_matters_to_templates_with_keys_alone(
        self, reader: Reader, manifest: bytes, said: str
    ) -> None:
        """A key policy beside it is what it was, and a template of buckets holds no key."""
        assert said
        (reader.folder / "manifest.json").write_bytes(manifest)
        assert reader.text(KEY["Properties"]["KeyPolicy"]).key  # type: ignore[index]  # an object
        assert not reader.text({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}).unread

    @pytest.mark.parametrize(
        "environment",
        [
            None,
            1,
            [],
            "",
            "aws://",
            "aws://4444/eu-west-1",
            "aws://444455556666",
            f"{HOME}/x",
            "444455556666",
        ],
    )
    def test_an_environment_of_another_form_is_none(self, reader: Reader, environment: object) -> None:
        """Only for the stack that has it."""
        artifacts = {**stack("Logs", environment), **stack("Home", HOME)}
        write(reader.folder, artifacts, "Logs.template.json", "Home.template.json")
        result = reader.read(reader.folder)
        (home,) = result.keys
        (unread,) = result.unread
        assert place(home) == ("111122223333", "us-east-1")
        assert (
            f"the environment of Logs is {json.dumps(environment)}; right would be aws://" in unread.message
        )

    @pytest.mark.parametrize(
        "artifacts",
        [
            {"A": {"type": "aws:cloudformation:stack", "environment": ELSEWHERE}},
            stack("A", ELSEWHERE, properties=[], dependencies={"a": 1}),
            stack(
                "A", ELSEWHERE, properties={"templateFile": ["x"]}, dependencies=[["x"], 1, "A", "missing"]
            ),
            stack("A", ELSEWHERE, metadata={"/A": [1, {"type": "aws:cdk:asset"}], "/B": {}}),
            stack("A", ELSEWHERE, metadata=[], additionalMetadataFile="\0"),
            {
                **stack("A", ELSEWHERE),
                "A.assets": {"type": "cdk:asset-manifest", "properties": {"file": ["x"]}},
            },
        ],
    )
    def test_other_parts_may_be_anything(self, reader: Reader, artifacts: object) -> None:
        """The one stack is still elsewhere, and no template here is assumed to be the landing zone's."""
        write(reader.folder, artifacts, "x.template.json")
        assert place(reader.read(reader.folder).key) == ("444455556666", "eu-west-1")

    @pytest.mark.parametrize("assets", ["", "[]", '{"files": []}', '{"files": {"a": {"source": 1}}}'])
    def test_assets_may_be_anything(self, reader: Reader, assets: str) -> None:
        """A nested template then belongs to no stack, and those of stacks are where they were."""
        artifacts = {**stack("A", ELSEWHERE), **stack("B", HOME)}
        write(reader.folder, artifacts, "A.template.json", "x.nested.template.json")
        (reader.folder / "A.assets.json").write_text(assets)
        result = reader.read(reader.folder)
        assert place(result.keys[0]) == ("444455556666", "eu-west-1")
        assert "belongs to none of its stacks" in result.unread[0].message
