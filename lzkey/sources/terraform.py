"""The keys of a Terraform plan or state, as `terraform show -json` prints it.

What belongs together is told by ids in a state. In a plan, where they are not known yet, the configuration's
references tell; where these leave a choice, nothing belongs together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import KeyArn
from landing_zone_key.records import dataclass
from lzkey.aws.key_name import key_name, tags_told
from lzkey.sources.cloudformation import or_passed_over, stack_keys
from lzkey.sources.nested import Stack
from lzkey.sources.open_policy import open_key, with_text
from lzkey.sources.plan import Plan, planned_policy, without_indexes
from lzkey.sources.source import Format, known_key, members, stand_in_arn, unread
from lzkey.sources.subject import UNTOLD, Environment, FoundKey, Kind, PassedOver, Unread
from lzkey.sources.unknown import ABSENT, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lzkey import Json
    from lzkey.sources.plan import Resource
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context

#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key and its neighbours,
#: https://registry.terraform.io/providers/hashicorp/awscc/latest/docs/resources/kms_key and kms_replica_key
KIND: Final = Kind("terraform", "the output of `terraform show -json`", is_template=True)

_KEY: Final = "aws_kms_key"
_EXTERNAL: Final = ("aws_kms_external_key", "aws_kms_replica_external_key")
#: Of the provider whose attributes are CloudFormation's properties.
_CLOUD_CONTROL: Final = ("awscc_kms_key", "awscc_kms_replica_key")
_REPLICAS: Final = ("aws_kms_replica_key", "aws_kms_replica_external_key", "awscc_kms_replica_key")
_KEYS: Final = frozenset((_KEY, *_EXTERNAL, *_REPLICAS, *_CLOUD_CONTROL))
#: What makes resources of a CloudFormation template.
_STACKS: Final = frozenset(
    f"{provider}_cloudformation_{kind}" for provider in ("aws", "awscc") for kind in ("stack", "stack_set")
)
#: In what that provider plans for a key without policy: KMS's own default, with nothing filled in.
_NOT_FILLED_IN: Final = "arn:<partition>:iam::<account-id>:root"
#: The states that `enabled` leads to; in the plan of a change the provider shows the state before it.
_SWITCHED: Final = ("Enabled", "Disabled")

_APPLIED: Final = (
    "apply the plan and check the state, or write "
    '"*" for the key\'s own ARN, which means the same in its policy'
)


def is_plan_or_state(document: dict[str, Any]) -> bool:
    """Tell whether it is a plan or a state in Terraform's (or OpenTofu's) JSON output format."""
    if "planned_values" in document or "resource_changes" in document:
        return True
    return "format_version" in document and (len(document) == 1 or "values" in document)


def terraform_keys(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Every key that there will be, or is, and those of the templates that stacks are made of."""
    plan = Plan(document)
    stacks = (_stack(source, plan, each) for each in plan.resources if each.type in _STACKS)
    found = chain(_own_keys(source, plan, document, context), stack_keys(stacks, context))
    yield from or_passed_over(found, source.place(KIND))


