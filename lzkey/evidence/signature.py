"""A pack's signature: made by a key that never leaves KMS, verified offline with the public one.

What is signed is the bag's SHA-256 tag manifest, which stands for every file of the pack. The signature, the
public key and what is said of both lie beside it in `signature/`, in no manifest: they came last.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from landing_zone_key.records import dataclass
from lzkey.errors import NotInstalledError, PackError, SignatureError
from lzkey.evidence.bag import TAG_MANIFESTS
from lzkey.evidence.schemes import SCHEMES
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from types import ModuleType

    from lzkey import Json

#: What is signed.
SIGNED: Final = TAG_MANIFESTS[0]
VALUE: Final = "signature/tagmanifest-sha256.txt.sig"
PUBLIC_KEY: Final = "signature/public-key.pem"
DESCRIPTION: Final = "signature/signature.json"
FILES: Final = (DESCRIPTION, PUBLIC_KEY, VALUE)

#: Bytes at most of each file, and of a public key in whatever form: RSA with 4096 bits takes 800 as text.
LARGEST: Final = 16 << 10

_ARN: Final = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]+", re.ASCII)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def signer_members(key_arn: str, public_key: bytes) -> dict[str, str]:
    """Who signs: in `signature.json`, which is not signed, and in `pack.json`, which is."""
    return {"key_arn": key_arn, "public_key_sha256": fingerprint(public_key)}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a pack says of who has signed it: nothing of it is believed without a key from outside.

    What stands in `signature.json` is not signed itself; it must be what `pack.json` says, which is.
    """

    algorithm: str
    key_arn: str
    """As the pack says."""
    told_fingerprint: str
    """As the pack says."""
    signed_at: str
    """As the pack says."""
    public_key: bytes
    """As SubjectPublicKeyInfo in DER."""
    value: bytes

    @property
    def fingerprint(self) -> str:
        """Of the public key that lies in the pack."""
        return fingerprint(self.public_key)


class Trust(StrEnum):
    """What a signature comes to."""

    UNSIGNED = "unsigned"
    VOUCHED = "vouched"
    """By the key that somebody has given from outside."""
    OWN_KEY = "own_key"
    """It fits the key that lies in the pack, for which nobody vouches."""
    OTHER_KEY = "other_key"
    """It was made by another key than the one that was given."""
    BROKEN = "broken"
    """It does not fit: what was signed is something else."""
    NOT_VERIFIED = "not_verified"
    """It is there, and the library that verifies it is not."""


class Outside(NamedTuple):
    """What whoever verifies knows of the key, and not from the pack."""

    public_key: bytes | None = None
    """In DER."""
    fingerprint: str | None = None

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return self.public_key is not None or self.fingerprint is not None

    def vouches_for(self, public_key: bytes) -> bool:
        """Whether it is this key."""
        same = self.public_key is None or self.public_key == public_key
        return same and self.fingerprint in (None, fingerprint(public_key))


#: Of whoever knows of no key.
NOTHING: Final = Outside()


def told_by(description: Json, public_key: bytes, value: bytes) -> Signature:
    """The signature that the files of a pack tell of; raises PackError where they tell of none."""
    if not isinstance(description, dict):
        raise PackError(f"{DESCRIPTION} is no JSON object")
    if description.get("schema_version") != 1 or description.get("signed") != SIGNED:
        raise PackError(f"{DESCRIPTION} is of another version than this lzkey reads")
    algorithm = description.get("algorithm")
    if not isinstance(algorithm, str) or algorithm not in SCHEMES:
        its = one_line(json.dumps(algorithm))[:60]
        raise PackError(f"{DESCRIPTION} has the algorithm {its}, none of {', '.join(SCHEMES)}")
    names = ("key_arn", "public_key_sha256", "signed_at")
    arn, told, at = (one_line(str(description.get(name, "")))[:160] for name in names)
    return Signature(algorithm, arn, told, at, as_der(public_key, PUBLIC_KEY), value)


def require_library() -> None:
    """Raise NotInstalledError, before the long work, without the library that signatures need."""
    _library()


def trust(signature: Signature, message: bytes, outside: Outside) -> Trust:
    """What a signature of a message comes to; raises PackError where its key can be none."""
    if outside and not outside.vouches_for(signature.public_key):
        return Trust.OTHER_KEY
    try:
        fit = fits(signature.public_key, signature.algorithm, signature.value, message)
    except NotInstalledError:
        if outside:
            raise
        return Trust.NOT_VERIFIED
    if not fit:
        return Trust.BROKEN
    return Trust.VOUCHED if outside else Trust.OWN_KEY


def fits(public_key: bytes, algorithm: str, value: bytes, message: bytes) -> bool:
    """Whether a signature of a message was made by the private key of a public one.

    Raises NotInstalledError without the library `cryptography`, PackError where the key can be none.
    """
    made: bool = _library().fits(public_key, SCHEMES[algorithm], value, message)
    return made


def _library() -> ModuleType:
    """The module that imports `cryptography`; raises NotInstalledError without it."""
    try:
        return import_module("lzkey.evidence.asymmetric")
    except ModuleNotFoundError as error:
        raise NotInstalledError.of("a signature", "signature", error) from error


def pem(public_key: bytes) -> bytes:
    """A public key as text, as OpenSSL and everybody else reads it."""
    text = base64.b64encode(public_key).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()


def as_der(content: bytes, name: str) -> bytes:
    """A public key in DER, from what a file has: PEM, DER, or base64 as `aws kms get-public-key` prints.

    Raises PackError that names the file. Whether it is a key at all is told when it is used.
    """
    if len(content) > LARGEST:
        raise PackError(f"{name} has {len(content):,} bytes: it is no public key")
    if content[:1] == b"\x30":
        return content
    text = content.decode("ascii", "replace").strip()
    found = re.fullmatch(r"-----BEGIN PUBLIC KEY-----(.*)-----END PUBLIC KEY-----", text, re.DOTALL)
    try:
        made = base64.b64decode("".join((found[1] if found else text).split()), validate=True)
    except ValueError:
        made = b""
    if made[:1] != b"\x30":
        wanted = "PEM that begins with -----BEGIN PUBLIC KEY-----, or what aws kms get-public-key prints"
        raise PackError(f"{name} is no public key: {wanted}")
    return made


def fingerprint(public_key: bytes) -> str:
    """The SHA-256 of a public key in DER, as hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()


def read_fingerprint(text: str) -> str:
    """A fingerprint as somebody types it, with colons or capitals; raises PackError for what is none."""
    found = text.removeprefix("SHA256:").removeprefix("sha256:").replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(found):
        raise PackError(f"{one_line(text)[:80]!r} is no fingerprint: it has the 64 digits of a SHA-256")
    return found


def region_of(arn: str) -> str:
    """The Region of a key's ARN; raises SignatureError for anything else, an alias among it."""
    found = _ARN.fullmatch(arn)
    if not found:
        wanted = "arn:aws:kms:REGION:ACCOUNT:key/ID"
        raise SignatureError(f"--sign: {one_line(arn)[:120]!r} is not the ARN of a KMS key ({wanted})")
    return found[1]
