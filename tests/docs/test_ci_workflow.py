"""The workflow for GitHub Actions on check-in-ci.md: what a stranger's pull request holds gets nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from .test_examples import snippet


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    """As a reader would paste it; YAML 1.1 takes its `on` for true."""
    return snippet("upload-sarif")


def test_it_runs_without_secrets(workflow: dict[Any, Any]) -> None:
    """For a pull request as one."""
    assert set(workflow[True]) == {"push", "pull_request"}


def test_its_token_can_do_little(workflow: dict[Any, Any]) -> None:
    """Read, and upload where that is done; the checkout does not keep it."""
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {"contents": "read"}
    assert job["permissions"] == {"actions": "read", "contents": "read", "security-events": "write"}
    (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"] == {"persist-credentials": False}


def test_no_command_is_put_together(workflow: dict[Any, Any]) -> None:
    """From what GitHub would fill in."""
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_the_result_is_not_in_the_checkout(workflow: dict[Any, Any]) -> None:
    """Where there may be a link of its name."""
    (job,) = workflow["jobs"].values()
    (command,) = [step["run"] for step in job["steps"] if step.get("run", "").startswith("lzkey ")]
    (upload,) = [step["with"]["sarif_file"] for step in job["steps"] if "upload" in step.get("uses", "")]
    assert command.split("--output ")[1] == upload
    assert upload.startswith("../")
