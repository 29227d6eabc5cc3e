"""A proposal as text: diff, AWS CLI command, CloudFormation, Terraform; each with its remarks as comments."""

from __future__ import annotations

import json
import re
import shlex
import sys
from difflib import unified_diff
from typing import TYPE_CHECKING, Annotated, Any, Final, TypedDict

from landing_zone_key.amendment import MAXIMUM_POLICY_BYTES
from lzkey.check.formats.json import Ending, Key, Unreadable, key
from lzkey.files import Format
from lzkey.state import State
from lzkey.terminal import guarded, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from landing_zone_key import Requirement
    from lzkey.check.proposal import Proposal

#: Of HCL.
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INTERPOLATION: Final = re.compile(r"([$%]+)\{")
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_YAML_TEXT: Final = "tag:yaml.org,2002:str"
_RESERVED: Final = frozenset({"null", "true", "false", "for", "if", "in"})


def pretty(policy: Mapping[str, Any] | None) -> str:
    """A policy as JSON that people read, in the order in which it was written; ASCII, without controls."""
    return json.dumps(policy, indent=2).replace("\x7f", "\\u007f")


def compact(policy: Mapping[str, Any]) -> str:
    """A policy on one line."""
    return json.dumps(policy, separators=(",", ":")).replace("\x7f", "\\u007f")


def to_put(policy: Mapping[str, Any]) -> str:
    """A policy as it is put: indented where that fits into what KMS takes, else on one line."""
    text = pretty(policy)
    return text if len(text) <= MAXIMUM_POLICY_BYTES else compact(policy)


def diff(proposal: Proposal) -> Iterator[str]:
    """The policy as it is against the policy as it should be, both written alike."""
    if not proposal.added:
        return
    name = _one_line(proposal.found.name)
    if not proposal.whole:
        before, after = "", "\n".join(map(_shown, proposal.added))
    else:
        before, after = _shown(proposal.before), _shown(proposal.after)
    names = f"a/{name}", f"b/{name}"  # as git has them: `git apply` takes it for a file that is written so
    yield from unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")


def cli(proposal: Proposal, profile: str | None = None) -> Iterator[str]:
    """The command that puts the policy, quoted for a POSIX shell."""
    if not proposal.added or proposal.after is None:
        return
    if not proposal.found.arn_known or not proposal.whole:
        yield "# no command: the key's ARN, or a part of its policy, is not known; to be added to the policy:"
        yield from (f"# {line}" for statement in proposal.added for line in _shown(statement).splitlines())
        return
    yield put_command(str(proposal.found.key.arn), guarded(compact(proposal.after), "json"), profile)


def put_command(arn: str, policy: str, profile: str | None = None) -> str:
    """The AWS CLI's command for one key; `policy` is JSON, or a file:// reference."""
    return kms_command("put-key-policy", arn, *of_policy(arn), "--policy", policy, profile=profile)


def of_policy(arn: str) -> tuple[str, ...]:
    """The options that name a key's policy."""
    return "--key-id", arn, "--policy-name", "default"


def kms_command(verb: str, arn: str, *options: str, profile: str | None) -> str:
    """A command of the AWS CLI in the key's Region, as a shell takes it."""
    words = ("aws", "kms", verb, "--region", arn.split(":")[3], *options)
    return shlex.join([*words, *(["--profile", profile] if profile else [])])


def cloudformation(proposal: Proposal) -> Iterator[str]:
    """The property of AWS::KMS::Key, as YAML."""
    if not proposal.added:
        return
    if not proposal.whole:
        yield "# to be added to KeyPolicy.Statement:"
    yield from _yaml({"KeyPolicy": proposal.after} if proposal.whole else list(proposal.added)).splitlines()


def terraform(proposal: Proposal) -> Iterator[str]:
    """The argument of aws_kms_key or aws_kms_key_policy, as HCL."""
    if not proposal.added:
        return
    if proposal.whole:
        yield from guarded(f"policy = jsonencode({hcl(proposal.after)})", "json").splitlines()
        return
    yield "# to be added to the policy's Statement:"
    yield from guarded(f"[{', '.join(map(hcl, proposal.added))}]", "json").splitlines()


class Form(Format):
    """The formats; `LINES` are those of all but JSON, which is `as_document`."""

    DIFF = "diff", "", ".diff", ".patch"
    JSON = "json", "", ".json"
    CLI = "cli", "", ".sh"
    CLOUDFORMATION = "cloudformation", "", ".yaml", ".yml"
    TERRAFORM = "terraform", "", ".tf"


LINES: Final[Mapping[Format, Callable[[Proposal], Iterator[str]]]] = {
    Form.DIFF: diff,
    Form.CLI: cli,
    Form.CLOUDFORMATION: cloudformation,
    Form.TERRAFORM: terraform,
}


