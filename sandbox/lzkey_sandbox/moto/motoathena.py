"""Reads moto's tables and work groups, and tells them as Amazon Athena does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.athena.models import athena_backends
from moto.glue.exceptions import EntityNotFoundException
from moto.glue.models import glue_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey import Untyped


def table_of(account: str, region: str, database: str, name: str) -> dict[str, Any] | None:
    """A table of AWS Glue's catalog as GetTableMetadata shows it, or None where there is none.

    Its place and formats are among its parameters there.
    Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html
    """
    try:
        found = glue_backends[account][region].get_table(database, name).as_dict()
    except EntityNotFoundException:
        return None
    stored = found.get("StorageDescriptor") or {}
    places = {"location": stored.get("Location"), "inputformat": stored.get("InputFormat")}
    return {
        "Name": found["Name"],
        "TableType": found.get("TableType", "EXTERNAL_TABLE"),
        "Columns": [_column(each) for each in stored.get("Columns") or ()],
        "PartitionKeys": [_column(each) for each in found.get("PartitionKeys") or ()],
        "Parameters": {
            **(found.get("Parameters") or {}),
            **{name: text for name, text in places.items() if text},
        },
    }


def work_group_of(account: str, region: str, name: str) -> dict[str, Any] | None:
    """A work group as GetWorkGroup shows it, or None where there is none."""
    found: Untyped = athena_backends[account][region].get_work_group(name)
    if found is None:
        return None
    return {each: value for each, value in found.items() if each != "CreationTime" and value is not None}


def _column(told: Mapping[str, Any]) -> dict[str, str]:
    return {"Name": str(told["Name"]), "Type": str(told.get("Type", ""))}
