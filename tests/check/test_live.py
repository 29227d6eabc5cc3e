"""check and explain on a live account: AWS on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey_sandbox import LandingZone, Sandbox

from .conftest import policy

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Create, Ended, Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")


def results(ended: Ended) -> dict[str, str]:
    """What each key comes to, by name."""
    return {result["name"]: result["compliance"] for result in json.loads(ended.out)["results"]}


def operations(aws: Sandbox) -> set[str]:
    """What AWS was asked."""
    return {call.operation for call in aws.calls}


class TestKeys:
    """Which keys are checked."""

    def test_every_customer_managed_key(self, run: Run, live: Sandbox, create: Create) -> None:
        """AWS's own keys are described, and no more: reading their policies raises alarms."""
        good, bad = create("documented"), create("denied")
        live.client("kms").describe_key(KeyId="alias/aws/s3")  # which makes it
        live.forget_calls()
        ended = run("check", *SETTINGS, "--format", "json")
        assert results(ended) == {good: "COMPLIANT", bad: "NON_COMPLIANT"}
        assert ended.code == 3
        asked = [call.operation for call in live.calls]
        assert asked.count("GetKeyPolicy") == 2
        assert operations(live) == {
            *("GetCallerIdentity", "ListKeys", "ListAliases", "DescribeKey", "GetKeyPolicy")
        }

    def test_some_of_them(self, run: Run, live: Sandbox, create: Create) -> None:
        """By ARN, by id, by alias."""
        arn, other, aliased, _ = create(), create("missing"), create("denied"), create()
        live.client("kms").create_alias(AliasName="alias/logs", TargetKeyId=aliased)
        keys = ("--key", arn, "--key", other.rpartition("/")[2], "--key", "alias/logs")
        found = results(run("check", *SETTINGS, *keys, "--format", "json"))
        assert found == {arn: "COMPLIANT", other: "NON_COMPLIANT", "alias/logs": "NON_COMPLIANT"}

    @pytest.mark.parametrize("asked", [("--landing-zone",), ("--key-scope", "landing-zone")])
    def test_those_of_the_landing_zone(
        self, run: Run, live: Sandbox, create: Create, asked: tuple[str, ...]
    ) -> None:
        """That its manifest names."""
        arn, _ = create(), create("missing")
        live.landing_zone = LandingZone.with_key(arn, "4.0")
        assert results(run("check", *SETTINGS, *asked, "--format", "json")) == {arn: "COMPLIANT"}

    @pytest.mark.parametrize(
        ("standard", "expected"), [("documented", ("UNKNOWN", 4)), ("functional", ("COMPLIANT", 0))]
    )
    def test_a_key_for_one_service(
        self, run: Run, live: Sandbox, create: Create, standard: str, expected: tuple[str, int]
    ) -> None:
        """Since 4.0 each service may have its own: it need not allow the other, and is not as documented."""
        documented = policy("documented")
        account, config, cloudtrail = documented["Statement"]
        first, second = (create({**documented, "Statement": [account, its]}) for its in (cloudtrail, config))
        live.landing_zone = LandingZone(
            "4.0",
            {
                "centralizedLogging": {"enabled": True, "configurations": {"kmsKeyArn": first}},
                "config": {"enabled": True, "configurations": {"kmsKeyArn": second}},
            },
        )
        asked = ("--landing-zone", "--permission-standard", standard, "--format", "json")
        ended = run("check", *SETTINGS, *asked)
        assert results(ended) == dict.fromkeys((first, second), expected[0])
        assert ended.code == expected[1]
        assert ("its own deliveries are allowed" in ended.out) is (standard == "documented")

    @pytest.mark.parametrize("asked", [("--landing-zone",), ("--key-scope", "landing-zone")])
    def test_those_of_a_manifest_that_is_given(
        self, run: Run, live: Sandbox, create: Create, tmp_path: Path, asked: tuple[str, ...]
    ) -> None:
        """It is meant whatever is in force: what an update would bring is known before it."""
        today, tomorrow = create(), create("missing")
        live.landing_zone = LandingZone.with_key(today)
        file = tmp_path / "manifest.json"
        file.write_text(json.dumps(LandingZone.with_key(tomorrow, "4.0").manifest))
        given = ("--landing-zone-manifest", str(file), "--format", "json")
        ended = run("check", *SETTINGS, *asked, *given)
        assert results(ended) == {tomorrow: "NON_COMPLIANT"}
        assert "GetLandingZone" not in operations(live)

    def test_nothing_is_on(self, run: Run, live: Sandbox) -> None:
        """Then no key is the landing zone's, and that is no health."""
        live.landing_zone = LandingZone("4.0", {"centralizedLogging": {"enabled": False}})
        ended = run("check", *SETTINGS, "--landing-zone")
        assert ended.code == 4
        assert "no logs are delivered: centralizedLogging and config are disabled" in " ".join(
            ended.out.split()
        )

    def test_none(self, run: Run, live: Sandbox) -> None:
        """Nothing is proved, and that is said."""
        assert operations(live) == set()
        ended = run("check", *SETTINGS)
        assert (ended.code, ended.out) == (
            4,
            "no KMS key was found in what was given, so that nothing is proved\n",
        )


