"""The runbook: for each requirement, and each reason why it may not hold, what it means and what to do.

`docs/runbook.md` is `page()`. Its anchors stand in every output, so that whoever meets one finds the place.
Their public address, once there is one, begins with the field `Documentation` of pyproject.toml's urls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from landing_zone_key import FindingReason, Requirement
from landing_zone_key.access import SERVICES
from landing_zone_key.finding import anchor
from landing_zone_key.requests import CLOUDTRAIL, CLOUDTRAIL_ACTIONS, CONFIG, CONFIG_ACTIONS
from landing_zone_key.settings import PermissionStandard
from lzkey import RULE_NAME
from lzkey.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COLUMNS: Final = 116
_KEY: Final = "alias/landing-zone"
_ID: Final = "1234abcd-12ab-34cd-56ef-1234567890ab"
_ARN: Final = f"arn:aws:kms:us-east-1:111122223333:key/{_ID}"
_EXPLAIN: Final = f"lzkey explain {_KEY} --discover"
_FIX: Final = f"lzkey fix {_KEY} --discover"
_APPLY: Final = f"lzkey fix {_KEY} --discover --apply"
_DESCRIBE: Final = f"aws kms describe-key --key-id {_ID}"
_POLICY: Final = f"aws kms get-key-policy --key-id {_ID} --policy-name default --query Policy --output text"
_SAVE: Final = f"{_POLICY} > key-policy.json"
_CHECK: Final = f"lzkey check key-policy.json --discover --key-arn {_ARN}"
_PUT: Final = f"aws kms put-key-policy --key-id {_ID} --policy-name default --policy file://key-policy.json"
_DOCTOR: Final = "lzkey doctor prod"
_EVALUATE: Final = f"aws configservice start-config-rules-evaluation --config-rule-names {RULE_NAME}"
_LANDING_ZONES: Final = "aws controltower list-landing-zones"


@dataclass(frozen=True, slots=True)
class Guidance:
    """One reason why a requirement does not hold."""

    title: str
    means: str
    """What is wrong, what fails by it, and what usually is the cause; paragraphs in Markdown."""
    do: str
    """What to do, in Markdown; the commands follow it."""
    commands: tuple[str, ...] = ()
    """To look, and to mend, in this order."""


_ANOTHER_KEY: Final = (
    "Create another key (`deploy/landing-zone-key.yaml` is one that passes), check "
    "it, and enter it in the landing zone's settings. Keep the old key enabled: the logs written so far "
    "can be read with it alone."
)
_NOT_THE_KEY: Final = (
    "If the landing zone uses another key, nothing is wrong with this one: set the rule parameter "
    "`KeyScope` to `landing-zone`, and the rule leaves it alone."
)
_READ: Final = (
    "Nobody knows whether the key is fit. The rule says so instead of COMPLIANT: the function's role lacks "
    "`kms:DescribeKey` or `kms:GetKeyPolicy`, the key's policy refuses the role, or AWS did not answer; "
    "the finding quotes which."
)
_READ_AGAIN: Final = (
    "Look at the function's role and at the key policy's statement for the account root, which lets IAM "
    "decide who may read the key; `lzkey doctor` checks the role. Then evaluate again."
)
_OF_A_FILE: Final = (
    "In a file it means that the value is known only when it is deployed: give it with "
    "`--parameter NAME=VALUE`."
)


def _service(requirement: Requirement) -> Mapping[FindingReason, Guidance]:
    """The reasons of a service's requirement; the same for both services, but for what only one can have."""
    name = SERVICES[requirement]
    config = requirement is Requirement.CONFIG_ACCESS
    principal = CONFIG if config else CLOUDTRAIL
    actions = CONFIG_ACTIONS if config else CLOUDTRAIL_ACTIONS[PermissionStandard.FUNCTIONAL]
    what = (
        "configuration history and snapshots of every account and Region that the landing zone governs"
        if config
        else "the log files of the organization's trail, for every account"
    )
    fails = f"{name} cannot deliver {what}."
    reasons = {
        FindingReason.EXPLICIT_DENY: Guidance(
            f"A Deny refuses {name}",
            f"{fails} A Deny wins over every Allow, Control Tower's documented statements among them, so "
            "that adding one does not help. The usual cause is a perimeter that refuses whoever is not of "
            "the organization (`aws:PrincipalOrgID`, `aws:PrincipalAccount`, `aws:SourceVpc`) and forgets "
            "that a service principal belongs to none.",
            "`explain` shows the request and each condition of the Deny that holds for it. `fix` spells "
            "out the exemption that the Deny needs, and never changes a Deny itself: that is a decision of "
            "whoever wrote it. Put the exemption in, check the policy as a file, and put it.",
            (_EXPLAIN, _FIX, _SAVE, _CHECK, _PUT),
        ),
        FindingReason.UNDECIDABLE_DENY: Guidance(
            f"A Deny may refuse {name}",
            f"Where the Deny applies, {fails} Whether it does depends on what AWS does not document to be "
            "in the service's request, or on what nobody can decide before; the finding names the "
            "condition key.",
            "Do not rely on it. Exempt the service in the Deny, or limit the Deny by a key that is "
            "documented; `fix` spells out the exemption.",
            (_EXPLAIN, _FIX, _SAVE, _CHECK, _PUT),
        ),
        FindingReason.NO_ALLOW: Guidance(
            f"No statement allows {name}",
            f"{fails} It needs {' and '.join(f'`{each}`' for each in actions)} for the principal "
            f"`{principal}`. The finding names the statement that comes nearest and the condition or "
            "element on which it misses; often a condition that a service's request does not meet, an "
            "account or Region left out, `StringEquals` with a wildcard, or a placeholder that nobody "
            "filled in.",
            "`explain` shows the request and how far each statement comes. `fix` prints the smallest "
            "addition with which every request is allowed, proved before it is shown; `--apply` puts it, "
            "after it has asked and has saved the policy of today.",
            (_EXPLAIN, _FIX, _APPLY),
        ),
        FindingReason.MALFORMED_POLICY: Guidance(
            "The key policy cannot be read",
            f"The text is no key policy that can be decided, so nothing is proved for {name}: a duplicate "
            "member, a misspelt element or operator, a value of another type. KMS refuses most of these; "
            "what it has taken is doubt, and in a file it is an error.",
            "The finding says what and where. Mend the text, and check it as a file before it is put. What "
            "KMS has now:",
            (_SAVE, _CHECK, _PUT),
        ),
        FindingReason.UNKNOWN: Guidance(
            "The key policy is not known",
            f"{_READ} {_OF_A_FILE}",
            _READ_AGAIN,
            (_POLICY, _DOCTOR, _EVALUATE),
        ),
        FindingReason.TOO_COMPLEX: Guidance(
            "The key policy is too complex to prove",
            f"So many conditions meet that the cases for {name} exceed the bound of the proof. It may be "
            "right and nobody can tell, so that it is not COMPLIANT.",
            "Simplify the conditions: one statement a service, as Control Tower's page has them; `fix` "
            "prints them.",
            (_FIX,),
        ),
        FindingReason.FOREIGN_REQUEST_ALLOWED: Guidance(
            f"{name} may use the key for foreign accounts",
            "The rule parameter `RequireConfusedDeputyProtection` asks that requests for accounts outside "
            "of the landing zone be refused, and a statement allows one. Deliveries of the landing zone "
            "are not affected: somebody else could have the service use your key.",
            (
                "Limit the statement to the organization (`aws:SourceOrgID`), and give the rule parameter "
                "`OrganizationId`."
                if config
                else "Limit the statement to the landing zone's trail (`aws:SourceArn`), as Control Tower's "
                "page does."
            )
            + " `explain` shows the foreign request and the statement that allows it.",
            (_EXPLAIN,),
        ),
    }
    if config:
        reasons[FindingReason.NEXT_ACCOUNT] = Guidance(
            "AWS Config is allowed for today's accounts, and not for the next one",
            "The policy lists accounts. Every one that the organization has today is in the list, so that "
            "everything is delivered; the next account that Control Tower enrols is not, and its "
            "configuration history is refused from its first day on.",
            "Replace the list by a condition on the organization (`aws:SourceOrgID`), or by Control "
            "Tower's documented statement; `fix` prints it. Until then every new account needs a change of "
            "the policy before it is enrolled.",
            (_EXPLAIN, _FIX),
        )
    return reasons


