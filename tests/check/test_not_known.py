"""What is not known before deployment is nobody's statement, and no reservation where it cannot matter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.check.formats import Form

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
INCLUDED = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/admins.json"}}}
SERVICES = {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}
GRANTS = {"Effect": "Allow", "Principal": SERVICES, "Action": "kms:*", "Resource": "*"}
DENY = {**GRANTS, "Sid": "Perimeter", "Effect": "Deny"}
ADMIN = {
    **GRANTS,
    "Sid": {"Fn::Sub": "${AWS::StackName}-x"},
    "Principal": {"AWS": {"Fn::GetAtt": "Role.Arn"}},
}
SENTENCE = "may be refused: Statement[0] is not known before deployment, and may deny it"


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a template whose key has these statements."""
    monkeypatch.chdir(tmp_path)

    def write(*statements: Any, **policy: Any) -> str:
        document = {"Version": "2012-10-17", **policy, "Statement": statements}
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}}
        role = {"Type": "AWS::IAM::Role"}
        (tmp_path / "template.json").write_text(
            json.dumps({"Resources": {"Key": key, "Role": role}}, indent=1)
        )
        return "template.json"

    return write


class TestUnknownStatement:
    """A statement that AWS::Include brings."""

    @pytest.mark.parametrize("form", [form for form in Form if form.value != "csv"])
    def test_check_names_it_by_its_place(self, run: Run, template: Any, form: Form) -> None:
        """In every format, and as what may deny."""
        ended = run("check", template(INCLUDED, GRANTS), *SETTINGS, "--format", form.value)
        assert ended.code == 4
        assert "is not known before deployment" in " ".join(ended.out.split())
        assert "NotKnownYet" not in ended.out
        assert "denies it" not in ended.out

    def test_check_tells_where_it_is(self, run: Run, template: Any) -> None:
        """Its line, its index, and that it is possible."""
        ended = run("check", template(INCLUDED, GRANTS), *SETTINGS, "--format", "json")
        (key,) = json.loads(ended.out)["results"]
        assert key["compliance"] == "UNKNOWN"
        for finding in key["findings"]:
            assert finding["message"].endswith(SENTENCE)
            assert (finding["statement"], finding["certainty"]) == (0, "possible")
            assert finding["line"] > key["place"]["line"]
        assert not {"NO_ACCOUNT_ROOT"} & {each["code"] for each in key["advisories"]}

    def test_explain_does_not_call_it_a_deny(self, run: Run, template: Any) -> None:
        """Among the statements it is one that cannot be decided."""
        out = run("explain", template(INCLUDED, GRANTS), *SETTINGS).out
        assert SENTENCE in " ".join(out.split())
        assert "Allow or Deny Statement[0] cannot be decided" in out
        assert "Deny Statement[0] applies" not in out

    @pytest.mark.parametrize("form", ["diff", "json", "cli", "cloudformation", "terraform"])
    def test_fix_does_not_advise_to_edit_it(self, run: Run, template: Any, form: str) -> None:
        """There is nothing to edit."""
        ended = run("fix", template(INCLUDED, GRANTS), *SETTINGS, "--format", form)
        assert "Statement[0] is not known before deployment, and may deny it" in ended.out + ended.err
        assert "StringNotEqualsIfExists" not in ended.out + ended.err

    def test_a_deny_of_the_user_s_is_one(self, run: Run, template: Any) -> None:
        """The twin: it is named, and what to add to it, also beside one that is not known."""
        for statements in ((DENY, GRANTS), (INCLUDED, DENY, GRANTS)):
            source = template(*statements)
            checked = run("check", source, *SETTINGS)
            assert checked.code == 3
            assert '"Perimeter" denies it' in " ".join(checked.out.split())
            assert "StringNotEqualsIfExists" in run("fix", source, *SETTINGS).out
            assert 'Deny "Perimeter" applies' in run("explain", source, *SETTINGS).out


class TestKnownInPart:
    """A statement of the user's of which something is not known."""

    @pytest.mark.parametrize(
        ("changes", "effect", "said"),
        [
            ({"Action": {"Fn::ImportValue": "x"}}, "Allow", "cannot be decided"),
            ({"Principal": {"Service": {"Fn::ImportValue": "x"}}}, "Allow", "cannot be decided"),
            ({"Action": {"Fn::ImportValue": "x"}}, "Deny", "cannot be decided"),
            ({"Principal": {"Service": {"Fn::Sub": "logs.${Unknown}"}}}, "Deny", "does not apply"),
        ],
    )
    def test_explain_does_not_say_what_stands_for_it(
        self, run: Run, template: Any, changes: Any, effect: str, said: str
    ) -> None:
        """What it says of others is what is known; the reason is not one of ours."""
        statement = {**GRANTS, "Sid": "Open", "Effect": effect, **changes}
        another = {**GRANTS, "Action": {"Fn::ImportValue": "y"}, "Sid": "Another"}
        out = run("explain", template(statement, another), *SETTINGS).out
        assert f'{effect} "Open" {said}' in out
        assert out.count("it is not known in full before deployment") == (4 if "cannot" in said else 2)

    def test_what_is_certain_is_said(self, run: Run, template: Any) -> None:
        """The twin: a Deny that applies whatever the rest of its actions is, and an Allow that misses."""
        deny = {**DENY, "Action": ["kms:Decrypt", {"Fn::ImportValue": "x"}]}
        allow = {
            **GRANTS,
            "Sid": "Other",
            "Principal": {"Service": ["logs.amazonaws.com", {"Fn::Sub": "s3.${X}"}]},
        }
        ended = run("explain", template(deny, allow, GRANTS), *SETTINGS)
        assert ended.code == 3
        assert 'Deny "Perimeter" applies' in ended.out
        assert 'Allow "Other" does not apply' in ended.out


class TestWhatCannotMatter:
    """A role in another statement, a Sid, an Id: whatever they are, every request is allowed."""

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    def test_is_no_reservation(self, run: Run, template: Any, command: str) -> None:
        """Neither is what stands for it worth knowing."""
        ended = run(command, template(ADMIN, GRANTS, Id={"Ref": "AWS::StackName"}), *SETTINGS)
        assert ended.code == 0
        for words in ("not resolved", "INEFFECTIVE_STATEMENT", "NO_ACCOUNT_ROOT"):
            assert words not in ended.out
        assert command == "fix" or "OPEN_TO_OTHER_TRAILS" in ended.out

    def test_what_matters_is_told_with_all_the_rest(self, run: Run, template: Any) -> None:
        """The twin: one service's statement is not known."""
        open_one = {**GRANTS, "Action": {"Fn::ImportValue": "Actions"}}
        ended = run("check", template(ADMIN, open_one), *SETTINGS)
        assert ended.code == 4
        assert ended.out.count("not resolved") == 3

    def test_what_is_really_wrong_is_still_worth_knowing(self, run: Run, template: Any) -> None:
        """A statement without Resource, and a policy without the root, which no role stands for."""
        bare = {name: value for name, value in GRANTS.items() if name != "Resource"}
        ended = run("check", template(ADMIN, GRANTS, bare), *SETTINGS)
        assert ended.out.count("INEFFECTIVE_STATEMENT") == 1
        assert "NO_ACCOUNT_ROOT" in run("check", template(GRANTS), *SETTINGS).out
