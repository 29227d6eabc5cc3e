"""What check, explain and fix make of a bad network, a busy AWS, and credentials that end.

What cannot be read is unknown, named, and never compliant; what passes leaves no trace; nothing ends in a
traceback, which every run here is asked for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from .conftest import SETTINGS
from .proxy import Fault
from .servers import free_port

if TYPE_CHECKING:
    from .conftest import Aws, Ended

CALLER = "sts:GetCallerIdentity"
OF_KEYS = ("kms:ListKeys", "kms:DescribeKey", "kms:GetKeyPolicy")
OF_ONE_KEY = OF_KEYS[1:]
ALIASES = "kms:ListAliases"
OF_DISCOVERY = (
    "controltower:ListLandingZones",
    "controltower:GetLandingZone",
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
)
NO_ANSWERS = (Fault.PAGE, Fault.HALF, Fault.EMPTY)


def is_one_sentence(ended: Ended) -> bool:
    """No result, and one line of what is wrong."""
    return ended.out == "" and ended.err.startswith("error: ") and ended.err.count("\n") == 1


def is_unknown(ended: Ended, action: str) -> bool:
    """Nothing is compliant for want of an answer, and the question is named."""
    assert "COMPLIANT" not in ended.out.replace("NON_COMPLIANT", "COMPLIANT"), ended.said
    return ended.code == 4 and action.rpartition(":")[2] in ended.said


class TestNoAnswer:
    """It came with 200, and is no answer of AWS."""

    @pytest.mark.parametrize("fault", NO_ANSWERS)
    @pytest.mark.parametrize("action", OF_KEYS)
    def test_about_keys(self, aws: Aws, action: str, fault: Fault) -> None:
        """Neither no keys nor a key without a policy: unknown."""
        aws.key()
        aws.proxy.spoil(action, fault)
        ended = aws.run("check", *SETTINGS)
        assert is_unknown(ended, action), ended.said
        assert "no KMS key was found" not in ended.said
        assert "Sign in" not in ended.said

    @pytest.mark.parametrize("fault", NO_ANSWERS)
    def test_about_who_asks(self, aws: Aws, fault: Fault) -> None:
        """Without that nothing can be done."""
        aws.key()
        aws.proxy.spoil(CALLER, fault)
        ended = aws.run("check", *SETTINGS)
        assert (ended.code, is_one_sentence(ended)) == (1, True), ended.said
        assert "GetCallerIdentity" in ended.err
        assert "Sign in" not in ended.err

    @pytest.mark.parametrize(
        ("action", "fault"),
        [*((action, Fault.PAGE) for action in OF_DISCOVERY), (OF_DISCOVERY[0], Fault.EMPTY)],
    )
    def test_about_the_landing_zone(self, aws: Aws, action: str, fault: Fault) -> None:
        """It is not said that there is none, or that it has no accounts."""
        aws.landing_zone(aws.key())
        aws.proxy.spoil(action, fault)
        ended = aws.run("check", "--discover")
        assert (ended.code, is_one_sentence(ended)) == (1, True), ended.said
        assert action.rpartition(":")[2] in ended.err

    @pytest.mark.parametrize(("action", "command"), [(OF_ONE_KEY[0], "explain"), (OF_ONE_KEY[1], "fix")])
    def test_about_the_one_key(self, aws: Aws, action: str, command: str) -> None:
        """Nothing is proved, and nothing proposed."""
        arn = aws.key()
        aws.proxy.spoil(action, Fault.PAGE)
        ended = aws.run(command, arn, *SETTINGS)
        assert is_unknown(ended, action), ended.said

    def test_about_one_key_of_three(self, aws: Aws) -> None:
        """The others are judged."""
        keys = {aws.key() for _ in range(3)}
        aws.proxy.spoil("kms:GetKeyPolicy", Fault.PAGE, 1)
        ended = aws.run("check", *SETTINGS, "--format", "json")
        assert (ended.code, set(ended.results)) == (4, keys)
        assert sorted(ended.results.values()) == ["COMPLIANT", "COMPLIANT", "UNKNOWN"]


class TestCredentials:
    """They have expired, or there are none: nothing is judged, and it is said once."""

    @pytest.mark.parametrize("action", [CALLER, *OF_KEYS])
    def test_expire(self, aws: Aws, action: str) -> None:
        """At the first question or any later one."""
        aws.key()
        aws.proxy.spoil(action, Fault.EXPIRED)
        ended = aws.run("check", *SETTINGS)
        assert (ended.code, is_one_sentence(ended)) == (2, True), ended.said
        assert "expired" in ended.err

    @pytest.mark.parametrize("action", OF_DISCOVERY)
    def test_expire_with_discover(self, aws: Aws, action: str) -> None:
        """The same, while the landing zone is looked up."""
        aws.landing_zone(aws.key())
        aws.proxy.spoil(action, Fault.EXPIRED)
        ended = aws.run("check", "--discover")
        assert (ended.code, is_one_sentence(ended)) == (2, True), ended.said
        assert "expired" in ended.err

    @pytest.mark.parametrize(("action", "command"), [(OF_ONE_KEY[0], "fix"), (OF_ONE_KEY[1], "explain")])
    def test_expire_with_one_key(self, aws: Aws, action: str, command: str) -> None:
        """The same, for a key that is named."""
        arn = aws.key()
        aws.proxy.spoil(action, Fault.EXPIRED)
        ended = aws.run(command, arn, *SETTINGS)
        assert (ended.code, is_one_sentence(ended)) == (2, True), ended.said

    def test_expire_midway(self, aws: Aws) -> None:
        """Between one key and the next."""
        for _ in range(3):
            aws.key()
        aws.proxy.spoil("kms:GetKeyPolicy", Fault.EXPIRED, after=1)
        ended = aws.run("check", *SETTINGS)
        assert ended.code == 2
        assert ended.err.count("expired") == 1

    @pytest.mark.parametrize("action", [CALLER, "config:DescribeConfigurationAggregators"])
    def test_expire_while_a_report_is_made(self, aws: Aws, action: str) -> None:
        """No file is written."""
        aws.landing_zone(aws.key())
        aws.proxy.spoil(action, Fault.EXPIRED)
        ended = aws.run("report", "--output", "report.html")
        assert (ended.code, list(aws.folder.iterdir())) == (2, []), ended.said
        assert ended.err.count("expired") == 1

    def test_expire_before_the_doctor(self, aws: Aws) -> None:
        """Nothing is said of the rule."""
        aws.proxy.spoil(CALLER, Fault.EXPIRED)
        ended = aws.run("doctor", "example")
        assert (ended.code, is_one_sentence(ended)) == (2, True), ended.said

    @pytest.mark.parametrize(
        "words",
        [
            ("check", *SETTINGS),
            ("check", "--discover"),
            ("explain", "alias/logs", *SETTINGS),
            ("fix", "alias/logs", *SETTINGS, "--apply", "--yes"),
            ("report",),
            ("doctor", "example"),
        ],
        ids=["check", "check --discover", "explain", "fix", "report", "doctor"],
    )
    def test_are_not_there(self, aws: Aws, words: tuple[str, ...]) -> None:
        """AWS is not asked anything."""
        ended = aws.run(*words, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        assert (ended.code, is_one_sentence(ended)) == (2, True), ended.said
        assert "credentials" in ended.err
        assert aws.proxy.actions == []


class TestUnreachable:
    """Every connection is closed, or none is taken."""

    def test_who_asks(self, aws: Aws) -> None:
        """Without that nothing can be done."""
        aws.proxy.spoil(CALLER, Fault.RESET)
        ended = aws.run("check", *SETTINGS, hurried=True)
        assert (ended.code, is_one_sentence(ended)) == (1, True), ended.said
        assert "cannot be reached" in ended.err

    @pytest.mark.parametrize("action", OF_KEYS)
    def test_about_keys(self, aws: Aws, action: str) -> None:
        """They stay unknown."""
        aws.key()
        aws.proxy.spoil(action, Fault.RESET)
        ended = aws.run("check", *SETTINGS, hurried=True)
        assert ended.code == 4
        assert "cannot be reached" in ended.said
        assert "COMPLIANT" not in ended.out

    def test_nobody_listens(self, aws: Aws) -> None:
        """At the address that is set."""
        nowhere = f"http://127.0.0.1:{free_port()}"
        ended = aws.run("check", *SETTINGS, hurried=True, AWS_ENDPOINT_URL=nowhere)
        assert (ended.code, is_one_sentence(ended)) == (1, True), ended.said
        assert "cannot be reached" in ended.err


class TestPassing:
    """What passes within our attempts leaves no trace."""

    @pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.FAILED, Fault.UNAVAILABLE, Fault.RESET])
    def test_twice_at_every_question(self, aws: Aws, fault: Fault) -> None:
        """The third answer is taken as if it were the first."""
        arn = aws.key()
        aws.landing_zone(arn)
        undisturbed = aws.run("check", "--discover", "--landing-zone")
        asked = set(aws.proxy.actions)
        assert asked == {CALLER, *OF_ONE_KEY, *OF_DISCOVERY, ALIASES}
        aws.proxy.asked.clear()
        for action in asked:
            aws.proxy.spoil(action, fault, 2)
        assert aws.run("check", "--discover", "--landing-zone", hurried=True) == undisturbed
        assert undisturbed.code == 0
        assert all(aws.proxy.actions.count(action) >= 3 for action in asked)

    def test_as_slowly_as_it_is(self, aws: Aws) -> None:
        """With the waits between the attempts as they are."""
        aws.key()
        aws.proxy.spoil("kms:ListKeys", Fault.THROTTLED, 2)
        ended = aws.run("check", *SETTINGS)
        assert (ended.code, ended.err) == (0, "")


class TestStaying:
    """What does not pass is said of what could not be asked, and no more is asked than we say."""

    @pytest.mark.parametrize(
        ("action", "fault"),
        [(OF_KEYS[0], Fault.THROTTLED), (OF_KEYS[1], Fault.UNAVAILABLE), (OF_KEYS[2], Fault.FAILED)],
    )
    def test_about_keys(self, aws: Aws, action: str, fault: Fault) -> None:
        """They stay unknown."""
        aws.key()
        aws.proxy.spoil(action, fault)
        ended = aws.run("check", *SETTINGS, hurried=True)
        assert is_unknown(ended, action), ended.said
        assert aws.proxy.actions.count(action) == 5
        assert "Sign in" not in ended.said

    @pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.UNAVAILABLE])
    def test_about_who_asks(self, aws: Aws, fault: Fault) -> None:
        """Without that nothing can be done."""
        aws.proxy.spoil(CALLER, fault)
        ended = aws.run("check", *SETTINGS, hurried=True)
        assert (ended.code, is_one_sentence(ended)) == (1, True), ended.said
        assert "GetCallerIdentity" in ended.err


class TestRefused:
    """Whoever asks may not."""

    @pytest.mark.parametrize("action", OF_KEYS)
    def test_about_keys(self, aws: Aws, action: str) -> None:
        """Unknown, with the permission that is missing."""
        aws.key()
        aws.proxy.spoil(action, Fault.DENIED)
        ended = aws.run("check", *SETTINGS)
        assert is_unknown(ended, action), ended.said
        assert "refused" in ended.said
        assert aws.proxy.actions.count(action) == 1

    def test_about_who_asks(self, aws: Aws) -> None:
        """Without that nothing can be done."""
        aws.proxy.spoil(CALLER, Fault.DENIED)
        ended = aws.run("check", *SETTINGS)
        assert (ended.code, is_one_sentence(ended)) == (1, True), ended.said


class TestSilent:
    """Nothing ever comes."""

    def test_about_policies(self, aws: Aws) -> None:
        """Each is waited for twice, and no longer; the keys stay unknown."""
        for _ in range(2):
            aws.key()
        aws.proxy.spoil("kms:GetKeyPolicy", Fault.SILENT)
        started = time.monotonic()
        ended = aws.run("check", *SETTINGS)
        assert is_unknown(ended, "kms:GetKeyPolicy"), ended.said
        assert "does not answer" in ended.said
        assert aws.proxy.actions.count("kms:GetKeyPolicy") == 4
        assert time.monotonic() - started < 40
