"""The workflow for GitHub Actions on check-in-ci.md: what a stranger's pull request holds gets nowhere."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from .pages import ROOT
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
    """From what GitHub would fill in; the action has a test of the same."""
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == []
    given = [value for step in job["steps"] for value in step.get("with", {}).values() if "${{" in str(value)]
    assert given == ["${{ steps.lzkey.outputs.sarif }}"]


def test_the_action_has_what_it_is_given(workflow: dict[Any, Any]) -> None:
    """Inputs and the output that is uploaded, also of a check that fails."""
    (job,) = workflow["jobs"].values()
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (used,) = [step for step in job["steps"] if step.get("id") == "lzkey"]
    assert set(used["with"]) <= set(action["inputs"])
    (upload,) = [step for step in job["steps"] if "upload-sarif" in step["uses"]]
    assert upload["if"] == "always() && steps.lzkey.outputs.sarif"
    assert "sarif" in action["outputs"]
