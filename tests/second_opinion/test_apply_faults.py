"""fix --apply when something fails midway: which policy is there is said, and no policy is ever lost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from .conftest import MISSING, SETTINGS
from .proxy import Fault

if TYPE_CHECKING:
    from .conftest import Aws, Ended

READ, PUT = "kms:GetKeyPolicy", "kms:PutKeyPolicy"
NEW, OLD = "new", "old"

# What may be said of the policy that is there, in any words.
_SAID = {
    NEW: r"(?<!whether )the policy was put|new (one|policy) is there",
    OLD: r"old (one|policy) is (still )?there",
}


def apply(aws: Aws, arn: str) -> Ended:
    """Fix the key without being asked."""
    return aws.run("fix", arn, *SETTINGS, "--apply", "--yes", hurried=True)


def there(aws: Aws, arn: str) -> str:
    """Which of the two policies the key has, once none is lost: another one would be neither."""
    now = aws.policy(arn)
    if now == MISSING:
        return OLD
    assert [each["Sid"] for each in json.loads(now)["Statement"]] == [
        "Administer",
        "Allow Config to use KMS for encryption",
        "Allow CloudTrail to use KMS for encryption",
    ]
    return NEW


def is_saved(aws: Aws, ended: Ended, arn: str) -> bool:
    """The old policy is in a file that is named, byte for byte, and so is the command that brings it back."""
    (saved,) = aws.folder.glob("*.json")
    (command,) = re.findall(r"to take the change back: (.*)", ended.err)
    assert saved.read_bytes() == MISSING.encode()
    return (
        str(saved) in ended.err and f"--key-id {arn} --policy-name default --policy file://{saved}" in command
    )


def is_said(ended: Ended, which: str) -> bool:
    """The one that is there is told, and not that it is the other one."""
    other = {NEW: OLD, OLD: NEW}[which]
    assert not re.search(_SAID[other], ended.err), ended.err
    return re.search(_SAID[which], ended.err) is not None


class TestPut:
    """What becomes of the one change."""

    @pytest.mark.parametrize(
        ("aws", "fault"),
        [("ministack", Fault.LOST), ("moto", Fault.LOST), ("ministack", Fault.FAILED_LATE)],
        indirect=["aws"],
    )
    def test_took_effect_without_an_answer(self, aws: Aws, fault: Fault) -> None:
        """It is read once more, and said that the new policy is there."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, fault)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (NEW, 0), ended.err
        assert is_saved(aws, ended, arn)
        assert is_said(ended, NEW), ended.err
        assert "judged again: COMPLIANT" in ended.err
        assert aws.proxy.actions[-1] == READ

    @pytest.mark.parametrize("fault", [Fault.RESET, Fault.FAILED, Fault.UNAVAILABLE, Fault.PAGE])
    def test_had_no_effect(self, aws: Aws, fault: Fault) -> None:
        """It is read once more, and said that the old policy is there."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, fault)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (OLD, 1)
        assert is_saved(aws, ended, arn)
        assert is_said(ended, OLD), ended.err
        assert aws.proxy.actions[-1] == READ

    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.FAILED_LATE, Fault.THROTTLED])
    def test_at_the_second_attempt(self, aws: Aws, fault: Fault) -> None:
        """As if there had been none before."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, fault, 1)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (NEW, 0), ended.err
        assert is_saved(aws, ended, arn)
        assert "judged again: COMPLIANT" in ended.err

    @pytest.mark.parametrize("fault", [Fault.DENIED, Fault.THROTTLED])
    def test_is_refused(self, aws: Aws, fault: Fault) -> None:
        """AWS says so itself: the old policy is there."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, fault)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (OLD, 1)
        assert is_saved(aws, ended, arn)
        assert is_said(ended, OLD), ended.err

    def test_when_the_credentials_have_expired(self, aws: Aws) -> None:
        """The end of every command then; the way back is told all the same."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, Fault.EXPIRED)
        aws.proxy.spoil(READ, Fault.EXPIRED, after=2)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (OLD, 2), ended.err
        assert is_saved(aws, ended, arn)
        assert "expired" in ended.err
        assert not re.search(_SAID[NEW], ended.err), ended.err

    def test_nobody_knows(self, aws: Aws) -> None:
        """No answer to the change, and none to the question after it."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, Fault.LOST)
        aws.proxy.spoil(READ, Fault.DENIED, after=2)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (NEW, 1)
        assert is_saved(aws, ended, arn)
        assert "GetKeyPolicy" in ended.err
        assert not re.search(_SAID[OLD], ended.err), ended.err

    def test_silence(self, aws: Aws) -> None:
        """It is waited for twice, and no longer; then the policy is read."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(PUT, Fault.SILENT)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (OLD, 1)
        assert is_saved(aws, ended, arn)
        assert is_said(ended, OLD), ended.err
        assert (aws.proxy.actions.count(PUT), aws.proxy.actions[-1]) == (2, READ)


class TestBefore:
    """Nothing is put where the policy that is there is not known for certain."""

    @pytest.mark.parametrize(
        ("fault", "code"), [(Fault.PAGE, 1), (Fault.RESET, 1), (Fault.DENIED, 1), (Fault.EXPIRED, 2)]
    )
    def test_the_last_look(self, aws: Aws, fault: Fault, code: int) -> None:
        """The policy was shown; whether it still is that one cannot be read."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(READ, fault, after=1)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (OLD, code), ended.err
        assert list(aws.folder.iterdir()) == []
        assert PUT not in aws.proxy.actions

    @pytest.mark.parametrize(("action", "fault"), [("kms:DescribeKey", Fault.PAGE), (READ, Fault.EMPTY)])
    def test_the_first_look(self, aws: Aws, action: str, fault: Fault) -> None:
        """There is nothing to propose."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(action, fault, 1)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (OLD, 4), ended.said
        assert (list(aws.folder.iterdir()), PUT in aws.proxy.actions) == ([], False)


class TestAfter:
    """The policy was put, and cannot be read back: the way back is told."""

    @pytest.mark.parametrize(
        ("fault", "code"), [(Fault.PAGE, 1), (Fault.RESET, 1), (Fault.DENIED, 1), (Fault.EXPIRED, 2)]
    )
    def test_reading_back(self, aws: Aws, fault: Fault, code: int) -> None:
        """It is not judged then."""
        arn = aws.key(MISSING)
        aws.proxy.spoil(READ, fault, after=2)
        ended = apply(aws, arn)
        assert (there(aws, arn), ended.code) == (NEW, code), ended.err
        assert is_saved(aws, ended, arn)
        assert "judged again" not in ended.err
