"""The landing zone's manifest as settings: given by an option, or found among the sources."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended, Run

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
ZONE = "arn:aws:controltower:us-east-1:111122223333:landingzone/1A2B3C4D5E6F7G8H"
PLACE = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
REGIONS = ["us-east-1", "eu-west-1"]


def block(key: object) -> dict[str, Any]:
    """A block of the manifest with its key."""
    return {"accountId": "222222222222", "enabled": True, "configurations": {"kmsKeyArn": key}}


OLD: dict[str, Any] = {"governedRegions": REGIONS, "centralizedLogging": block(KEY)}
NEW: dict[str, Any] = {**OLD, "config": block(OTHER), "backup": {"enabled": False}}


def answer(manifest: object, version: str = "3.3", arn: str = ZONE) -> dict[str, Any]:
    """What GetLandingZone answers."""
    return {"landingZone": {"arn": arn, "manifest": manifest, "version": version, "status": "ACTIVE"}}


def plan(manifest: object = OLD, **values: object) -> dict[str, Any]:
    """A plan with a landing zone, as `terraform show -json` prints it."""
    made = {"manifest_json": json.dumps(manifest), "version": "3.3", **values}
    address = "aws_controltower_landing_zone.this"
    kind = {"address": address, "mode": "managed", "type": address.removesuffix(".this"), "name": "this"}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**kind, "values": made}]}},
    }


def awscc(manifest: object = OLD) -> dict[str, Any]:
    """The same by the other provider."""
    text = json.dumps(plan(manifest)).replace("aws_controltower", "awscc_controltower")
    return json.loads(text.replace("manifest_json", "manifest"))  # type: ignore[no-any-return]


def state(manifest: object = OLD) -> dict[str, Any]:
    """A state, which knows the landing zone's ARN."""
    made = plan(manifest, arn=ZONE)
    return {"format_version": "1.0", "values": made["planned_values"]}


def template(manifest: object = OLD, **more: object) -> dict[str, Any]:
    """A template with a landing zone."""
    properties = {"Manifest": manifest, "Version": "3.3"}
    return {
        "Resources": {"Zone": {"Type": "AWS::ControlTower::LandingZone", "Properties": properties}, **more}
    }


FORMS = {
    "answer": answer(OLD),
    "query of landingZone": answer(OLD)["landingZone"],
    "input of update-landing-zone": {"version": "3.3", "manifest": OLD},
    "manifest": OLD,
    "plan": plan(),
    "awscc": awscc(),
    "state": state(),
    "template": template(),
    "template with text": template(json.dumps(OLD)),
    "GetTemplate's answer": {"TemplateBody": template()},
}


