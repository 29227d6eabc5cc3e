"""For which accounts a request of AWS Config is refused, in words that are true of every one of them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeAlias

from landing_zone_key.policy.decision import Request, decide, effort, names_principal
from landing_zone_key.policy.document import Policy, Statement
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.proof import MAXIMUM_STEPS, Proved, Refused, find_refused, prove

#: In an annotation, from which `lzkey report` reads it back. Of a list of accounts: those that are named or
#: counted after it are proved to be allowed.
EVERY_BUT: Final = "for every account but"
LISTED: Final = "that are listed"
SOME_ACCOUNTS: Final = "for some accounts"
FOR_ACCOUNT: Final = "for account"

FamilyOf: TypeAlias = Callable[[tuple[str, ...]], Family]
"""The requests that are made for these accounts; for any, where there are none."""

_SOURCES: Final = ("aws:sourcearn", "aws:sourceaccount")
_REGION, _ACCOUNT = 3, 4  # in an ARN
#: The bound on looking up which accounts of a list are allowed.
_MOST_STEPS: Final = 40_000
#: Of a longer list no account is named.
_MOST_NAMED: Final = 3
#: What the bound on a proof grows by with each account that it is asked about.
_STEPS_OF_AN_ACCOUNT: Final = 250


def prove_accounts(policy: Policy, accounts: tuple[str, ...], family_of: FamilyOf) -> Proved | Refused:
    """Prove that every request that is made for these accounts is allowed."""
    return prove(policy, family_of(accounts), _steps(accounts))


def find_refused_account(policy: Policy, accounts: tuple[str, ...], family_of: FamilyOf) -> Refused | None:
    """A request for one of these accounts that is certain to be refused; None where there is none."""
    return find_refused(policy, family_of(accounts), _steps(accounts))


def refused_for(
    policy: Policy, certain: Refused, management: str, surest: FamilyOf, every: FamilyOf
) -> tuple[Refused, str]:
    """The refusal that is true of most accounts, and for whom it is; empty where it is for all.

    `surest` makes the requests of which all is documented, `every` all of them.
    """
    request = certain.request
    if request is None or not is_by_account(policy, certain):
        return certain, ""
    asked = _asked(policy, certain, _ACCOUNT)
    listed = _allowed(policy, request, asked)
    is_list = bool(listed) and is_for_any_other(policy, certain)
    if is_list and isinstance(prove_accounts(policy, listed, every), Proved):
        return certain, f" {EVERY_BUT} {_told(listed)}"
    real = find_refused_account(policy, tuple(dict.fromkeys((management, *listed[:_MOST_NAMED]))), surest)
    if real is not None:
        return real, f" {FOR_ACCOUNT} {account_of(real)}"
    account = account_of(certain)
    return certain, f" {FOR_ACCOUNT} {account}" if account in asked else f" {SOME_ACCOUNTS}"


def account_of(refused: Refused) -> str:
    """The account that the refused request is made for; empty where it is for none, or none is known."""
    return "".join(refused.request.values.get("aws:sourceaccount", ())) if refused.request else ""


def is_for_any_other(policy: Policy, refused: Refused) -> bool:
    """Whether every account that no statement names would be refused alike."""
    if refused.request is None:
        return False
    asked = _asked(policy, refused, _ACCOUNT)
    return account_of(refused) not in asked and all(map(str.isdigit, asked))


def region_of(policy: Policy, refused: Refused) -> str:
    """From which Region the request is made, where that makes a difference."""
    request = refused.request
    if request is None or "aws:sourceaccount" not in request.values:
        return ""
    source = "".join(request.values.get("aws:sourcearn", ())).split(":")
    by_region = bool(_asked(policy, refused, _REGION))
    return f" in {source[_REGION]}" if by_region and len(source) > _REGION else ""


def is_by_account(policy: Policy, refused: Refused) -> bool:
    """Whether the refusal can depend on the account that the service works for.

    Of a Deny, its own conditions tell; where nothing allows, those of any statement about the service.
    """
    request, denying = refused.request, refused.decision.statement
    if request is None:
        return False
    return any(
        condition.lookup_key == "aws:sourceaccount"
        or any(text.split(":", 5)[_ACCOUNT : _ACCOUNT + 1] != ["*"] for text in condition.texts)
        for statement in ([denying] if denying else policy.statements)
        if names_principal(statement.principals, request) is not False
        for condition in statement.conditions
        if condition.lookup_key in _SOURCES
    )


def _allowed(policy: Policy, request: Request, asked: frozenset[str]) -> tuple[str, ...]:
    """Those of the accounts for which the request itself is allowed."""
    accounts = sorted(part for part in asked if part.isdigit())
    if _steps_of_one(policy, request) * len(accounts) > _MOST_STEPS:
        return ()
    return tuple(each for each in accounts if decide(policy, _of_account(request, each)).allowed)


def _steps_of_one(policy: Policy, request: Request) -> int:
    """What it takes to decide a request."""
    values = request.values
    return sum(
        effort(statement, request.value_of)
        + sum(each.effort(values.get(each.lookup_key)) for each in statement.conditions)
        for statement in policy.statements
    )


def _steps(accounts: tuple[str, ...]) -> int:
    return MAXIMUM_STEPS + _STEPS_OF_AN_ACCOUNT * len(accounts)


def _told(accounts: tuple[str, ...]) -> str:
    if len(accounts) > _MOST_NAMED:
        return f"the {len(accounts)} {LISTED}"
    return " and ".join(filter(None, (", ".join(accounts[:-1]), accounts[-1])))


def _asked(policy: Policy, refused: Refused, place: int) -> frozenset[str]:
    """The accounts or Regions that decide: of the Deny; without one, of the Allows for whoever asks."""
    request, denying = refused.request, refused.decision.statement
    allowing = (
        each
        for each in policy.statements
        if request and each.allows and names_principal(each.principals, request)
    )
    return _parts([denying] if denying else allowing, place)


def _parts(statements: Iterable[Statement], place: int) -> frozenset[str]:
    """What conditions on the source of a request ask for, as account or as Region: values and patterns."""
    parts: set[str] = set()
    for statement in statements:
        for condition in statement.conditions:
            if condition.lookup_key == "aws:sourcearn":
                arns = [text.split(":", 5) for text in condition.texts]
                recorders = [arn for arn in arns if len(arn) > _ACCOUNT and arn[2] in ("config", "*")]
                parts |= {arn[place] for arn in recorders}
            elif condition.lookup_key == "aws:sourceaccount" and place == _ACCOUNT:
                parts |= {*condition.texts}
    return frozenset(parts - {"*"})


def _of_account(request: Request, account: str) -> Request:
    """The same request, made for another account."""
    (before,) = request.values["aws:sourceaccount"]
    values = {
        key: tuple(value.replace(f":{before}:", f":{account}:") for value in found)
        for key, found in request.values.items()
        if key != "aws:sourceaccount"
    }
    return replace(request, context={**values, "aws:sourceaccount": account})
