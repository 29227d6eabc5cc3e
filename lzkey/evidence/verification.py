"""A pack verified: its files, its verdicts proved again, what follows from them, and its signature.

Nothing is asked of AWS or of any network. What it proves: unsigned, it finds damage and careless edits, and
not somebody who knows how to write a whole pack again; signed with a key that the reader knows from
elsewhere, it is the pack that the key's owner signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lzkey.documents import time_text
from lzkey.errors import ExitCode, PackError
from lzkey.evidence import check_again, report_again, signature
from lzkey.evidence.again import prove_again
from lzkey.evidence.checking import check, content, decoded
from lzkey.evidence.differences import Difference, Kind, Opened, quoted
from lzkey.evidence.engine import Engine, this_engine
from lzkey.evidence.facts import zone_of
from lzkey.evidence.pack import KEYS, PACK, PACK_VERSION
from lzkey.evidence.signature import NOTHING, Outside, Trust
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey import Json
    from lzkey.evidence.checking import Checked
    from lzkey.evidence.signature import Signature

_BAD: Final = {
    Trust.OTHER_KEY: "the pack was signed with another key than the one that was given",
    Trust.BROKEN: f"the signature does not fit {signature.SIGNED}: something else was signed",
}
_OPEN: Final = {
    Trust.OWN_KEY: "the pack is signed by a key that nobody vouches for: give the owner's key with "
    "--public-key, or its --key-fingerprint, from elsewhere than the pack",
    Trust.NOT_VERIFIED: "the signature is not verified: install lzkey with its extra `signature`",
}

_KINDS: Final = {"report": report_again.FILES, "check": check_again.FILES}


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying a pack came to."""

    pack: Opened
    this: Engine
    files: int
    trust: Trust
    signature: Signature | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Everything that differs, the files first."""
        order = [*Kind]
        return tuple(sorted(self.pack.differences, key=lambda each: order.index(each.kind)))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Everything that nobody can say."""
        return tuple(self.pack.doubts)

    @property
    def exit_code(self) -> ExitCode:
        """3 where something differs; 4 where something cannot be said, such as who vouches for the key."""
        if self.differences:
            return ExitCode.PROBLEM
        return ExitCode.UNDETERMINED if self.doubts else ExitCode.DONE


def verify(folder: Path, outside: Outside = NOTHING) -> Verification:
    """Verify a pack; `outside` is what is known of the key that must have signed it.

    Raises PackError where the folder is no pack, or one of another version; NotInstalledError where a
    signature must be verified and cannot.
    """
    checked = check(folder, signature.FILES)
    try:
        pack = _opened(checked)
    except PackError as error:
        if not checked.faults:
            raise
        pack = _damaged(checked, str(error))
    files = [Difference(Kind.FILE, one_line(each.path), one_line(each.detail)) for each in checked.faults]
    pack.differences += files
    signed, trust = _trust(pack, outside)
    if pack.kind:
        _compare(pack)
    return Verification(pack, this_engine(), checked.files, trust, signed)


def _compare(pack: Opened) -> None:
    """Prove the verdicts again, and compare everything that follows from them."""
    prove_again(pack)
    if pack.kind == "report":
        report_again.make_again(pack)
    else:
        check_again.compare_results(pack)
    for path in pack.checked.digests:
        if path not in _KINDS[pack.kind] and not path.startswith(f"{KEYS}/"):
            pack.contradict(path, f"no pack of a {pack.kind} has such a file")
    if not pack.again and not pack.differences:
        pack.doubts.append("no key is in full, so that no verdict can be proved again")


def _opened(checked: Checked) -> Opened:
    """What the pack says it is; raises PackError."""
    told = checked.json(PACK)
    if not isinstance(told, dict):
        raise PackError(f"{PACK} is no JSON object")
    if told.get("pack_version") != PACK_VERSION or isinstance(told.get("pack_version"), bool):
        its = quoted(told.get("pack_version"))
        raise PackError(f"this is a pack of version {its}; this lzkey reads {PACK_VERSION}")
    kind, zone = told.get("kind"), told.get("landing_zone")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise PackError(f"{PACK} says that it is a {quoted(kind)}, none of {', '.join(_KINDS)}")
    tool, notes, caller = told.get("tool"), told.get("notes"), told.get("caller")
    made_by = tool.get("version") if isinstance(tool, dict) else None, told.get("engine_sha256")
    if not all(map(_is_text, made_by)):
        raise PackError(f"{PACK} does not say which lzkey made it: version and engine_sha256 must be text")
    if not isinstance(notes, list) or not all(map(_is_text, notes)):
        raise PackError(f"{PACK}: notes must be a list of texts")
    if caller is not None and not _is_text(caller):
        raise PackError(f"{PACK}: caller must be text, or null")
    return Opened(
        checked,
        kind,
        _moment(told.get("made_at")),
        None if zone is None else zone_of(zone, f"{PACK}: landing_zone"),
        Engine(*map(quoted, made_by)),
        quoted(caller or ""),
        tuple(map(one_line, notes)),
        told.get("signed_by"),
    )


def _damaged(checked: Checked, why: str) -> Opened:
    """A pack that does not say any more what it is."""
    nobody = Engine("", "")
    pack = Opened(checked, "", datetime.fromtimestamp(0, UTC), None, nobody, "", ())
    pack.doubts.append(f"no verdict can be proved again: {why}")
    return pack


def _moment(text: Json) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise PackError(f"{PACK} has the time {quoted(text)!r}, and must have one with its zone")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _trust(pack: Opened, outside: Outside) -> tuple[Signature | None, Trust]:
    """The signature, if there is one, and what it comes to."""
    folder = pack.checked.folder
    there = [path for path in signature.FILES if (folder / path).is_file()]
    if not there:
        if outside:
            pack.differ(Kind.SIGNATURE, signature.VALUE, "the pack is not signed, though a key was given")
        if pack.signed_by is not None:
            pack.differ(
                Kind.SIGNATURE, signature.VALUE, f"it is missing: {PACK} says that the pack is signed"
            )
        return None, Trust.UNSIGNED
    try:
        description, key, value = (content(folder, path, signature.LARGEST) for path in signature.FILES)
        signed = signature.told_by(decoded(description, signature.DESCRIPTION), key, value)
        trust = signature.trust(signed, content(folder, signature.SIGNED, signature.LARGEST), outside)
    except PackError as error:
        pack.differ(Kind.SIGNATURE, signature.DESCRIPTION, str(error))
        return None, Trust.BROKEN
    if trust in _BAD:
        pack.differ(Kind.SIGNATURE, signature.VALUE, _BAD[trust])
    elif trust in _OPEN:
        pack.doubts.append(_OPEN[trust])
    if pack.kind:
        _compare_signer(pack, signed)
    return signed, trust


def _compare_signer(pack: Opened, signed: Signature) -> None:
    """What is said of the signature, which nobody has signed, against what was signed."""
    wanted = signature.signer_members(signed.key_arn, signed.public_key)
    if pack.signed_by != wanted or signed.told_fingerprint != signed.fingerprint:
        pack.differ(Kind.SIGNATURE, signature.DESCRIPTION, f"its key is not the one that {PACK} tells of")
    if signed.signed_at != time_text(pack.at):
        pack.differ(Kind.SIGNATURE, signature.DESCRIPTION, f"its signed_at is not the made_at of {PACK}")
