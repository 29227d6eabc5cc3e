"""`lzkey explain --live`: what depends on a live key, beside the proof."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from lzkey.check.formats.explained import blast_view
from lzkey.documents import schema_of
from lzkey.observed.blast import BlastRadius
from lzkey.terminal import paper
from lzkey_sandbox import LandingZone

from ..channels import delivery_channel  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Create, Run

    from lzkey_sandbox import Sandbox

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def arn(live: Sandbox, create: Create) -> Iterator[str]:
    """The landing zone's key, with which its trail and the account's delivery channel encrypt."""
    made = create()
    live.landing_zone = LandingZone.with_key(made, "4.0")
    with delivery_channel(live, made):
        yield made


class TestText:
    """What depends on the key stands after its requirements, before what every proof takes for granted."""

    def test_a_key_that_serves(self, run: Run, arn: str) -> None:
        """By alias or ARN; nothing is to be done."""
        ended = run("explain", arn, *SETTINGS, "--live")
        assert ended.code == 0
        told = ended.out.partition("what depends on it:\n")[2].partition("\n\n")[0]
        assert told == (
            "  the landing zone's manifest names it for the logs of CloudTrail and AWS Config\n"
            "  trail aws-controltower-BaselineCloudTrail and the delivery channel of account 111122223333 in "
            "us-east-1 encrypt with it, into aws-controltower-logs, aws-controltower-config (the landing "
            "zone's trail and delivery channels of 1 account were asked for, and of no other)"
        )

    def test_one_that_waits_for_its_deletion(self, run: Run, live: Sandbox, arn: str) -> None:
        """The days that are left, since when, and the command."""
        live.client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        ended = run("explain", arn, *SETTINGS, "--live")
        assert ended.code == 3
        assert "and never again once it is deleted; 7 days left, in UTC; " in ended.out
        assert " at the latest (ScheduleKeyDeletion)" in ended.out
        assert f"  run aws kms cancel-key-deletion --key-id {arn} and then aws kms enable-key" in ended.out

    def test_without_the_option(self, run: Run, live: Sandbox, arn: str) -> None:
        """Nothing of it is asked, and nothing is told."""
        ended = run("explain", arn, *SETTINGS)
        assert "depends" not in ended.out
        assert not {call.operation for call in live.calls} & {"DescribeTrails", "DescribeDeliveryChannels"}


def test_json(run: Run, live: Sandbox, arn: str) -> None:
    """As its schema says; null without the option."""
    live.client("kms").disable_key(KeyId=arn)
    document = json.loads(run("explain", arn, *SETTINGS, "--live", "--format", "json").out)
    Draft202012Validator(schema_of("explain")).validate(document)
    (result,) = document["results"]
    radius = result["blast_radius"]
    assert (radius["key"], radius["state"], radius["delivery_channels"]) == (arn, "Disabled", 1)
    assert radius["out_of_service"]["change"] == "DisableKey"
    assert radius["out_of_service"]["since"].endswith("Z")
    assert radius["fix"] == f"run aws kms enable-key --key-id {arn}"
    twin = json.loads(run("explain", arn, *SETTINGS, "--format", "json").out)
    assert twin["results"][0]["blast_radius"] is None


@pytest.mark.parametrize("target", ["policies/documented.json", "policies", "nowhere.json"])
def test_what_is_no_live_key(run: Run, sources: Path, target: str) -> None:
    """Has nothing to ask AWS about: that is a mistake, and is told as one."""
    assert sources.is_dir()
    ended = run("explain", target, *SETTINGS, "--live")
    assert (ended.code, ended.out) == (2, "")
    assert f"--live asks AWS about a live key, and {target} is no ARN, id or alias of one" in ended.err


def test_a_key_that_is_not_there(run: Run, live: Sandbox) -> None:
    """Is told as without the option; nothing more is asked."""
    ended = run("explain", ARN, *SETTINGS, "--live")
    assert ended.code == 4
    assert "DescribeTrails" not in {call.operation for call in live.calls}


def test_hostile_words() -> None:
    """Names of buckets and what AWS tells of errors do nothing to a terminal."""
    hostile = "\x1b]0;title\x07\x1b[2J\r\u202e[red]"
    radius = BlastRadius(ARN, hostile, hostile, hostile, trouble=hostile, fix=hostile)
    paper(written := io.StringIO()).print(blast_view(radius), soft_wrap=True)
    told = written.getvalue()
    assert told.count("[red]") == 4
    assert [sign for sign in told if not (sign.isprintable() or sign == "\n")] == []