@pytest.fixture
def check(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Write files, by name, and check what is named; without a name all of them."""
    monkeypatch.chdir(tmp_path)

    def checked(*arguments: str, command: str = "check", **files: Any) -> Ended:
        for name, document in files.items():
            text = document if isinstance(document, str) else json.dumps(document)
            (tmp_path / f"{name}.json").write_text(text)
        return run(command, *arguments)

    return checked


@pytest.fixture
def policy() -> dict[str, Any]:
    """A key policy that passes in two Regions, and not in all."""
    services = {"Service": "config.amazonaws.com"}, {"Service": "cloudtrail.amazonaws.com"}
    sources = {"ArnLike": {"aws:SourceArn": [f"arn:aws:config:{region}:*:*" for region in REGIONS]}}
    common = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
    statements = [
        {**common, "Principal": services[0], "Condition": sources},
        {**common, "Principal": services[1]},
    ]
    return {"Version": "2012-10-17", "Statement": statements}


class TestForms:
    """Whatever holds it."""

    @pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
    @pytest.mark.parametrize("how", ["option", "file", "folder"])
    def test_gives_the_governed_regions(
        self, check: Callable[..., Ended], policy: dict[str, Any], form: dict[str, Any], how: str
    ) -> None:
        """By the option, or as it lies beside the key; the same policy is refused for any Region."""
        given = {"option": ["key.json", "--landing-zone-manifest", "zone.json"], "folder": ["."]}
        ended = check(*given.get(how, ["key.json", "zone.json"]), *PLACE, key=policy, zone=form)
        assert ended.code == 0, ended
        assert "the landing zone's manifest is zone.json" in ended.err
        assert "governs us-east-1 and eu-west-1; the logs of CloudTrail and AWS Config have arn:" in ended.err

    def test_without_it_any_region_is_governed(
        self, check: Callable[..., Ended], policy: dict[str, Any]
    ) -> None:
        """The twin, in which nothing is told."""
        ended = check("key.json", *PLACE, key=policy)
        assert (ended.code, ended.err) == (4, "")

    @pytest.mark.parametrize(("command", "doubt"), [("explain", "may be refused"), ("fix", "added")])
    def test_of_the_other_commands(
        self, check: Callable[..., Ended], policy: dict[str, Any], command: str, doubt: str
    ) -> None:
        """Which take the option, too."""
        option = ("--landing-zone-manifest", "zone.json")
        ended = check("key.json", *option, command=command, key=policy, zone=answer(OLD))
        assert ended.code == 0, ended
        assert doubt not in ended.out
        assert doubt in check("key.json", *PLACE, command=command, key=policy).out

    def test_of_a_yaml_template_that_is_packed(
        self, check: Callable[..., Ended], policy: dict[str, Any], tmp_path: Path
    ) -> None:
        """As of any source."""
        text = (
            "Parameters: {Regions: {Type: CommaDelimitedList}}\nResources:\n  Zone:\n"
            "    Type: AWS::ControlTower::LandingZone\n    Properties:\n      Version: '3.3'\n"
            "      Manifest: {governedRegions: !Ref Regions}\n"
        )
        (tmp_path / "zone.yaml.gz").write_bytes(gzip.compress(text.encode()))
        option = ("--landing-zone-manifest", "zone.yaml.gz", "--parameter", "Regions=us-east-1,eu-west-1")
        ended = check("key.json", "zone.yaml.gz", *option, *PLACE, key=policy)
        assert "governs us-east-1 and eu-west-1; names no KMS key" in ended.err
        assert ended.code == 0

    def test_of_the_aws_cli_as_yaml(self, check: Callable[..., Ended], policy: dict[str, Any]) -> None:
        """With `--output yaml`."""
        regions = "".join(f"    - {region}\n" for region in REGIONS)
        text = f"landingZone:\n  arn: {ZONE}\n  manifest:\n    governedRegions:\n{regions}"
        ended = check("key.json", "zone.json", key=policy, zone=text)
        assert ended.code == 0, ended

    def test_beside_many_keys(self, check: Callable[..., Ended], policy: dict[str, Any]) -> None:
        """Which several processes judge."""
        ended = check(
            ".", **dict.fromkeys([f"key{number}" for number in range(60)], policy), zone=answer(OLD)
        )
        assert ended.code == 0, ended
        assert "60 COMPLIANT" in ended.out

    def test_is_passed_over_with_its_reason(self, check: Callable[..., Ended]) -> None:
        """It holds no key, and a named file is understood all the same."""
        regions = {"governedRegions": REGIONS}  # of which nothing is about KMS
        for source in ("zone.json", "."):
            ended = check(source, *PLACE, "--format", "json", zone=regions)
            (passed,) = json.loads(ended.out)["passed_over"]
            assert passed["reason"] == "it is the landing zone's manifest: it gives settings"
            assert ended.code == 4  # no key

    def test_on_standard_input(
        self, check: Callable[..., Ended], policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is read once more for its keys."""
        body = template(key={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}})
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(body).encode())))
        ended = check("-", *PLACE)
        assert "manifest is - Zone" in ended.err
        assert ended.code == 0, ended


