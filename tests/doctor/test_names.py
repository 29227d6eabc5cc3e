"""The landing zone's keys are called by their aliases, and accounts by their names, beside their ids."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from lzkey.doctor import EXPECTATIONS, Examination, Status, terminal_view
from lzkey.doctor.examination import Looked
from lzkey.doctor.names import Names
from lzkey.doctor.organization import accounts_without_rule
from lzkey_sandbox import LandingZone
from lzkey_sandbox.baselines import NOT_REREGISTERED, Unit

from .answers import ACCOUNT, OTHER, organization_rule, subject
from .conftest import key_policy, make_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lzkey.doctor import Check

    from .conftest import Management

ALIAS, FORMER = "alias/landing-zone-logs", "alias/former-logs"


@contextmanager
def named(account: Management, key: str, alias: str = ALIAS) -> Iterator[None]:
    """A key has an alias."""
    kms = account.client("kms")
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    yield
    kms.delete_alias(AliasName=alias)


def listings(account: Management, operation: str) -> int:
    """How often something was listed."""
    return sum(call.operation == operation for call in account.sandbox.calls)


class TestKeys:
    """Aliases beside ids and ARNs."""

    def test_on_each_line(self, account: Management) -> None:
        """Of the key of today; one list tells them all."""
        key_id = account.key.rpartition("/")[2]
        with named(account, account.key):
            lines = account.lines()
        assert lines["landing-zone-keys"].detail == f"{account.key} ({ALIAS})"
        assert lines["landing-zone-results"].detail.startswith(f"{key_id} ({ALIAS}) is COMPLIANT, judged ")
        assert lines["key-last-use"].detail.startswith(f"{key_id} ({ALIAS}) was used for ")
        assert listings(account, "ListAliases") == 1

    def test_what_is_beside_the_key(self, account: Management) -> None:
        """A second policy is of a key with a name, wherever its ARN stands."""
        records = account.sandbox.key_records
        before = records[account.key]
        records[account.key] = replace(before, ram_policy="{}")
        with named(account, account.key):
            detail = account.line("beside-the-key").detail
        records[account.key] = before
        assert detail.startswith(f"{account.key} ({ALIAS}) has a second policy")

    def test_a_former_key(self, account: Management) -> None:
        """Enabled or not, it has its own name."""
        kms, key = account.client("kms"), make_key(account.sandbox)
        with named(account, key, FORMER):
            kept = account.line("former-keys")
            kms.disable_key(KeyId=key)
            lost = account.line("former-keys")
        closed = json.loads(key_policy(key))
        closed["Statement"] = closed["Statement"][:1]
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(closed))
        assert kept.detail == f"still Enabled: {key} ({FORMER})"
        assert lost.detail.startswith(f"{key} ({FORMER}) is Disabled: ")
        assert lost.fix == f"run aws kms enable-key --key-id {key}"

    def test_a_key_that_is_out_of_scope(self, account: Management) -> None:
        """Its fault is told of it by name, and its name is what AWS has of it in the home Region alone."""
        foreign = account.key.replace(ACCOUNT, OTHER)
        before = account.sandbox.landing_zone
        account.sandbox.landing_zone = LandingZone.with_key(foreign, "4.0")
        with named(account, account.key):
            unnamed = account.line("landing-zone-keys").detail
        account.sandbox.landing_zone = before
        other = account.key[:-4] + "0000"
        with named(account, account.key), account.other_parameters(KeyScope=other):
            detail = account.line("landing-zone-keys").detail
        assert unnamed == f"{foreign} is in account {OTHER}, the rule in {ACCOUNT}"
        assert detail == f"{account.key} ({ALIAS}) is not listed in KeyScope"

    def test_refused(self, account: Management) -> None:
        """It is said once, and every line is as well as it was; the twin without is the first test."""
        account.sandbox.fail_next("kms", "ListAliases", "AccessDeniedException")
        with named(account, account.key):
            seen = account.examine()
        told = {found.expectation.name: found.check.detail for found in seen.findings}
        said = [name for name, detail in told.items() if "ListAliases" in detail]
        assert said == ["landing-zone-keys"]
        assert told["landing-zone-keys"].startswith(
            f"{account.key}; account {ACCOUNT} refused kms:ListAliases"
        )
        assert told["landing-zone-keys"].endswith(": aliases are not shown")
        assert not any(ALIAS in detail for detail in told.values())
        assert (seen.status, seen.exit_code) == (Status.OK, 0)


class TestAccounts:
    """Names beside numbers, where AWS Organizations tells them anyway: for an organization's rule."""

    def test_a_rule_of_the_account(self, account: Management) -> None:
        """Nobody lists accounts for it, so their numbers stand alone."""
        account.sandbox.units = (Unit(accounts=(OTHER,), registration=NOT_REREGISTERED),)
        detail = account.lines()["baselines"].detail
        account.sandbox.units = None
        assert f"; {OTHER}: it is not on" in detail
        assert listings(account, "ListAccounts") == 0


class TestHostile:
    """A name that somebody else has chosen."""

    @pytest.fixture
    def check(self, tmp_path: Path) -> Check:
        """A line that names an account."""
        statuses = (
            "get_organization_config_rule_detailed_status",
            {"OrganizationConfigRuleDetailedStatus": []},
        )
        hostile = {OTHER: "\x1b]0;owned\x07[red]\nOK  all is well\u202e"}
        return accounts_without_rule(
            subject(tmp_path, organization_rule(), statuses, accounts=(OTHER,), names=hostile)
        )

    def test_on_the_screen(self, check: Check) -> None:
        """It drives no terminal, is no markup, and makes no line of its own."""
        (row,) = (row for row in EXPECTATIONS if row.name == "accounts")
        seen = Examination("prod", "parameters/prod.json", ACCOUNT, "us-east-1", (Looked(row, check),))
        console = Console(width=400, force_terminal=True, color_system=None)
        with console.capture() as captured:
            console.print(terminal_view(seen))
        shown = captured.get()
        assert OTHER in shown
        assert "[red] OK all is well" in shown
        assert not {"\x1b", "\x07", "\u202e"} & {*shown}


class TestNames:
    """How a name stands beside an id."""

    def test_where_it_is_known(self) -> None:
        """Else the id stands alone."""
        arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        names = Names({arn: ALIAS, OTHER: ""})
        assert names.beside(arn) == f"{arn} ({ALIAS})"
        assert names.beside_id(arn) == f"1234abcd-12ab-34cd-56ef-1234567890ab ({ALIAS})"
        assert names.each((ACCOUNT, OTHER)) == [ACCOUNT, OTHER]
