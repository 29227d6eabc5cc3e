"""`lzkey doctor`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from lzkey.cli.options import (
    Format,
    Name,
    OneFormat,
    OtherAccount,
    OtherRegion,
    Profile,
    Region,
    UnknownRegion,
    iam_policy_option,
    tell,
)
from lzkey.deployment.build import checkout
from lzkey.deployment.target import Where
from lzkey.doctor import as_json, examine, iam_policy, terminal_view
from lzkey.terminal import output

EXIT_CODES: Final = (
    "Exit codes: 0 nothing is wrong, warnings apart; 1 it went wrong; 2 wrong arguments, parameters or "
    "place; 3 a problem; 4 no problem is seen, but something cannot be seen."
)


def doctor(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_account: OtherAccount = False,
    allow_other_region: OtherRegion = False,
    allow_unknown_region: UnknownRegion = False,
    management_profile: Annotated[
        str | None,
        typer.Option(
            metavar="PROFILE",
            help="The AWS profile for what only the management account sees; --profile, or your environment, "
            "may then be the delegated administrator's.",
        ),
    ] = None,
    form: OneFormat = Format.TEXT,
    print_iam_policy: Annotated[bool, iam_policy_option(iam_policy)] = False,
) -> None:
    """Say whether the results of the rule of parameters/NAME.json can be trusted; nothing is changed."""
    del print_iam_policy  # its callback has ended the command
    where = Where(profile, region, allow_other_account, allow_other_region, allow_unknown_region)
    seen = examine(name, root=checkout(), where=where, management_profile=management_profile)
    if form is Format.JSON:
        tell(form, as_json(seen), [])
    else:
        output().print(terminal_view(seen), soft_wrap=True)
    raise typer.Exit(seen.exit_code)