class TestSettings:
    """What it tells where nothing else does."""

    def test_an_arn_tells_the_place(self, check: Callable[..., Ended]) -> None:
        """The home Region and the management account."""
        found = json.loads(check("zone.json", "--format", "json", zone=answer(OLD)).out)["settings"]
        assert found["HomeRegion"] == "us-east-1"
        assert found["ManagementAccountId"] == "111122223333"
        assert found["GovernedRegions"] == "us-east-1,eu-west-1"

    def test_without_an_arn_the_place_is_asked_for(self, check: Callable[..., Ended]) -> None:
        """The twin."""
        ended = check("zone.json", zone=OLD)
        assert ended.code == 2
        assert "HomeRegion is required" in ended.err

    @pytest.mark.parametrize("how", ["option", "variable", "file"])
    def test_what_is_given_wins(
        self, check: Callable[..., Ended], how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And it is said, in one line."""
        arguments = {"option": ["--governed-regions", "us-west-2"], "file": ["--parameters", "prod.json"]}
        if how == "variable":
            monkeypatch.setenv("LZKEY_GOVERNED_REGIONS", "us-west-2")
        rule = {"ruleParameters": {"GovernedRegions": "us-west-2"}}
        ended = check("zone.json", "--format", "json", *arguments.get(how, []), zone=answer(OLD), prod=rule)
        assert json.loads(ended.out)["settings"]["GovernedRegions"] == "us-east-1,us-west-2"
        line = "GovernedRegions is us-west-2, as given, and not us-east-1,eu-west-1, as zone.json has it"
        assert line in ended.err.splitlines()

    def test_the_same_regions_are_no_difference(self, check: Callable[..., Ended]) -> None:
        """In another order, and without the home Region, which is always governed."""
        ended = check("zone.json", "--governed-regions", "eu-west-1", zone=answer(OLD))
        assert "as given" not in ended.err

    def test_each_key_is_judged_by_what_it_is_for(
        self, check: Callable[..., Ended], policy: dict[str, Any]
    ) -> None:
        """A key of AWS Config's alone may do without CloudTrail's statement, where it is asked so."""
        policy["Statement"].pop()
        arguments = (
            "key.json",
            "--permission-standard",
            "functional",
            "--landing-zone-manifest",
            "zone.json",
        )
        for_config = check(*arguments, "--key-arn", OTHER, key=policy, zone=answer(NEW, "4.0"))
        assert for_config.code == 0, for_config
        assert check(*arguments, "--key-arn", KEY, key=policy, zone=answer(NEW, "4.0")).code == 3
        assert check(*arguments, "--key-arn", OTHER, key=policy, zone=answer(OLD)).code == 3

    def test_other_keys_are_not_the_landing_zones(
        self, check: Callable[..., Ended], policy: dict[str, Any]
    ) -> None:
        """With KeyScope=landing-zone; its own key is judged."""
        arguments = ("key.json", "zone.json", "--key-scope", "landing-zone", "--key-arn")
        assert (
            "Not a key of the landing zone's manifest"
            in check(*arguments, OTHER, key=policy, zone=answer(OLD)).out
        )
        assert "Not a key" not in check(*arguments, KEY, key=policy, zone=answer(OLD)).out

    def test_a_key_of_the_same_template(self, check: Callable[..., Ended], policy: dict[str, Any]) -> None:
        """Which has no ARN yet, but a name."""
        policy["Statement"].pop()
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}
        manifest = {**NEW, "config": block({"Fn::GetAtt": ["Logs", "Arn"]})}
        body = template(manifest, Logs=key)
        body["Resources"]["Zone"]["Properties"]["Version"] = "4.0"
        ended = check("zone.json", *PLACE, "--permission-standard", "functional", zone=body)
        assert ended.code == 0, ended
        assert "the logs of AWS Config have Logs" in ended.err

    def test_nothing_is_delivered(self, check: Callable[..., Ended]) -> None:
        """Since 4.0 everything may be off."""
        off = {
            "governedRegions": REGIONS,
            "centralizedLogging": {"enabled": False},
            "config": {"enabled": False},
        }
        assert "no logs are delivered" in check("zone.json", zone=answer(off, "4.0")).err


class TestSeveral:
    """More than one."""

    def test_those_that_differ(self, check: Callable[..., Ended]) -> None:
        """Are an error that names both."""
        ended = check(".", *PLACE, one=answer(OLD), two=NEW)
        assert (ended.code, ended.out) == (2, "")
        assert "one.json and two.json" in ended.err

    @pytest.mark.parametrize("other", [OLD, {**OLD, "governedRegions": REGIONS[::-1]}, plan(OLD)])
    def test_those_that_agree(self, check: Callable[..., Ended], other: dict[str, Any]) -> None:
        """The twin: they are one, and each may tell what another does not."""
        ended = check(".", "--allow-empty", one=other, two=answer(OLD))
        assert ended.code == 0, ended
        assert ended.err.count("the landing zone's manifest is") == 1

    def test_the_option_says_which(self, check: Callable[..., Ended]) -> None:
        """Others are not, and that is said."""
        ended = check(
            ".",
            "--allow-empty",
            "--landing-zone-manifest",
            "one.json",
            one=answer(OLD),
            two=answer(NEW, "4.0"),
        )
        assert ended.code == 0, ended
        assert "two.json differs from one.json, and gives no settings" in ended.err

    def test_one_of_another_landing_zone(self, check: Callable[..., Ended], policy: dict[str, Any]) -> None:
        """Gives no settings to this one; with the option it is a mistake."""
        theirs = answer(OLD, arn=ZONE.replace("111122223333", "444455556666"))
        ended = check("key.json", "zone.json", *PLACE, key=policy, zone=theirs)
        assert ended.code == 4
        assert "ManagementAccountId is 444455556666, and not 111122223333" in ended.err
        assert check("key.json", *PLACE, "--landing-zone-manifest", "zone.json").code == 2

    def test_ignored_ones_are_none(self, check: Callable[..., Ended]) -> None:
        """As tests of another landing zone would be."""
        assert check(".", "--allow-empty", "--ignore", "two*", one=answer(OLD), two=NEW).code == 0


WRONG = {
    "no Regions": {**OLD, "governedRegions": "us-east-1"},
    "no Region": {**OLD, "governedRegions": ["nowhere"]},
    "no block": {**OLD, "centralizedLogging": []},
    "no configurations": {**OLD, "config": {"configurations": "all"}},
    "no text": {**OLD, "centralizedLogging": block(5)},
    "no ARN": {**OLD, "centralizedLogging": block("YOUR-KEY")},
}


class TestWrong:
    """One that cannot be read."""

    @pytest.mark.parametrize("manifest", WRONG.values(), ids=WRONG)
    def test_by_the_option(self, check: Callable[..., Ended], manifest: object) -> None:
        """Is a mistake."""
        ended = check("key.json", *PLACE, "--landing-zone-manifest", "zone.json", key="{}", zone=manifest)
        assert (ended.code, ended.out) == (2, "")
        assert "zone.json" in ended.err

    @pytest.mark.parametrize("manifest", WRONG.values(), ids=WRONG)
    def test_where_it_is_found(self, check: Callable[..., Ended], manifest: object) -> None:
        """Is told, and nothing is taken from it."""
        ended = check(".", *PLACE, "--format", "json", zone=manifest)
        found = json.loads(ended.out)
        assert ended.code == 4
        assert [each["type"] for each in found["results"]] == ["unread"]
        assert "GovernedRegions" not in found["settings"]

    @pytest.mark.parametrize("form", [plan, template])
    def test_in_a_plan_or_a_template(
        self, check: Callable[..., Ended], form: Callable[[object], dict[str, Any]]
    ) -> None:
        """Is told on standard error: there is no key to tell it of."""
        ended = check("zone.json", *PLACE, zone=form(WRONG["no Regions"]))
        assert 'governedRegions is "us-east-1", and must be a list of Regions' in ended.err

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ("", "it is empty"),
            ("{", "cannot be read"),
            ({"Keys": []}, "it holds no manifest"),
            (answer({}), "it is empty"),
            (answer(None), "it is not there"),
            (answer(OLD, arn="arn:aws:controltower:us-east-1"), "must be the ARN of a landing zone"),
        ],
    )
    def test_option_of_something_else(self, check: Callable[..., Ended], document: object, said: str) -> None:
        """It says what is wrong."""
        ended = check("key.json", *PLACE, "--landing-zone-manifest", "zone.json", key="{}", zone=document)
        assert ended.code == 2
        assert said in ended.err

    @pytest.mark.parametrize("form", [answer, plan, template])
    def test_depth(self, check: Callable[..., Ended], form: Callable[[object], dict[str, Any]]) -> None:
        """As of any source that nests too deeply: it is told."""
        deep: Any = []
        for _ in range(700):
            deep = [deep]
        ended = check("zone.json", *PLACE, zone=form({**OLD, "governedRegions": deep}))
        assert ended.code == 4
        assert "zone.json" in ended.err

    def test_no_file(self, check: Callable[..., Ended]) -> None:
        """The same."""
        assert check("--landing-zone-manifest", "nowhere.json", *PLACE).code == 2

    def test_what_a_plan_does_not_know(self, check: Callable[..., Ended]) -> None:
        """Such as the ARN of a key that is made with it: it is told how to give it."""
        document = plan(None)
        address = "aws_controltower_landing_zone.this"
        change = {"actions": ["create"], "after_unknown": {"manifest_json": True}}
        document["resource_changes"] = [{"address": address, "change": change}]
        ended = check("zone.json", *PLACE, zone=document)
        assert f"zone.json {address}: " in ended.err
        assert "known only after deployment; --landing-zone-manifest FILE" in ended.err

    def test_a_key_that_a_template_does_not_know(
        self, check: Callable[..., Ended], policy: dict[str, Any]
    ) -> None:
        """Leaves open what every key is for, but not the governed Regions."""
        manifest = {**OLD, "centralizedLogging": block({"Fn::ImportValue": "key"})}
        arguments = ("key.json", "zone.json", *PLACE, "--key-scope", "landing-zone", "--key-arn", OTHER)
        ended = check(*arguments, key=policy, zone=template(manifest))
        assert "centralizedLogging.configurations.kmsKeyArn is known only after deployment" in ended.err
        assert "COMPLIANT" in ended.out
        assert ended.code == 0, ended

    def test_a_region_that_there_is_not(self, check: Callable[..., Ended]) -> None:
        """As everywhere."""
        wrong = answer({**OLD, "governedRegions": ["us-eats-1"]})
        ended = check("zone.json", zone=wrong)
        assert ended.code == 2
        assert "zone.json: GovernedRegions has us-eats-1" in ended.err
        assert check("zone.json", "--allow-unknown-region", "--allow-empty", zone=wrong).code == 0

    @pytest.mark.parametrize(
        "document", [{"landingZone": "a"}, {"manifest": {"name": "app"}}, {"config": {}, "securityRoles": {}}]
    )
    def test_what_is_none(self, check: Callable[..., Ended], document: object) -> None:
        """Whatever else a folder holds."""
        ended = check(".", *PLACE, "--allow-empty", other=document)
        assert (ended.code, ended.err) == (0, "")