class TestDiscovery:
    """--discover."""

    def test_settings_come_from_aws(self, run: Run, live: Sandbox, create: Create) -> None:
        """Home Region, management account, organization."""
        arn = create()
        live.landing_zone = LandingZone.with_key(arn)
        ended = run("check", "--discover", "--format", "json")
        assert ended.code == 0, ended.err
        settings = json.loads(ended.out)["settings"]
        organization = live.client("organizations").describe_organization()["Organization"]["Id"]
        assert (settings["HomeRegion"], settings["ManagementAccountId"]) == ("us-east-1", "111122223333")
        assert settings["OrganizationId"] == organization

    def test_an_option_wins(self, run: Run, live: Sandbox, create: Create) -> None:
        """What is given is not overruled: the key is in another Region than this."""
        live.landing_zone = LandingZone.with_key(create())
        ended = run("check", "--discover", "--home-region", "eu-west-1", "--region", "us-east-1")
        assert ended.code == 3
        assert "HOME_REGION" in ended.out

    @pytest.mark.parametrize(("discover", "code"), [(True, 4), (False, 3)])
    def test_a_list_of_todays_accounts(
        self, run: Run, live: Sandbox, create: Create, *, discover: bool, code: int
    ) -> None:
        """With the accounts known, only the next one would be refused; without, any other would."""
        live.landing_zone = LandingZone.with_key(create())
        accounts = [each["Id"] for each in live.client("organizations").list_accounts()["Accounts"]]
        listed = policy("documented")
        listed["Statement"][1]["Condition"] = {"StringEquals": {"aws:SourceAccount": accounts}}
        arn = create(listed)
        ended = run("check", "--key", arn, *(("--discover",) if discover else SETTINGS))
        assert ended.code == code
        assert len(accounts) == 1
        said = "is allowed for today's 1 account, and the next one would be refused"
        assert (said in " ".join(ended.out.split())) is discover

    def test_accounts_that_may_not_be_listed(self, run: Run, live: Sandbox, create: Create) -> None:
        """Are any accounts."""
        live.landing_zone = LandingZone.with_key(create())
        live.fail_next("organizations", "ListAccounts", "AccessDeniedException")
        assert run("check", "--discover").code == 0

    def test_for_files_too(self, run: Run, live: Sandbox, create: Create, sources: Any) -> None:
        """A template is checked for the landing zone that there is."""
        assert sources.is_dir()
        live.landing_zone = LandingZone.with_key(create())
        assert run("check", "policies/documented.json", "--discover").code == 0

    def test_no_landing_zone(self, run: Run, live: Sandbox) -> None:
        """One error, without a guess."""
        assert live.landing_zone is None
        ended = run("check", "--discover")
        assert ended.code in (1, 2)
        assert ended.out == ""
        assert "has no landing zone" in ended.err