GUIDANCE: Final[Mapping[Requirement, Mapping[FindingReason, Guidance]]] = {
    Requirement.ENABLED: {
        FindingReason.NOT_ENABLED: Guidance(
            "The key is not enabled",
            "No service can use the key: CloudTrail and AWS Config deliver nothing, and what is encrypted "
            "with it cannot be read. The finding names the state. `PendingDeletion` is the urgent one: on "
            "its date the key is gone for good, and every log that was encrypted with it.",
            "Cancel the deletion first if there is one, then enable the key. `PendingImport` needs its key "
            "material again, `Unavailable` its custom key store. `explain --live` tells since when it has "
            "been so, the days that are left, and what depends on the key; CloudTrail's event history tells "
            "who disabled it.",
            (
                f"{_EXPLAIN} --live",
                f"aws kms cancel-key-deletion --key-id {_ID}",
                f"aws kms enable-key --key-id {_ID}",
            ),
        ),
        FindingReason.UNKNOWN: Guidance(
            "The key state is not known",
            f"{_READ} {_OF_A_FILE}",
            _READ_AGAIN,
            (_DESCRIBE, _DOCTOR, _EVALUATE),
        ),
    },
    Requirement.SYMMETRIC: {
        FindingReason.NOT_SYMMETRIC: Guidance(
            "The key is not for symmetric encryption",
            "CloudTrail and Amazon S3 ask for data keys, which an asymmetric or HMAC key does not give: "
            "every request fails.",
            f"It cannot be changed. {_ANOTHER_KEY} {_NOT_THE_KEY}",
            (_DESCRIBE,),
        ),
        FindingReason.UNKNOWN: Guidance(
            "The key spec or key usage is not known",
            f"{_READ} {_OF_A_FILE}",
            _READ_AGAIN,
            (_DESCRIBE, _DOCTOR, _EVALUATE),
        ),
    },
    Requirement.SINGLE_REGION: {
        FindingReason.MULTI_REGION: Guidance(
            "The key is a multi-Region key",
            "Control Tower does not support multi-Region keys for its logs, and may refuse the next update "
            "of the landing zone. (The key of its AWS Backup integration must be one; the rule knows it by "
            "the manifest, and does not judge it.)",
            f"It cannot be changed. {_ANOTHER_KEY} {_NOT_THE_KEY}",
            (_DESCRIBE,),
        ),
    },
    Requirement.MANAGEMENT_ACCOUNT: {
        FindingReason.OTHER_ACCOUNT: Guidance(
            "The key is in another account",
            "Control Tower takes a key of the management account only.",
            f"{_NOT_THE_KEY} Is the account in the finding the management account? Then the rule parameter "
            f"`ManagementAccountId` is wrong. Else: a key cannot be moved. {_ANOTHER_KEY}",
            (_LANDING_ZONES,),
        ),
    },
    Requirement.HOME_REGION: {
        FindingReason.OTHER_REGION: Guidance(
            "The key is in another Region",
            "The buckets of the logs are in the landing zone's home Region, and Amazon S3 encrypts with a "
            "key of the bucket's Region only.",
            f"{_NOT_THE_KEY} Is the Region in the finding the home Region? Then the rule parameter "
            f"`HomeRegion` is wrong. Else: a key cannot be moved. {_ANOTHER_KEY}",
            (_LANDING_ZONES,),
        ),
    },
    Requirement.CONFIG_ACCESS: _service(Requirement.CONFIG_ACCESS),
    Requirement.CLOUDTRAIL_ACCESS: _service(Requirement.CLOUDTRAIL_ACCESS),
}

