"""The options of `lzkey history` that let Amazon Athena search: nothing runs until somebody says yes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from lzkey.aws.account import Asker
from lzkey.aws.fact import actions_of, statement
from lzkey.aws.keys import described_key
from lzkey.aws.session import session
from lzkey.aws.unanswered import UnansweredError
from lzkey.cli.completion import profiles
from lzkey.errors import ExitCode, UsageError
from lzkey.history.asking import MANNER
from lzkey.history.athena.query import Search, TableName, require_work_group
from lzkey.history.athena.running import Waiting
from lzkey.history.athena.searching import plan, search_with
from lzkey.history.events import CHANGING, TAGGING
from lzkey.terminal import messages, plain, progress_to, result, warn

if TYPE_CHECKING:
    from landing_zone_key.key import KeyArn
    from lzkey.cli.asked import Asked
    from lzkey.history.athena.searching import Plan
    from lzkey.history.told import Told

_PANEL: Final = "Years of logs, by Amazon Athena"

#: Since when there has been KMS: no key is older.
#: https://docs.aws.amazon.com/kms/latest/developerguide/dochistory.html
KMS_BEGAN: Final = datetime(2014, 11, 12, tzinfo=UTC)

Table = Annotated[
    str | None,
    typer.Option(
        "--athena",
        metavar="DATABASE.TABLE",
        help="Let Athena search CloudTrail's logs, of which AWS Glue has this table.",
        rich_help_panel=_PANEL,
    ),
]
WorkGroup = Annotated[
    str | None,
    typer.Option(
        "--workgroup",
        metavar="NAME",
        help="The work group that it runs in, which says where results go, and what a query may scan.",
        rich_help_panel=_PANEL,
    ),
]
AthenaProfile = Annotated[
    str | None,
    typer.Option(
        "--athena-profile",
        metavar="PROFILE",
        autocompletion=profiles,
        help="AWS profile for Athena alone, such as of the account that has the logs.",
        rich_help_panel=_PANEL,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes",
        help="Run the query. Without it nothing runs: what it scans and costs at most is told, and its text.",
        rich_help_panel=_PANEL,
    ),
]

#: What somebody must be allowed who lets Athena search.
STATEMENT: Final = statement("SearchWithAthena", actions_of(plan, search_with))


@dataclass(frozen=True, slots=True)
class Athena:
    """What somebody typed, when it can be: a table, its work group, and whether to run the query."""

    name: TableName
    group: str
    profile: str | None
    yes: bool

    @classmethod
    def of(
        cls, name: str | None, group: str | None, profile: str | None, *, yes: bool, offline: bool
    ) -> Athena | None:
        """What was typed; None where nothing is to be searched. Raises UsageError."""
        if name is None:
            given = [("--workgroup", group), ("--athena-profile", profile), ("--yes", yes or None)]
            if alone := next((option for option, value in given if value is not None), None):
                raise UsageError(f"{alone} is for --athena: give its DATABASE.TABLE, or leave it out")
            return None
        if offline:
            raise UsageError("--athena asks AWS: leave it out, or --offline")
        if group is None:
            raise UsageError("--athena needs a work group: give its name by --workgroup, such as primary")
        require_work_group(group)
        return cls(TableName.parse(name), group, profile, yes)

    def planned(self, asked: Asked, key: KeyArn, wanted: Time, owner: Asker) -> Prepared:
        """The search, and who runs it. Raises SettingsError, UsageError and UnansweredError."""
        profile = asked.profile if self.profile is None else self.profile
        asker, _ = Asker.of(session(profile, asked.region, wanted.home), MANNER)
        start = wanted.begin or _made(owner, key) or KMS_BEGAN
        search = Search(key, (*CHANGING, *TAGGING), start, wanted.now)
        waiting = Waiting(progress_to(messages()), time.sleep)
        return Prepared(asker, plan(asker, self.name, self.group, search, waiting), waiting)


@dataclass(frozen=True, slots=True)
class Time:
    """What time somebody asks for, and where the landing zone's home Region is."""

    begin: datetime | None
    now: datetime
    home: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A search that can be run, and who runs it."""

    asker: Asker
    plan: Plan
    waiting: Waiting

    def refrain(self, form: str, *, exit_zero: bool) -> NoReturn:
        """Say what it would be, and end: of the key nothing is known by it.

        The query is the result where people read that, and is told beside it where programs do.
        """
        for sentence in self.plan.sentences():
            warn(sentence)
        warn("nothing was run, and no history was made: --yes runs it")
        if form == "text":
            result(f"{self.plan.text}\n")
        else:
            messages().print(plain(self.plan.text), soft_wrap=True)
        raise typer.Exit(ExitCode.DONE if exit_zero else ExitCode.UNDETERMINED)

    def run(self) -> Told:
        """Run it, and tell what came of it. Raises QueryError and UnansweredError."""
        for sentence in self.plan.sentences():
            self.waiting.tell(sentence)
        return search_with(self.asker, self.plan, self.waiting)


def _made(asker: Asker, key: KeyArn) -> datetime | None:
    """When the key was made; None where KMS does not tell whoever asks."""
    try:
        return described_key(asker, str(key), key.region).created
    except UnansweredError:
        return None