def _own_keys(
    source: Source, plan: Plan, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Every key with the policy that its own resource or another one gives it."""
    keys = [each for each in plan.resources if each.type in _KEYS]
    given, astray = holders(plan, keys)
    if document.get("errored") is True or document.get("deferred_changes"):
        why = "ended in an error" if document.get("errored") is True else "defers changes to another one"
        yield Unread(source.place(KIND), f"the plan {why}: it does not hold all resources")
    work = _Work(source, plan, context, keys, _aliases(plan, keys))
    for key in keys:
        try:
            yield work.key(key, given[key.address])
        except KeyDataError as error:
            place = source.place(KIND, key.path, key.address)
            yield Unread(place, f"{key.address}: {error}")
    for policy in astray:
        yield work.policy_alone(policy)


def _stack(source: Source, plan: Plan, resource: Resource) -> Stack:
    """What makes stacks; those of a set are made wherever others say."""
    here = Environment(plan.account(resource), plan.region(resource), source.name)
    return Stack(
        name=resource.address,
        source=source,
        kind=KIND,
        path=resource.path,
        body=resource.value("template_body"),
        body_path=resource.path,
        url=resource.value("template_url"),
        written=resource.expressions,
        parameters=_parameters(resource),
        environment=UNTOLD if resource.type.endswith("_set") else here,
    )


def _parameters(resource: Resource) -> Json:
    """The parameters of a stack's template by name, from an object or from a list of pairs."""
    given, unknown = resource.value("parameters"), resource.unknown.get("parameters")
    if isinstance(given, list):
        pairs = {members(each, "parameter_key"): members(each, "parameter_value") for each in given}
        return Unknown() if unknown else pairs
    known = given if isinstance(given, dict) else {}
    not_known = [name for name, there in (unknown.items() if isinstance(unknown, dict) else ()) if there]
    return given if isinstance(given, Unknown) else known | dict.fromkeys(not_known, Unknown())


@dataclass(frozen=True, slots=True)
class _Work:
    """One document being read."""

    source: Source
    plan: Plan
    context: Context
    keys: Sequence[Resource]
    aliases: Mapping[str, Sequence[str]]
    """By the addresses of the keys."""

    def key(self, resource: Resource, holders: Sequence[Resource]) -> FoundKey:
        """One key; `holders` are the resources that may give it its policy."""
        arn, assumptions = self._arn(resource)
        unresolved: list[str] = []
        holder = holders[0]
        if holder is not resource and holder.index != "" and isinstance(holder.value("key_id"), Unknown):
            assumptions.append(f"{holder.address} is for {resource.address}: they have the same index")
        policy = self._policy(holder, unresolved, assumptions)
        if len(holders) > 1:
            names = " or ".join(holder.address for holder in holders[:3])
            unresolved.append(f"{resource.address}: its policy comes from {names}, nobody can tell which")
            policy = Unknown()
        described = _described(resource, arn, unresolved)
        opened = open_key(described, policy, self.context.zone, put=self.plan.is_state)
        return FoundKey(
            name=resource.address,
            key=opened.certain,
            place=self.source.place(KIND, resource.path, resource.address),
            hopeful=opened.hopeful,
            unresolved=(*unresolved, *opened.reasons) if opened.hopeful else (),
            assumptions=tuple(assumptions),
            not_known=opened.not_known,
            known_in_part=opened.known_in_part,
            arn_known=isinstance(resource.value("arn"), str),
            label=key_name(self.aliases.get(resource.address, ()), _known_tags(resource)),
        )

    def policy_alone(self, resource: Resource) -> FoundKey | Unread:
        """The key that a policy is for, where its resource names one that is not in the document."""
        place = self.source.place(KIND, resource.path, resource.address)
        key_id, policy = resource.value("key_id"), resource.value("policy")
        try:
            arn = KeyArn.parse(key_id if isinstance(key_id, str) else "")
        except KeyDataError:
            shown = key_id if isinstance(key_id, str) else "unknown before it is applied"
            return Unread(
                place,
                f"{resource.address}: its key_id is {shown[:120]}, so that nobody can tell which key it is "
                "for; give the ARN of the key, or the plan that has the key in it",
            )
        key = replace(KmsKey.from_arn(arn), policy_put=self.plan.is_state)
        known = isinstance(policy, str)
        key = with_text(key, policy) if known else key.with_policy(None, f"known when applied; {_APPLIED}")
        return known_key(key, place, self.context, name=resource.address)

    def _arn(self, resource: Resource) -> tuple[KeyArn, list[str]]:
        known = resource.value("arn")
        if isinstance(known, str):
            return KeyArn.parse(known), []
        account, region = self.plan.account(resource), self.plan.region(resource)
        multi_region = resource.type in _REPLICAS or resource.value("multi_region") is True
        arn = stand_in_arn(
            f"{self.source.name}#{resource.address}",
            self.context,
            region=region,
            account=account,
            multi_region=multi_region,
        )
        place = [] if account else [f"account {arn.account}"]
        place += [] if region else [f"Region {arn.region}"]
        return arn, [f"it is made in {' and '.join(place)}: the plan does not tell"] if place else []

    def _policy(self, holder: Resource, unresolved: list[str], assumptions: list[str]) -> Json:
        """The policy of a key or of a policy resource: text, object, `ABSENT` or `Unknown`."""
        name = _policy_of(holder)
        value, where = holder.value(name), f"{holder.address}.{name}"
        if value is ABSENT and self.plan.is_state:
            unresolved.append(f"{where}: the state does not tell it; refresh the state")
            return Unknown()
        if not isinstance(value, Unknown):
            return ABSENT if isinstance(value, str) and _NOT_FILLED_IN in value else value
        unresolved.append(
            f"{where}: it is known, or known in full, only when the plan is applied; {_APPLIED}"
        )
        data = document_of(self.plan, holder)
        if data is None:
            return value
        return planned_policy(data, lambda names: self._own_arn(names, data, assumptions))

    def _own_arn(self, names: Sequence[str], data: Resource, assumptions: list[str]) -> str | None:
        """The ARN that references stand for, where all are to one key of the plan."""
        key = key_named(names, self.keys, data.module)
        if key is None:
            return None
        assumption = f"where {data.address} refers to {key.local}.arn, it means just this ARN"
        if assumption not in assumptions:
            assumptions.append(assumption)
        return str(self._arn(key)[0])


def _described(resource: Resource, arn: KeyArn, unresolved: list[str]) -> KmsKey:
    def settled(name: str, default: Json) -> Json:
        value = default if (given := resource.value(name)) is ABSENT else given
        if isinstance(value, Unknown):
            unresolved.append(f"{resource.address}.{name}: known only when the plan is applied")
            return None
        return value

    replica = resource.type in _REPLICAS
    return KmsKey(
        arn,
        key_manager="CUSTOMER",
        key_state=_state(resource, settled, unresolved),
        key_spec=settled(
            "key_spec" if resource.type != _KEY else "customer_master_key_spec", "SYMMETRIC_DEFAULT"
        ),
        key_usage=settled("key_usage", "ENCRYPT_DECRYPT"),
        origin=settled("origin", "AWS_KMS") if resource.type in _CLOUD_CONTROL else _origin(resource),
        multi_region=True if replica else settled("multi_region", default=False),
        tags=_tags(resource),
    )


def _policy_of(resource: Resource) -> str:
    """The name of the argument that is its policy."""
    return "key_policy" if resource.type in _CLOUD_CONTROL else "policy"


def _state(resource: Resource, settled: Json, unresolved: list[str]) -> str | None:
    state, name = resource.value("key_state"), "is_enabled" if resource.type == _KEY else "enabled"
    if resource.value("origin") == "EXTERNAL" and not isinstance(resource.value("arn"), str):
        unresolved.append(
            f"{resource.address}.origin: EXTERNAL: the key is not enabled before its key material is imported"
        )
        return "Disabled" if resource.value(name) is False else None
    if isinstance(state, str) and (state not in _SWITCHED or resource.value(name) is ABSENT):
        return state
    imported = resource.type in _EXTERNAL and not isinstance(state, str)
    if imported and resource.value("key_material_base64") is ABSENT:
        return "PendingImport"
    # The provider's page says that imported keys are enabled by default; its code disables them.
    enabled = settled(name, default=Unknown() if imported else True)
    return None if enabled is None else "Enabled" if enabled else "Disabled"


def _origin(resource: Resource) -> str:
    if resource.type in _EXTERNAL:
        return "EXTERNAL"
    if resource.value("xks_key_id") is not ABSENT:
        return "EXTERNAL_KEY_STORE"
    return "AWS_KMS" if resource.value("custom_key_store_id") is ABSENT else "AWS_CLOUDHSM"


def _tags(resource: Resource) -> dict[str, str] | None:
    """All tags, the provider's default ones included; None where one of them is not known."""
    tags = resource.value("tags_all")
    nested = members(resource.unknown, "tags_all")
    if not isinstance(tags, dict) or nested:
        return None
    return dict(tags) if all(isinstance(value, str) for value in tags.values()) else None


def _known_tags(resource: Resource) -> dict[str, str]:
    """The tags that are known, of whichever provider."""
    return tags_told(resource.value("tags")) | (_tags(resource) or {})


_POLICY: Final = "aws_kms_key_policy"
#: The argument that is the alias, of each provider's resource.
_ALIASES: Final = {"aws_kms_alias": "name", "awscc_kms_alias": "alias_name"}


def _aliases(plan: Plan, keys: Sequence[Resource]) -> dict[str, list[str]]:
    """The aliases that the document gives to its keys, by the keys' addresses."""
    found: dict[str, list[str]] = defaultdict(list)
    for alias in plan.resources:
        name = alias.value(_ALIASES[alias.type]) if alias.type in _ALIASES else None
        if isinstance(name, str) and (key := key_of(alias, keys, "target_key_id")):
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
            key = key_of(policy, keys)
            (astray if key is None else policies.setdefault(key.address, [])).append(policy)
    anyone = [policy for policy in astray if isinstance(policy.value("key_id"), Unknown)]
    given = {}
    for key in keys:
        others = policies.get(key.address, [])
        is_own = not others or _policy_of(key) in (key.expressions or ())
        given[key.address] = [*(others or anyone), *([key] if is_own else [])]
    # Where one is destroyed, the provider puts KMS's default policy, if not told to leave the key alone.
    for policy in plan.destroyed:
        if policy.type == _POLICY and policy.value("bypass_policy_lockout_safety_check") is not True:
            key = key_of(policy, keys)
            if key is not None:
                given[key.address].append(policy)
    return given, astray


def key_of(policy: Resource, keys: Sequence[Resource], argument: str = "key_id") -> Resource | None:
    """The key that a policy resource, or another one, is for; `argument` is what names the key."""
    key_id = policy.value(argument)
    if isinstance(key_id, str):
        return _only(key for key in keys if key_id in (key.values.get("key_id"), key.values.get("arn")))
    references = policy.references(argument)
    named = [key for key in keys if any(_is_key(each, key, policy.module) for each in references)]
    return _only(named) or _only(key for key in named if key.index == policy.index != "")


def document_of(plan: Plan, holder: Resource) -> Resource | None:
    """The `aws_iam_policy_document` that is the whole policy of a resource."""
    references = set(holder.references(_policy_of(holder)))
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


#: Terraform's own state file, which is not what `terraform show -json` prints of it.
_STATE_FILE: Final = Kind("terraform-state-file")


def is_state_file(document: dict[str, Any], *, named: bool) -> bool:
    """Tell whether it is a state as Terraform keeps it; of a folder, one with keys or stacks in it.

    https://developer.hashicorp.com/terraform/language/state
    """
    resources = document.get("resources")
    if "terraform_version" not in document or not isinstance(resources, list):
        return False
    return named or any(map(_has_key, resources))


def _has_key(resource: object) -> bool:
    """Whether an entry of a state file is a key, or a stack with one in its template."""
    kind = str(members(resource, "type"))
    return kind in _KEYS or (kind in _STACKS and "AWS::KMS::" in json.dumps(resource))


def _state_file(
    source: Source, _document: dict[str, Any], _context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    yield unread(
        source,
        f"{source.name} is Terraform's own state file: give the output of `terraform show -json FILE`",
        _STATE_FILE,
    )


FORMATS: Final = (
    Format(KIND, lambda document, _: is_plan_or_state(document), terraform_keys),
    Format(_STATE_FILE, lambda document, named: is_state_file(document, named=named), _state_file),
)
