"""Reads and writes moto's KMS keys; gives them what KMS's own have and moto's lack.

moto keeps its state per process, account and Region (``kms_backends[account][region]``).
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from moto.kms import models as kms_models
from moto.kms import responses as kms_responses
from moto.kms.models import kms_backends
from moto.utilities.utils import get_partition

from lzkey_sandbox.config.configuration_item import KeyFacts
from lzkey_sandbox.moto.motostate import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator

AWS_ALIAS_PREFIX: Final = "alias/aws/"


@contextmanager
def without_permission_checks() -> Iterator[None]:
    """Let DescribeKey be answered whatever the key's policy says.

    moto refuses that one operation for any Deny statement, whoever it is about and under whatever
    conditions, and checks no permission anywhere else.
    """
    check = kms_responses.validate_policy
    kms_responses.validate_policy = lambda _key, _action: None
    try:
        yield
    finally:
        kms_responses.validate_policy = check


@contextmanager
def without_key_pairs_for_symmetric_keys() -> Iterator[None]:
    """Make symmetric keys in no time: moto generates an RSA key pair for each, and never uses it."""
    generate = kms_models.generate_private_key
    symmetric = ("SYMMETRIC_DEFAULT", "HMAC")
    kms_models.generate_private_key = lambda spec: None if spec.startswith(symmetric) else generate(spec)
    try:
        yield
    finally:
        kms_models.generate_private_key = generate


@contextmanager
def identified_key_material() -> Iterator[None]:
    """Let keys say which key material they use."""
    known = kms_models.Key
    kms_models.Key = _Key
    try:
        yield
    finally:
        kms_models.Key = known


class _Key(kms_models.Key):  # type: ignore[misc]  # moto is untyped
    """Identifies its material; a replica has that of its primary, and an imported one is never there.

    Its grants know when they were made. Source:
    https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html (CurrentKeyMaterialId)
    """

    def to_dict(self) -> dict[str, Any]:
        described: dict[str, Any] = super().to_dict()
        if (self.key_spec, self.origin) == ("SYMMETRIC_DEFAULT", "AWS_KMS"):
            described["KeyMetadata"]["CurrentKeyMaterialId"] = sha256(self.key_material).hexdigest()
        return described

    def add_grant(self, *asked: object, **named: object) -> kms_models.Grant:
        grant = super().add_grant(*asked, **named)
        grant.created_at = datetime.now(UTC)
        return grant


def listed_keys(account: str, region: str) -> list[dict[str, str]]:
    """The keys of an account and Region as ListKeys shows them."""
    return [{"KeyId": key.id, "KeyArn": key.arn} for key in list(kms_backends[account][region].keys.values())]


def key_ids(account: str, region: str) -> tuple[str, ...]:
    """The ids of all keys of an account and Region."""
    return tuple(kms_backends[account][region].keys)


def resolve_key(account: str, region: str, key_id: str) -> str | None:
    """The plain id of the key that an id, ARN or alias names, or None; never creates a key."""
    backend = kms_backends[account][region]
    alias = backend.get_alias_name(key_id)
    if alias.startswith("alias/") and not backend.alias_exists(alias):
        return None
    found = backend.any_id_to_key_id(key_id)
    return str(found) if found in backend.keys else None


def arn(account: str, region: str, key_id: str | None) -> str:
    """The ARN of a key by its id or ARN; without one, as of a key that is yet to be made."""
    plain = uuid4() if key_id is None else key_id.rpartition("/")[2]
    return f"arn:{get_partition(region)}:kms:{region}:{account}:key/{plain}"


def put_policy(account: str, region: str, key_id: str, policy: str) -> None:
    """Give a key a policy, whatever KMS would say to it."""
    kms_backends[account][region].keys[key_id].policy = policy


def age_keys(by: timedelta) -> None:
    """Let every key have been made so much earlier."""
    for backends in kms_backends.values():
        for backend in backends.values():
            for key in backend.keys.values():
                key.creation_date -= by.total_seconds()


def created_at(account: str, region: str, key_id: str) -> datetime:
    """When a key was made."""
    return datetime.fromtimestamp(kms_backends[account][region].keys[key_id].creation_date, UTC)


def grants(account: str, region: str, key_id: str) -> list[dict[str, Any]]:
    """The grants that were made of a key, as ListGrants shows them."""
    key = kms_backends[account][region].keys[key_id]
    shown = [
        {**grant.to_json(), "KeyId": key.arn, "CreationDate": grant.created_at}
        for grant in key.list_grants(None)
    ]
    return [{name: value for name, value in entry.items() if value is not None} for entry in shown]


def regions_of_key(account: str, key_id: str) -> tuple[str, ...]:
    """The Regions that have a key of this id: several only for a multi-Region key."""
    return tuple(region for region, backend in list(kms_backends[account].items()) if key_id in backend.keys)


def provide_aws_managed_key(account: str, region: str, key_id: str) -> str | None:
    """Create the AWS managed key that an ``alias/aws/…`` names, once; return its id if it was created.

    At AWS these keys come into being when a service first needs them; moto creates them when they are
    first described, but calls them customer managed.
    """
    backend = kms_backends[account][region]
    alias = backend.get_alias_name(key_id)
    if not alias.startswith(AWS_ALIAS_PREFIX) or backend.alias_exists(alias):
        return None
    created = backend.get_key_id_from_alias(alias)
    if created is None:
        return None
    backend.keys[created].key_manager = "AWS"
    return str(created)


def complete_new_key(account: str, region: str, key_id: str) -> dict[str, Any]:
    """Give a new key what moto leaves out of it; return its description.

    The usage when none was asked for, and the state of a key of origin EXTERNAL, which waits for its
    material. Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    key = kms_backends[account][region].keys[key_id]
    key.key_usage = key.key_usage or "ENCRYPT_DECRYPT"
    key.multi_region = bool(key.multi_region)
    if key.origin == "EXTERNAL":
        key.key_state, key.enabled = "PendingImport", False
    return dict(key.to_dict())


def complete_stack_keys(account: str, region: str) -> None:
    """Give the keys that CloudFormation made the form of KMS's own: the policy as text, the state by name."""
    for key in list(kms_backends[account][region].keys.values()):
        key.policy = as_json(key.policy)
        if not key.enabled and key.key_state == "Enabled":
            key.key_state = "Disabled"


def key_facts(account: str, region: str, key_id: str) -> KeyFacts:
    """What Config's recorder sees of a key; ``KeyError`` when there is none."""
    backend = kms_backends[account][region]
    key = backend.keys[key_id]
    tags = backend.tagger.list_tags_for_resource(key_id)["Tags"]
    return KeyFacts(
        metadata=key.to_dict()["KeyMetadata"],
        region=region,
        policy=key.policy,
        rotation=key.key_rotation_status,
        tags=tuple((tag["TagKey"], tag["TagValue"]) for tag in tags),
    )


def delete_key(account: str, region: str, key_id: str) -> None:
    """Delete a key for good, what KMS does at the end of its waiting period."""
    kms_backends[account][region].delete_key(key_id)
