"""The AWS Config recorder: without it no change to a key is delivered.

Control Tower enables AWS Config in the accounts that it governs, but not in the management account.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.fact import takes
from lzkey.aws.keys import BATCH, recorded_items, recorded_keys
from lzkey.aws.recorder import CONTINUOUS, RecorderFault, described, own_recorder
from lzkey.aws.role import role
from lzkey.doctor.landing_zone import FIND, keys_here
from lzkey.doctor.subject import not_applicable, ok, problem, unknown, warning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.aws.recorder import Recorder
    from lzkey.doctor.subject import Check, Subject

_CREATE: Final = f"deploy deploy/recorder.yaml, or create one that records {RESOURCE_TYPE}"


@takes(facts=(own_recorder,))
def recorder(subject: Subject) -> Check:
    """Check that a recorder runs here and records KMS keys."""
    needless = _needless(subject)
    if needless:
        return not_applicable(needless)
    found = own_recorder(subject.asker)
    if found is None:
        return problem(f"there is none in {subject.region}: no change to a key is delivered", _CREATE)
    if found.fault is not None:
        return problem(*_fault(found, found.fault))
    records = f"{found.name} is on and records {RESOURCE_TYPE}"
    if found.frequency != CONTINUOUS:
        return warning(
            f"{records} daily: a change is judged up to 24 hours late",
            "let it record continuously if that is too late",
        )
    return ok(f"{records} continuously")


@takes(facts=(described, role))
def recorder_role(subject: Subject) -> Check:
    """Check that the role with which AWS Config reads the keys exists."""
    needless = _needless(subject)
    if needless:
        return not_applicable(needless)
    found = described(subject.asker)
    if found is None:
        return not_applicable("there is no recorder")
    arn = str(found.get("roleARN", ""))
    if role(subject.asker, arn) is None:
        return problem(
            f"{arn} does not exist: AWS Config can read nothing",
            "create it (aws iam create-service-linked-role --aws-service-name config.amazonaws.com), or give "
            "the recorder another role",
        )
    return ok(arn)


@takes(facts=(*FIND, recorded_keys, recorded_items))
def key_policies(subject: Subject) -> Check:
    """Check that AWS Config could read the policies of the keys that it has recorded.

    "The AWS Config role must have access to read the key policy by using GetKeyPolicy": where it has not, the
    configuration item comes without the policy, and the rule has to ask KMS itself. The landing zone's keys
    are looked at first; any other key without its policy is worth a warning only.
    https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
    """
    needless = _needless(subject)
    if needless:
        return not_applicable(needless)
    ours = keys_here(subject)
    items = _recorded(subject, ours)
    if not items:
        return unknown("no key has been recorded yet", "wait until one has been, and look again")
    lacking = [item["resourceId"] for item in items if not _policy(item)]
    if lacking:
        lacking.sort(key=lambda key: key not in ours)
        shown = ", ".join(lacking[:3]) + (", …" if lacking[3:] else "")
        return (problem if lacking[0] in ours else warning)(
            f"{len(lacking)} of {len(items)} recorded keys came without their policy: {shown}",
            "allow the recorder's role kms:GetKeyPolicy, in its own policies and in those keys' policies",
        )
    absent = sorted({*ours} - {item["resourceId"] for item in items})
    if absent:
        return unknown(
            f"the landing zone's {', '.join(absent)} has not been recorded",
            "see that the key exists and is recorded, and look again",
        )
    return ok(f"read with {len(items)} recorded key{'s' if len(items) > 1 else ''}")


def _needless(subject: Subject) -> str:
    """Why no recorder is needed here; empty when one is."""
    if subject.excluded:
        return "this account is excluded"
    if not subject.parameters.deployment.on_change:
        return "the rule runs on a schedule only and reads the keys itself"
    return ""


def _fault(recorder: Recorder, fault: RecorderFault) -> tuple[str, str]:
    """What is wrong with a recorder, and its fix."""
    name = recorder.name
    match fault:
        case RecorderFault.STOPPED:
            start = f"aws configservice start-configuration-recorder --configuration-recorder-name {name}"
            return f"{name} is stopped: no change to a key is delivered", f"start it: {start}"
        case RecorderFault.LEAVES_KEYS_OUT:
            return f"{name} does not record {RESOURCE_TYPE}", "add that type to its recording group"
        case RecorderFault.FAILING:
            return f"{name} is on, but failed to record ({recorder.failure})", "mend what its error names"


def _recorded(subject: Subject, first: list[str]) -> tuple[dict[str, Any], ...]:
    """The items of up to a hundred recorded keys, these first."""
    others = recorded_keys(subject.asker)
    return recorded_items(subject.asker, [*dict.fromkeys((*first, *others))][:BATCH]) if others else ()


def _policy(item: Mapping[str, Any]) -> bool:
    """Whether an item carries the key's policy: a JSON text, which may itself be JSON text."""
    text = item.get("supplementaryConfiguration", {}).get("Policy") or "null"
    try:
        return bool(json.loads(text))
    except ValueError:
        return False
