"""A verification as people and as programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypedDict

from rich.console import Group

from lzkey.documents import time_text
from lzkey.errors import ExitCode
from lzkey.evidence.differences import Kind
from lzkey.evidence.signature import Trust
from lzkey.figures import counted, moment
from lzkey.terminal import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from lzkey.documents import Count
    from lzkey.evidence.verification import Verification

#: Differences of one kind that people are shown; JSON has all.
_SHOWN: Final = 20

_SIGNATURES: Final = {
    Trust.UNSIGNED: "none. Damage and careless edits are found, and not whoever writes a whole pack again",
    Trust.VOUCHED: "by the key that you gave: the pack is what its owner signed",
    Trust.OWN_KEY: "by a key that nobody vouches for",
    Trust.OTHER_KEY: "by another key than the one that you gave",
    Trust.BROKEN: "there is one, and it does not fit",
    Trust.NOT_VERIFIED: "there is one, which was not verified",
}

_ENDS: Final = {
    ExitCode.DONE: ("Everything agrees.", "bold green"),
    ExitCode.PROBLEM: ("Something differs: do not rely on this pack.", "bold red"),
    ExitCode.UNDETERMINED: ("Nothing differs, and not everything can be said.", "bold magenta"),
}


def terminal_view(found: Verification) -> RenderableType:
    """What was verified, a line each; then what differs, and what that comes to."""
    pack = found.pack
    what = f"{pack.checked.folder}: no part of it says what it is"
    if pack.kind:
        what = f"{pack.checked.folder}: the evidence of a {pack.kind} of {moment(pack.at)}"
    end, style = _ENDS[found.exit_code]
    return Group(
        folded(what, style="bold"),
        *(folded(line, "  ", "    ") for line in _lines(found)),
        *(folded(line, "  ", "    ", "red") for line in _differences(found)),
        *(folded(line, "  unknown: ", "    ", "magenta") for line in found.doubts),
        folded(end, style=style),
    )


def _lines(found: Verification) -> Iterator[str]:
    pack = found.pack
    if pack.kind:
        by = f", by {pack.caller}" if pack.caller else ""
        yield f"made with {pack.made_by}{by}"
    yield f"verified with {found.this}"
    damaged = {each.path for each in found.differences if each.kind is Kind.FILE}
    wrong = f"; {counted(len(damaged), 'file')} differ from what the manifests say" if damaged else ""
    as_told = "" if wrong else ", each as the manifests say"
    yield f"files: {found.files:,}{as_told}{wrong}"
    other = {each.path for each in found.differences if each.kind is Kind.VERDICT}
    same = "" if other or not pack.again else ", each with the same result"
    yield f"verdicts: {counted(len(pack.again), 'key')} proved again{same}"
    if pack.recorded:
        how = "as AWS Config recorded" if pack.kind == "report" else "told by digest alone"
        yield f"not proved again: {counted(pack.recorded, 'key')}, {how}"
    signed = found.signature
    who = f" ({signed.key_arn}, SHA-256 of the public key {signed.fingerprint})" if signed else ""
    yield f"signature: {_SIGNATURES[found.trust]}{who}"
    yield from (f"note of whoever made it: {note}" for note in pack.notes)
    yield from (f"note: {remark}" for remark in pack.remarks)


def _differences(found: Verification) -> Iterator[str]:
    for kind in Kind:
        these = [each for each in found.differences if each.kind is kind]
        yield from (f"{kind} differs: {each}" for each in these[:_SHOWN])
        if len(these) > _SHOWN:
            yield f"{kind} differs: {len(these) - _SHOWN:,} more, which --format json lists"


class MadeBy(TypedDict):
    """An lzkey."""

    version: str
    engine_sha256: str


class Differing(TypedDict):
    """One thing that differs."""

    kind: Annotated[str, Kind]
    path: str
    """The file of the pack that it stands in."""
    detail: str


class Signed(TypedDict):
    """What the pack says of its signature; believed only as far as `trust` says."""

    key_arn: str
    algorithm: str
    signed_at: str
    public_key_sha256: str


class Verified(TypedDict):
    """What verifying an evidence pack came to."""

    pack: str
    kind: str | None
    """report or check; null: no part of it says."""
    made_at: str | None
    """ISO 8601, UTC."""
    caller: str | None
    """The ARN of who made it, as the pack says; null where AWS was not asked."""
    made_with: MadeBy
    verified_with: MadeBy
    files: Count
    proved_again: Count
    """Keys whose verdict was proved again from the facts in the pack."""
    not_proved_again: Count
    """Keys of which the pack has no facts."""
    trust: Annotated[str, Trust]
    signature: Signed | None
    differences: list[Differing]
    doubts: list[str]
    """What nobody can say."""
    remarks: list[str]
    notes: list[str]
    """Of whoever made the pack."""
    exit_code: Annotated[int, ("enum", (ExitCode.DONE, ExitCode.PROBLEM, ExitCode.UNDETERMINED))]


def as_members(found: Verification) -> Verified:
    """The same for programs."""
    pack, signed = found.pack, found.signature
    return {
        "pack": str(pack.checked.folder),
        "kind": pack.kind or None,
        "made_at": time_text(pack.at) if pack.kind else None,
        "caller": pack.caller or None,
        "made_with": {"version": pack.made_by.version, "engine_sha256": pack.made_by.sha256},
        "verified_with": {"version": found.this.version, "engine_sha256": found.this.sha256},
        "files": found.files,
        "proved_again": len(pack.again),
        "not_proved_again": pack.recorded,
        "trust": found.trust.value,
        "signature": None
        if signed is None
        else {
            "key_arn": signed.key_arn,
            "algorithm": signed.algorithm,
            "signed_at": signed.signed_at,
            "public_key_sha256": signed.fingerprint,
        },
        "differences": [
            {"kind": each.kind.value, "path": each.path, "detail": each.detail} for each in found.differences
        ],
        "doubts": [*found.doubts],
        "remarks": [*pack.remarks],
        "notes": [*pack.notes],
        "exit_code": found.exit_code,
    }
