"""What belongs to which key of a Terraform plan or state: policies, policy documents and aliases.

A state tells it by ids. In a plan, where they are not known yet, the configuration's references tell; where
these leave a choice, nothing belongs together.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from lzkey.sources.plan import without_indexes
from lzkey.sources.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lzkey.sources.plan import Plan, Resource

#: Keys of the provider whose attributes are CloudFormation's properties.
CLOUD_CONTROL: Final = ("awscc_kms_key", "awscc_kms_replica_key")
_POLICY: Final = "aws_kms_key_policy"
#: The argument that is the alias, of each provider's resource.
_ALIASES: Final = {"aws_kms_alias": "name", "awscc_kms_alias": "alias_name"}


def policy_of(resource: Resource) -> str:
    """The name of the argument that is its policy."""
    return "key_policy" if resource.type in CLOUD_CONTROL else "policy"


def aliases_of(plan: Plan, keys: Sequence[Resource]) -> dict[str, list[str]]:
    """The aliases that the document gives to its keys, by the keys' addresses."""
    found: dict[str, list[str]] = defaultdict(list)
    for alias in plan.resources:
        name = alias.value(_ALIASES[alias.type]) if alias.type in _ALIASES else None
        if isinstance(name, str) and (key := _key_of(alias, keys, "target_key_id")):
            found[key.address].append(name)
    return found


def holders(plan: Plan, keys: Sequence[Resource]) -> tuple[dict[str, list[Resource]], list[Resource]]:
    """What gives each key its policy, by the key's address, and the policies whose key is not there.

    Several are several answers: nobody can tell which of them is put last.
    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key_policy
    """
    policies: dict[str, list[Resource]] = {}
    astray: list[Resource] = []
    for policy in plan.resources:
        if policy.type == _POLICY:
            key = _key_of(policy, keys)
            (astray if key is None else policies.setdefault(key.address, [])).append(policy)
    anyone = [policy for policy in astray if isinstance(policy.value("key_id"), Unknown)]
    given = {}
    for key in keys:
        others = policies.get(key.address, [])
        is_own = not others or policy_of(key) in (key.expressions or ())
        given[key.address] = [*(others or anyone), *([key] if is_own else [])]
    # Where one is destroyed, the provider puts KMS's default policy, if not told to leave the key alone.
    for policy in plan.destroyed:
        if policy.type == _POLICY and policy.value("bypass_policy_lockout_safety_check") is not True:
            key = _key_of(policy, keys)
            if key is not None:
                given[key.address].append(policy)
    return given, astray


def _key_of(policy: Resource, keys: Sequence[Resource], argument: str = "key_id") -> Resource | None:
    """The key that a policy resource, or another one, is for; `argument` is what names the key."""
    key_id = policy.value(argument)
    if isinstance(key_id, str):
        return _only(key for key in keys if key_id in (key.values.get("key_id"), key.values.get("arn")))
    references = policy.references(argument)
    named = [key for key in keys if any(_is_key(each, key, policy.module) for each in references)]
    return _only(named) or _only(key for key in named if key.index == policy.index != "")


def document_of(plan: Plan, holder: Resource) -> Resource | None:
    """The `aws_iam_policy_document` that is the whole policy of a resource."""
    references = set(holder.references(policy_of(holder)))
    named = [
        data
        for data in plan.reads
        if data.type == "aws_iam_policy_document"
        and data.module == holder.module
        and any(_is_whole(references, name) for name in (data.local, without_indexes(data.local)))
    ]
    exact = [data for data in named if f"{data.local}.json" in references]
    return _only(named) or _only(exact) or _only(each for each in named if each.index == holder.index != "")


def key_named(references: Sequence[str], keys: Iterable[Resource], module: str) -> Resource | None:
    """The key whose ARN references in a module stand for, where they are to nothing else."""
    given = set(references)
    return _only(
        key
        for key in keys
        if key.module == module
        and any(
            f"{name}.arn" in given and given <= {f"{name}.arn", name, without_indexes(name)}
            for name in (key.local, without_indexes(key.local))
        )
    )


def _is_whole(references: set[str], name: str) -> bool:
    """Whether references are to a document's text and to nothing else: then nothing is put into the text."""
    texts = {f"{name}.json", f"{name}.minified_json"}
    return bool(texts & references) and references <= {*texts, name, without_indexes(name)}


def _is_key(reference: str, key: Resource, module: str) -> bool:
    """Whether a reference in a module is to this key; to a module's output, if the key is in that module."""
    if reference.startswith("module."):
        called = ".".join(without_indexes(reference).split(".")[:2])
        inside = without_indexes(f"{module}.{called}" if module else called)
        return f"{without_indexes(key.module)}.".startswith(f"{inside}.")
    if key.module != module or not reference.startswith(key.local.partition("[")[0]):
        return False  # told at little cost: most are other keys, where there are many
    # Without an index the reference is to all keys of the name: which one, the policy's own index tells.
    names = (key.local, without_indexes(key.local))
    return any(reference == name or reference.startswith(f"{name}.") for name in names)


def _only(resources: Iterable[Resource]) -> Resource | None:
    """The one there is; None where there are several. One that is told of twice is one."""
    found: dict[str, Resource] = {}
    for each in resources:
        found.setdefault(each.address, each)
    return next(iter(found.values())) if len(found) == 1 else None