def remarks(proposal: Proposal) -> Iterator[str]:
    """What has to be said beside the policy, a line each."""
    name, state = proposal.found.name, proposal.verdict.state
    ends = {
        State.COMPLIANT: "proved, every request of CloudTrail and AWS Config is allowed",
        State.NOT_APPLICABLE: f"not judged: {proposal.verdict.annotation}",
        State.NON_COMPLIANT: "and is still non-compliant",
        State.UNKNOWN: "and something is not determined",
    }
    does = "; ".join(proposal.changes) or "nothing to add"
    yield _one_line(f"{name}: {does}; {ends[state]}")
    if proposal.perhaps:
        what = " and ".join(map(json.dumps, proposal.perhaps)) if proposal.needed else "what is added"
        yield f"{what} may not be needed: it is not certain that a request is refused without it"
    for unresolved in proposal.unresolved:
        yield _one_line(f"cannot be repaired here: {unresolved.requirement}: {unresolved.message}")
        if unresolved.exemption:
            yield _one_line(f"for the Condition of that Deny: {json.dumps(unresolved.exemption)}")
    kind = proposal.found.place.kind
    if proposal.added and proposal.whole and kind is not None and kind.is_template:
        yield "the template's values are filled in here: what goes into it are the added statements alone"
    yield from (_one_line(f"not resolved: {text}") for text in proposal.verdict.unresolved)
    yield from (_one_line(f"assumed: {text}") for text in proposal.found.assumptions)


class CannotRepair(TypedDict):
    """A requirement that adding statements cannot mend."""

    requirement: Annotated[str, Requirement]
    message: str
    statement: str | int | None
    """The Sid of the statement that is in the way; its index where it has none."""
    exemption: Mapping[str, Any] | None
    """What the Condition of that Deny needs."""


class RepairedKey(Key):
    """What one key comes to with the policy as it should be, and what to do."""

    changes: list[str]
    added_statements: list[Mapping[str, Any]]
    needed: bool
    """Whether some request is certain to be refused without them; false: it may be."""
    policy: Mapping[str, Any] | None
    """As it should be; null where parts of it could not be resolved, or there is none."""
    cannot_repair: list[CannotRepair]


class Repaired(TypedDict):
    """Every key's policy as it should be, proved again."""

    results: list[RepairedKey | Unreadable]
    exit_code: Ending


def as_document(proposal: Proposal) -> RepairedKey:
    """One key's members of the JSON form: those of check, for the policy as it should be, and what to do."""
    return {
        **key(proposal.verdict),
        "changes": list(proposal.changes),
        "added_statements": list(proposal.added),
        "needed": proposal.needed,
        "policy": proposal.after if proposal.whole else None,
        "cannot_repair": [
            {
                "requirement": each.requirement.value,
                "message": each.message,
                "statement": each.statement,
                "exemption": each.exemption,
            }
            for each in proposal.unresolved
        ],
    }


def _shown(policy: Mapping[str, Any] | None) -> str:
    """As it is shown: whoever copies it has the same policy, in a CI system's log too."""
    return guarded(pretty(policy), "json")


def _yaml(value: object) -> str:
    """As people write it; with every text in double quotes, which have JSON's escapes, if some are needed."""
    import yaml  # noqa: PLC0415 - nobody else needs it here

    text = yaml.safe_dump(value, sort_keys=False, width=1_000)
    if guarded(text) == text:
        return text

    class Quoted(yaml.SafeDumper):
        """No line of it begins with another's text."""

    Quoted.add_representer(str, lambda dumper, said: dumper.represent_scalar(_YAML_TEXT, said, style='"'))
    return guarded(yaml.dump(value, Dumper=Quoted, sort_keys=False, width=sys.maxsize), "json")


def _one_line(text: str) -> str:
    """A comment must not end before its line does."""
    return printable(" ".join(text.split()))


def hcl(value: object, indent: str = "") -> str:
    """A JSON value as an HCL expression, over several lines where it has parts.

    Text stands for itself, never for a template.
    https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
    https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    inner = f"{indent}  "
    if isinstance(value, dict):
        lines = [f"{inner}{_name(name)} = {hcl(member, inner)}\n" for name, member in value.items()]
        return "{\n" + "".join(lines) + f"{indent}}}" if lines else "{}"
    if isinstance(value, list | tuple):
        lines = [f"{inner}{hcl(member, inner)},\n" for member in value]
        return "[\n" + "".join(lines) + f"{indent}]" if lines else "[]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _name(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) and name not in _RESERVED else _text(name)


def _text(text: str) -> str:
    """A quoted template without interpolation: `${` and `%{` begin one, with the first character doubled not.

    More of these characters before it are written as escapes, so that none of them is taken for the doubling.
    """
    return f'"{_INTERPOLATION.sub(_literally, "".join(map(_character, text)))}"'


def _literally(found: re.Match[str]) -> str:
    run = found.group(1)
    return f"{''.join(map(_escape, run[:-1]))}{run[-1]}{run[-1]}{{"


def _character(character: str) -> str:
    return _ESCAPES.get(character) or (character if character.isprintable() else _escape(character))


def _escape(character: str) -> str:
    code = f"{ord(character):04x}"
    return f"\\u{code}" if len(code) == len("FFFF") else f"\\U{code:>08}"
