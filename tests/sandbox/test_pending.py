"""A client that does not wait sees that AWS is at work; one that waits finds the work done.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html and
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .accounts import zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey_sandbox import Sandbox

    from .conftest import Account

BUCKET = {"Type": "AWS::S3::Bucket"}
HELLO = zipped({"HELLO.py": "def lambda_handler(event, context):\n    return 'hello'\n"})


def template(*names: str) -> str:
    """A template of buckets."""
    return json.dumps({"Resources": dict.fromkeys(names, BUCKET)})


class Stacks:
    """What can be done with the stack `one`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.client = sandbox.client("cloudformation")

    def create(self, name: str = "one") -> str:
        """Make a stack; return its id."""
        return str(self.client.create_stack(StackName=name, TemplateBody=template("A"))["StackId"])

    def update(self) -> None:
        """Put another bucket in it."""
        self.client.update_stack(StackName="one", TemplateBody=template("A", "B"))

    def change(self) -> None:
        """The same by a change set."""
        self.client.create_change_set(
            StackName="one", ChangeSetName="more", ChangeSetType="UPDATE", TemplateBody=template("A", "C")
        )
        self.client.execute_change_set(StackName="one", ChangeSetName="more")

    def delete(self) -> None:
        """Take it away."""
        self.client.delete_stack(StackName="one")

    def status(self, name: str = "one") -> str:
        """What DescribeStacks says."""
        return str(self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


@pytest.fixture
def stacks(sandbox: Sandbox) -> Stacks:
    """The sandbox's stacks."""
    return Stacks(sandbox)


class TestStacks:
    """IN_PROGRESS, once."""

    @pytest.mark.parametrize(
        ("work", "state"), [(Stacks.update, "UPDATE"), (Stacks.change, "UPDATE"), (Stacks.delete, "DELETE")]
    )
    def test_each_operation(self, stacks: Stacks, work: Callable[[Stacks], None], state: str) -> None:
        """By the stack's id, under which a deleted one is found, too."""
        made = stacks.create()
        assert [stacks.status(made) for _ in range(3)] == ["CREATE_IN_PROGRESS", *["CREATE_COMPLETE"] * 2]
        work(stacks)
        assert [stacks.status(made) for _ in range(2)] == [f"{state}_IN_PROGRESS", f"{state}_COMPLETE"]

    def test_a_deleted_one(self, stacks: Stacks) -> None:
        """Is found by its name until it is gone; its name is free at once."""
        stacks.create()
        stacks.delete()
        assert stacks.status() == "DELETE_IN_PROGRESS"
        with pytest.raises(stacks.client.exceptions.ClientError, match="does not exist"):
            stacks.status()
        stacks.create()
        stacks.delete()
        stacks.create()
        assert stacks.status() == "CREATE_IN_PROGRESS"
        assert len(stacks.client.describe_stacks()["Stacks"]) == 1

    def test_of_two_stacks(self, stacks: Stacks) -> None:
        """Each has its own work; an answer about all shows all."""
        for name in ("one", "two", "three"):
            stacks.create(name)
        stacks.client.list_stacks()
        stacks.update()
        stacks.client.delete_stack(StackName="two")
        assert stacks.status("three") == "CREATE_COMPLETE"
        assert stacks.status("two") == "DELETE_IN_PROGRESS"
        shown = {each["StackName"]: each["StackStatus"] for each in stacks.client.describe_stacks()["Stacks"]}
        assert shown == {"one": "UPDATE_COMPLETE", "three": "CREATE_COMPLETE"}

    def test_for_a_waiter(self, stacks: Stacks) -> None:
        """Whose first question is answered as its last one would be; it would ask again after 30 seconds."""
        stacks.create()
        stacks.client.get_waiter("stack_create_complete").wait(
            StackName="one", WaiterConfig={"MaxAttempts": 1}
        )
        stacks.delete()
        stacks.client.get_waiter("stack_delete_complete").wait(
            StackName="one", WaiterConfig={"MaxAttempts": 1}
        )

    def test_for_rdk(self, stacks: Stacks) -> None:
        """Which lists all stacks, and again after five seconds."""
        stacks.create()
        (listed,) = stacks.client.list_stacks()["StackSummaries"]
        assert (listed["StackStatus"], stacks.status()) == ("CREATE_COMPLETE", "CREATE_COMPLETE")


class TestFunctions:
    """Pending or InProgress, once; the answer to the operation says it, too."""

    @pytest.fixture
    def client(self, account: Account) -> Any:
        """A client of Lambda."""
        return account.sandbox.client("lambda")

    @pytest.fixture
    def created(self, account: Account, client: Any) -> Any:
        """A function's description as it is created."""
        return client.create_function(
            FunctionName="HELLO",
            Role=account.role("lambda"),
            Runtime="python3.13",
            Handler="HELLO.lambda_handler",
            Code={"ZipFile": HELLO},
        )

    @pytest.mark.parametrize("operation", ["get_function", "get_function_configuration"])
    def test_created(self, client: Any, created: Any, operation: str) -> None:
        """The reason is there as long as the state is."""

        def state() -> tuple[str, str | None]:
            found = getattr(client, operation)(FunctionName="HELLO")
            shown = found.get("Configuration", found)
            return shown["State"], shown.get("StateReasonCode")

        assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
        assert [state() for _ in range(2)] == [("Pending", "Creating"), ("Active", None)]

    @pytest.mark.usefixtures("created")
    @pytest.mark.parametrize(
        ("operation", "members"),
        [("update_function_code", {"ZipFile": HELLO}), ("update_function_configuration", {"Timeout": 5})],
    )
    def test_updated(self, client: Any, operation: str, members: dict[str, Any]) -> None:
        """It stays active."""
        client.get_waiter("function_active_v2").wait(FunctionName="HELLO", WaiterConfig={"MaxAttempts": 1})
        updated = getattr(client, operation)(FunctionName="HELLO", **members)
        found = [client.get_function_configuration(FunctionName="HELLO") for _ in range(2)]
        statuses = [each["LastUpdateStatus"] for each in (updated, *found)]
        assert statuses == ["InProgress", "InProgress", "Successful"]
        assert {each["State"] for each in (updated, *found)} == {"Active"}

    @pytest.mark.usefixtures("created")
    def test_for_a_waiter(self, client: Any) -> None:
        """And for whoever comes after it."""
        client.get_waiter("function_active").wait(FunctionName="HELLO", WaiterConfig={"MaxAttempts": 1})
        assert client.get_function(FunctionName="HELLO")["Configuration"]["State"] == "Active"

    @pytest.mark.usefixtures("created")
    def test_that_runs(self, account: Account, client: Any) -> None:
        """Is no longer pending."""
        account.sandbox.invoke("HELLO", {})
        assert client.get_function_configuration(FunctionName="HELLO")["State"] == "Active"
