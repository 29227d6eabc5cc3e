"""What `--evidence` and `--sign` ask for, found out before the long work.

What writes packs is imported for those who want one.
"""

from __future__ import annotations

from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from landing_zone_key.records import dataclass
from lzkey.aws.fact import actions_of, statement
from lzkey.aws.witness import Witness
from lzkey.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import boto3

    from lzkey.evidence.signing import Signer


def with_signing(policy: dict[str, Any]) -> dict[str, Any]:
    """What a command must be allowed, and what `--sign` takes beside it."""
    signing = import_module("lzkey.evidence.signing")
    actions = actions_of(signing.signing_key, signing.sign)
    return {**policy, "Statement": [*policy["Statement"], statement("SignAnEvidencePack", actions)]}


@dataclass(frozen=True, slots=True)
class Packing:
    """Where an evidence pack goes, what keeps what is read for it, and who signs it."""

    folder: Path
    signer: Signer | None = None
    witness: Witness = field(default_factory=Witness)

    @classmethod
    def of(
        cls,
        folder: Path | None,
        sign: str | None,
        session: Callable[[str], boto3.Session],
        files: Sequence[Path],
    ) -> Packing | None:
        """What is asked for; None where no pack is. `session` makes one, if need be in the key's Region.

        `files` are written beside the pack, and none into it: its manifests would not name it.
        Raises OutputError where it could not be written, and what `Signer.of` does where it could not be
        signed.
        """
        if folder is None:
            if sign is not None:
                raise UsageError("--sign needs --evidence: it is the pack that is signed")
            return None
        import_module("lzkey.evidence.bag").require_new(folder)
        place = folder.resolve()
        for path in files:
            if place in (path.resolve(), *path.resolve().parents):
                raise OutputError(
                    f"{path} would be a part of the evidence pack {folder}: give it another place"
                )
        if sign is None:
            return cls(folder)
        signature = import_module("lzkey.evidence.signature")
        region = signature.region_of(sign)
        signature.require_library()
        signing = import_module("lzkey.evidence.signing")  # which imports an AWS client
        return cls(folder, signing.Signer.of(session(region), sign))
