"""The log buckets: what of them stops deliveries although the key allows them, or is another key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from lzkey.aws.buckets import bucket_encryption, object_lock, requester_pays
from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError
from lzkey.observed.looking import CONTROL_TOWERS
from lzkey.observed.values import BLOCKS, CONFIG, Beside, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from landing_zone_key.manifest import Delivery as Block
    from lzkey.aws.account import Asker
    from lzkey.aws.buckets import BucketEncryption, ObjectLock
    from lzkey.observed.looking import Scene
    from lzkey.observed.timing import Reading
    from lzkey.observed.values import Observation

_LOCK: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-config-deliverychannel.html"
)
_LOCK_ALONE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"
_PAYS: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html"
_ENCRYPTION: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html"

#: What a bucket that encrypts with a KMS key by default names its algorithm: aws:kms and aws:kms:dsse.
_BY_KMS: Final = "aws:kms"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class LogBucket:
    """A bucket that deliveries go to, and what was read of it."""

    name: str
    owner: str
    """The account that has it, by the manifest."""
    services: tuple[str, ...]
    """Those that deliver to it: CloudTrail, AWS Config."""
    lock: ObjectLock | None = None
    """Null, as the two below: not read."""
    pays: bool | None = None
    """Whether requesters pay."""
    encryption: BucketEncryption | None = None
    unread: tuple[str, ...] = field(default=(), kw_only=True)


def log_buckets(scene: Scene, readings: Iterable[Reading]) -> tuple[tuple[LogBucket, ...], tuple[str, ...]]:
    """The buckets that trail and delivery channels name, with their accounts; and which cannot be looked at.

    Whose a bucket is that is not Control Tower's nobody tells.
    """
    services: dict[str, dict[str, None]] = {}
    strange: dict[str, None] = {}
    for reading in readings:
        if reading.bucket and (not reading.elsewhere or reading.bucket.startswith(CONTROL_TOWERS)):
            services.setdefault(reading.bucket, {})[reading.kind.service] = None
        elif reading.bucket:
            strange[reading.bucket] = None
    found: list[LogBucket] = []
    unread: list[str] = []
    for name, its in services.items():
        owner = next(filter(None, (_owner(scene, BLOCKS[service]) for service in its)), None)
        if owner is None:
            unread.append(f"bucket {name} was not looked at: the manifest does not tell whose it is")
        else:
            found.append(LogBucket(name, owner, tuple(its)))
    first = next((name for name in strange if name not in services), None)
    if first is not None:
        more = len(strange.keys() - services.keys()) - 1
        also = f" and {more} more were" if more else " was"
        unread.append(f"bucket {first}{also} not looked at: not Control Tower's, so nobody tells whose")
    return tuple(found), tuple(unread)


def _owner(scene: Scene, block: Block) -> str | None:
    manifest = scene.zone.manifest_keys
    return manifest.account_of(block) if manifest else None


@takes(facts=(object_lock, requester_pays, bucket_encryption))
def looked_at(asker: Asker, bucket: LogBucket, region: str) -> LogBucket:
    """The bucket as its account shows it; what is refused is said, and nothing is known of it."""
    unread: list[str] = []

    def read(ask: Callable[[Asker, str, str, str], _Answer]) -> _Answer | None:
        try:
            return ask(asker, bucket.name, bucket.owner, region)
        except UnansweredError as error:
            unread.append(f"bucket {bucket.name}: {error}")
            return None

    lock, pays, encryption = read(object_lock), read(requester_pays), read(bucket_encryption)
    return replace(bucket, lock=lock, pays=pays, encryption=encryption, unread=tuple(unread))


def beside_keys(buckets: Iterable[LogBucket], keys: Iterable[str]) -> tuple[Beside, ...]:
    """What of the buckets stops deliveries, or may; `keys` are the landing zone's, by ARN and id."""
    names = frozenset(keys)
    return tuple(thing for bucket in buckets for thing in _of_bucket(bucket, names))


def _of_bucket(bucket: LogBucket, keys: frozenset[str]) -> Iterator[Beside]:
    if bucket.lock is not None and bucket.lock.enabled:
        yield _locked(bucket, bucket.lock)
    if bucket.pays:
        told = f"the requesters of bucket {bucket.name} pay (Requester Pays)"
        why = "whether CloudTrail and AWS Config deliver to such a bucket is not documented"
        yield Beside("bucket", f"{told}: {why}", source=_PAYS, subject=bucket.name)
    encryption = bucket.encryption
    if encryption is None or not encryption.algorithm.startswith(_BY_KMS) or encryption.key in keys:
        return
    default = (
        f"bucket {bucket.name} encrypts by default with {encryption.key or 'the AWS managed key aws/s3'}"
    )
    if encryption.key and "alias/" in encryption.key:
        told = f"{default}, which may be any key"
    else:
        told = f"{default}, which is not the landing zone's"
    yield Beside(
        "bucket",
        f"{told}: so is encrypted whatever is delivered without a key of its own",
        source=_ENCRYPTION,
        subject=bucket.name,
    )


def _locked(bucket: LogBucket, lock: ObjectLock) -> Beside:
    """AWS documents of AWS Config alone that it does not deliver to such a bucket."""
    retention = f" (default retention {lock.retention})" if lock.retention else ""
    told = f"bucket {bucket.name} has Object Lock{retention}"
    if CONFIG in bucket.services:
        why = f"{told}, and AWS Config does not support such a bucket"
        return Beside("bucket", why, stops=True, source=_LOCK, subject=bucket.name, service=CONFIG)
    return Beside("bucket", told, source=_LOCK_ALONE, subject=bucket.name)


def with_cause(observation: Observation, things: Iterable[Beside]) -> Observation:
    """The observation with what was read as the cause, where AWS documents that it stops deliveries."""
    if observation.outcome is not Outcome.FAILING:
        return observation
    for thing in things:
        if thing.stops and (thing.subject, thing.service) == (observation.bucket, observation.service):
            return replace(observation, cause=thing.detail, source=thing.source)
    return observation
