"""What can go wrong around the rule: one small tree, each with the command line's exit code."""

from __future__ import annotations

from typing import ClassVar


class LzkeyError(Exception):
    """Something that the reader can put right; never thrown directly.

    The message says what is wrong, where, and what would be right. None of these is a `ValueError`,
    so that no library swallows them on the way.
    """

    exit_code: ClassVar[int] = 2


class ParametersError(LzkeyError):
    """A parameters file is missing, unreadable, or asks for something that cannot be deployed."""


class BuildError(LzkeyError):
    """The package cannot be generated from what is on this machine; nothing was replaced."""


class OutputError(LzkeyError):
    """A file that was asked for cannot be written."""


class DemoError(LzkeyError):
    """The demo cannot run here, or what it shows is not there."""

    exit_code: ClassVar[int] = 1


class PreflightError(LzkeyError):
    """A deployment would fail or hit the wrong place; nothing was changed in the account."""


class DeployError(LzkeyError):
    """A deployment was started and is not what was asked for."""

    exit_code: ClassVar[int] = 1


class DeployInterruptedError(DeployError):
    """Somebody pressed Ctrl-C while rdk worked; what CloudFormation has begun goes on."""

    exit_code: ClassVar[int] = 130


class ReportError(LzkeyError):
    """A report cannot be made, or an earlier one cannot be read; no file was replaced."""

    exit_code: ClassVar[int] = 1
