"""The KMS signing algorithms that packs are signed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Hash: TypeAlias = Literal["sha256", "sha384", "sha512"]


class Scheme(NamedTuple):
    """How a KMS signing algorithm signs."""

    kind: Literal["ecdsa", "pss", "pkcs1"]
    hash: Hash


#: Those that are written and verified, the first one first where a key has several.
#: https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
SCHEMES: Final[Mapping[str, Scheme]] = {
    "ECDSA_SHA_256": Scheme("ecdsa", "sha256"),
    "ECDSA_SHA_384": Scheme("ecdsa", "sha384"),
    "ECDSA_SHA_512": Scheme("ecdsa", "sha512"),
    "RSASSA_PSS_SHA_256": Scheme("pss", "sha256"),
    "RSASSA_PSS_SHA_384": Scheme("pss", "sha384"),
    "RSASSA_PSS_SHA_512": Scheme("pss", "sha512"),
    "RSASSA_PKCS1_V1_5_SHA_256": Scheme("pkcs1", "sha256"),
    "RSASSA_PKCS1_V1_5_SHA_384": Scheme("pkcs1", "sha384"),
    "RSASSA_PKCS1_V1_5_SHA_512": Scheme("pkcs1", "sha512"),
}