class TestTrouble:
    """What AWS refuses is unknown; the rest goes on."""

    @pytest.mark.parametrize("operation", ["DescribeKey", "GetKeyPolicy"])
    def test_a_key_that_cannot_be_read(self, run: Run, live: Sandbox, create: Create, operation: str) -> None:
        """Action, key and account are named."""
        keys = {create(), create()}
        live.fail_next("kms", operation, "AccessDeniedException")
        ended = run("check", *SETTINGS, "--format", "json")
        assert ended.code == 4
        found = results(ended)
        assert set(found) == keys
        assert sorted(found.values()) == ["COMPLIANT", "UNKNOWN"]
        unknown = next(each for each in json.loads(ended.out)["results"] if each["compliance"] == "UNKNOWN")
        said = " ".join(unknown["unresolved"])
        assert f"kms:{operation} was refused" in said
        assert "111122223333" in said

    def test_keys_that_cannot_be_listed(self, run: Run, live: Sandbox, create: Create) -> None:
        """Then nothing can be said."""
        create()
        live.fail_next("kms", "ListKeys", "AccessDeniedException")
        ended = run("check", *SETTINGS)
        assert ended.code == 4
        assert "kms:ListKeys was refused" in ended.out.replace("\n                ", " ")

    def test_no_such_key(self, run: Run, live: Sandbox) -> None:
        """The others are checked all the same."""
        assert operations(live) == set()
        ended = run("check", *SETTINGS, "--key", "alias/nowhere")
        assert ended.code == 4
        assert "there is no key alias/nowhere" in ended.out

    @pytest.mark.parametrize("command", [("check",), ("explain", "alias/logs"), ("fix", "alias/logs")])
    def test_no_credentials(
        self, run: Run, live: Sandbox, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
    ) -> None:
        """One line, and no result."""
        for name in live.environment:
            if name.startswith("AWS_") and "KEY" in name:
                monkeypatch.delenv(name)
        ended = run(*command, *SETTINGS)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("error: there are no AWS credentials: sign in (`aws sso login`)")
        assert "Traceback" not in ended.err

    @pytest.mark.parametrize("command", [("check",), ("explain", "alias/logs"), ("fix", "alias/logs")])
    def test_no_such_profile(self, run: Run, live: Sandbox, command: tuple[str, ...]) -> None:
        """It is named."""
        assert operations(live) == set()
        ended = run(*command, *SETTINGS, "--profile", "nobody")
        assert (ended.code, ended.out) == (2, "")
        assert "nobody" in ended.err

    def test_region_of_the_settings(
        self, run: Run, create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who names the landing zone's home need not name a Region again, as the twin below must."""
        arn = create()
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        file = tmp_path / "prod.json"
        file.write_text('{"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}')
        for command in (("check", "--key", arn), ("explain", arn), ("fix", arn)):
            ended = run(*command, "--parameters", str(file))
            assert (ended.code, ended.err) == (0, "")

    def test_no_region(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """With --discover there is no HomeRegion to fall back to."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        ended = run("check", "--discover")
        assert ended.code == 2
        assert "no AWS Region is known" in ended.err


class TestExplain:
    """explain and fix take a live key by ARN, id or alias, and change nothing."""

    @pytest.mark.parametrize(("command", "shown"), [("explain", '"DenyOutsideOrg" applies'), ("fix", "+++ ")])
    def test_by_every_name(self, run: Run, live: Sandbox, create: Create, command: str, shown: str) -> None:
        """Only questions are asked."""
        arn = create("denied")
        live.client("kms").create_alias(AliasName="alias/landing-zone", TargetKeyId=arn)
        live.forget_calls()
        for name in (arn, arn.rpartition("/")[2], "alias/landing-zone"):
            ended = run(command, name, *SETTINGS)
            assert ended.code == 3
            assert shown in ended.out
        assert operations(live) == {"GetCallerIdentity", "DescribeKey", "GetKeyPolicy"}
