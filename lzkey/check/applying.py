"""Putting a proposed policy on a live key, so that it can be taken back: saved first, read again after."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lzkey.aws.keys import key_policy, put_key_policy
from lzkey.aws.unanswered import NOT_ANSWERED
from lzkey.check.formats.proposed import kms_command, of_policy, put_command, to_put
from lzkey.check.verdict import judge
from lzkey.errors import ApplyError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.aws.account import Asker
    from lzkey.check.proposal import Proposal
    from lzkey.check.verdict import Verdict

#: How often the policy is read back, because KMS is eventually consistent:
#: https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html
_READS: Final = 6


@dataclass(frozen=True, slots=True)
class Applying:
    """Everything that putting a policy needs."""

    asker: Asker
    folder: Path
    """Where the old policy is saved."""
    tell: Callable[[str], None]
    wait: Callable[[float], None]
    profile: str | None = None

    def apply(self, proposal: Proposal, zone: LandingZone, at: datetime) -> Verdict:
        """Put the proposed policy and judge the key as it then is.

        Raises ApplyError; UnansweredError or CredentialsError before anything was changed. Once the old
        policy is saved, the command that takes the change back is told, however this ends, also with Ctrl-C.
        """
        key, arn = proposal.found.key, proposal.found.key.arn
        if proposal.after is None or not isinstance(key.policy, str):
            raise ApplyError(f"{arn}: the policy that is there is not known; nothing was changed")
        self._require_unchanged(arn, key.policy)
        saved = save(key.policy, self.folder, f"{arn.key_id}-policy-{at:%Y%m%dT%H%M%SZ}")
        back = self._way_back(arn, key.policy, saved)
        self.tell(f"the policy as it was is in {saved}")
        try:
            self._put(arn, key.policy, proposal.after)
            now = self._read_until(arn, proposal.after)
            hopeful = proposal.found.hopeful and proposal.found.hopeful.with_policy(now)
            verdict = judge(replace(proposal.found, key=key.with_policy(now), hopeful=hopeful), zone, at=at)
            self.tell(f"put, read back, and judged again: {verdict.state}: {verdict.annotation}")
        finally:
            self.tell(f"to take the change back: {back}")
        return verdict

    def _way_back(self, arn: KeyArn, before: str, saved: Path) -> str:
        """The command that puts the policy as it was.

        Of a file the AWS CLI makes the line ends of this machine, but not of what JSON says of them.
        """
        if "\r" not in before:
            return put_command(str(arn), f"file://{saved}", self.profile)
        whole = json.dumps({"KeyId": str(arn), "PolicyName": "default", "Policy": before})
        path = save(whole, self.folder, f"{saved.stem}-to-put")
        given = "--cli-input-json", f"file://{path}"
        return kms_command("put-key-policy", str(arn), *given, profile=self.profile)

    def _require_unchanged(self, arn: KeyArn, shown: str) -> None:
        if key_policy(self.asker, arn) != shown:
            raise ApplyError(
                f"{arn}: somebody has changed the key policy since it was shown; nothing was put. Try again"
            )

    def _put(self, arn: KeyArn, before: str, wanted: Mapping[str, Any]) -> None:
        """Put the policy; where that fails, only what is read afterwards tells whether it was put.

        An answer may be lost on its way, and an attempt before the last may have arrived.
        """
        try:
            put_key_policy(self.asker, arn, to_put(wanted))
        except NOT_ANSWERED as error:
            failed = f"PutKeyPolicy failed ({error})"
            try:
                now = key_policy(self.asker, arn) if error.certain else self._read_as_put(arn, wanted)
            except NOT_ANSWERED as unread:
                own = of_policy(str(arn))
                look = kms_command("get-key-policy", str(arn), *own, profile=self.profile)
                raise ApplyError(
                    f"{arn}: {failed}, and nobody knows whether the policy was put: it cannot be read back "
                    f"({unread}). To look: {look}"
                ).because_of(error) from error
            if not _is(now, wanted):
                what = "the policy was not put: the old one" if now == before else "a third policy"
                raise ApplyError(f"{arn}: {what} is there, as it is read now. {failed}").because_of(
                    error
                ) from error
            self.tell(f"{failed}, but the policy was put: it is read back")

    def _read_until(self, arn: KeyArn, wanted: Mapping[str, Any]) -> str:
        """The policy as it is, once it is the one that was put."""
        try:
            now = self._read_as_put(arn, wanted)
        except NOT_ANSWERED as error:
            raise ApplyError(f"{arn}: the policy was put, and cannot be read back: {error}").because_of(
                error
            ) from error
        if not _is(now, wanted):
            raise ApplyError(f"{arn}: the policy was put, but another one is read back")
        return now

    def _read_as_put(self, arn: KeyArn, wanted: Mapping[str, Any]) -> str:
        """The policy, read until it is the wanted one, or for so long that it would be."""
        for waited in range(_READS):
            now = key_policy(self.asker, arn)
            if _is(now, wanted):
                break
            self.wait(waited)
        return now


def save(text: str, folder: Path, name: str) -> Path:
    """Write a new file that only its owner can read, in one step, over none that is there; return its path.

    Raises OutputError.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            return _linked(Path(temporary), folder.absolute(), name)
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise OutputError(
            f"the policy as it is cannot be saved in {folder}: {error.strerror}; nothing was changed"
        ) from error


def _linked(temporary: Path, folder: Path, name: str) -> Path:
    """A hard link is made in one step, and never over a file that is there."""
    number = 1
    while True:
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}.json"
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            number += 1
        else:
            return path


def _is(policy: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a policy says the same, whoever has written it."""
    with suppress(ValueError):
        return bool(json.loads(policy) == wanted)
    return False
