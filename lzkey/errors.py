"""What can go wrong around the rule: one small tree, each with the command line's exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What a command ends with."""

    DONE = 0
    FAILED = 1
    """It went wrong, and what was done until then may stay."""
    MISTAKEN = 2
    """Arguments, settings, files or credentials are wrong; nothing was changed, unless these end midway."""
    PROBLEM = 3
    """It was judged, and is not as it must be."""
    UNDETERMINED = 4
    """No problem, but something that nobody could judge."""
    INTERRUPTED = 130


class LzkeyError(Exception):
    """Something that the reader can put right; never thrown directly.

    The message says what is wrong, where, and what would be right. None of these is a `ValueError`,
    so that no library swallows them on the way.
    """

    exit_code: int = ExitCode.MISTAKEN

    def because_of(self, cause: BaseException) -> Self:
        """The same, with the exit code of a signal, or of an AWS that does not know who asks."""
        if isinstance(cause, UnknownCallerError):
            self.exit_code = cause.exit_code
        elif isinstance(cause, SystemExit) and isinstance(cause.code, int):
            self.exit_code = cause.code
        return self


class UsageError(LzkeyError):
    """A command was given what it does not take, or not what it needs; nothing was done."""


class UnknownCallerError(LzkeyError):
    """AWS does not know who asks, or not any more."""


class ParametersError(LzkeyError):
    """A parameters file is missing, unreadable, or asks for something that cannot be deployed."""


class SettingsError(LzkeyError):
    """The landing zone's settings are missing or wrong; nothing was judged."""


class WaiversError(LzkeyError):
    """A waivers file cannot be read or is wrong, or names a key that was not judged."""


class BuildError(LzkeyError):
    """The package cannot be generated from what is on this machine; nothing was replaced."""


class OutputError(LzkeyError):
    """A file that was asked for cannot be written."""


class SourceError(LzkeyError):
    """A source of keys cannot be read; for files it becomes an `Unread`, and the work goes on."""


class LiveError(LzkeyError):
    """The live account does not answer what nothing can be done without."""

    exit_code: int = ExitCode.FAILED


class WorkerError(LzkeyError):
    """A process that shared the work was ended from outside; what it had to do is not done."""

    exit_code: int = ExitCode.FAILED


class NotInstalledError(LzkeyError):
    """A command needs a part of lzkey that is installed only where it is asked for; nothing was done."""

    @classmethod
    def of(cls, what: str, extra: str, missing: ModuleNotFoundError) -> Self:
        """What needs a module that is missing, and the extra of lzkey that brings it."""
        hint = f"install lzkey with its extra `{extra}`, as `make setup` does in a checkout"
        return cls(f"{what} needs {missing.name}, which is not installed; {hint}")


class DemoError(LzkeyError):
    """What the demo shows is not there."""

    exit_code: int = ExitCode.FAILED


class PrerequisiteError(LzkeyError):
    """A deployment would fail or hit the wrong place; nothing was changed in the account."""


class DeployError(LzkeyError):
    """A deployment was started and is not what was asked for."""

    exit_code: int = ExitCode.FAILED


class DeployInterruptedError(DeployError):
    """Somebody pressed Ctrl-C while rdk worked; what CloudFormation has begun goes on."""

    exit_code: int = ExitCode.INTERRUPTED


class ReportError(LzkeyError):
    """A report cannot be made, or something is none; no file was replaced."""

    exit_code: int = ExitCode.FAILED


class ReportArgumentError(ReportError):
    """A report is asked for that cannot be: another argument would do."""

    exit_code: int = ExitCode.MISTAKEN


class PackError(LzkeyError):
    """Something is no evidence pack, or one that this lzkey does not read; nothing was verified."""


class SignatureError(LzkeyError):
    """A pack cannot be signed with what is given; none was written."""


class ApplyError(LzkeyError):
    """A key policy could not be put, or what is read back is another one."""

    exit_code: int = ExitCode.FAILED