#: Anchor of a reason -> the requirement that it is about.
ANCHORS: Final[Mapping[str, Requirement]] = {
    anchor(requirement, reason): requirement
    for requirement, reasons in GUIDANCE.items()
    for reason in reasons
}


def pointer(name: str) -> str:
    """Where to read on: `runbook: cloudtrail-access-denied`, or its address where there is one."""
    return f"runbook: {address(name) or name}"


@cache
def address(name: str) -> str | None:
    """The public address of an anchor; None where the project has none."""
    where = documentation()
    return f"{where.rstrip('/')}/runbook.md#{name}" if where else None


@cache
def documentation() -> str:
    """The field `Documentation` of pyproject.toml's urls; empty where there is none.

    https://packaging.python.org/en/latest/specifications/core-metadata/#project-url-multiple-use
    """
    try:
        urls = metadata("lzkey").get_all("Project-URL") or []
    except PackageNotFoundError:  # run from a folder that nobody has installed
        return ""
    pairs = (url.partition(",") for url in urls)
    return next((where.strip() for label, _, where in pairs if label == "Documentation"), "")


def page() -> str:
    """The runbook, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Runbook"
    yield ""
    yield from _wrapped(
        "For whoever reads an annotation of the rule at night. Each answer of the rule, of `lzkey check`, "
        "`explain` and of the report names a place here: `runbook: cloudtrail-access-denied`. The commands "
        f"need credentials of the management account. `{_KEY}` stands for the key by its alias, and "
        f"`{_ID}` by its id, which `aws kms describe-key` tells of an alias and "
        "the other commands of KMS ask for. In an organization the rule's name begins with `OrgConfigRule-`. "
        "Messages of another kind are in [troubleshooting](troubleshooting.md). What cannot be mended today "
        "is [waived](waivers.md) until a day."
    )
    yield ""
    yield "<!-- From lzkey/runbook.py; LZKEY_ACCEPT_GOLDEN=1 pytest tests/cli/test_runbook.py writes it. -->"
    for requirement, reasons in GUIDANCE.items():
        yield from _of_requirement(requirement, reasons)


def _of_requirement(requirement: Requirement, reasons: Mapping[FindingReason, Guidance]) -> Iterator[str]:
    advice = CATALOGUE[requirement].advice
    yield from ("", f"## {anchor(requirement)}", "")
    yield from _wrapped(f"`{requirement}`: {advice.holds} [AWS's page]({advice.page}).")
    for reason, guidance in reasons.items():
        yield from ("", f"### {anchor(requirement, reason)}", "", f"**{guidance.title}.** `{reason}`", "")
        yield from _wrapped(guidance.means)
        yield ""
        yield from _wrapped(guidance.do)
        if guidance.commands:
            yield from ("", "```console", *(f"$ {command}" for command in guidance.commands), "```")


def _wrapped(text: str) -> list[str]:
    return wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
