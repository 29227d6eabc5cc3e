#!/usr/bin/env bash
# py-ocsf-models 0.10.0: a Compliance Finding whose verdict is none of pass, warning and fail has status_id 99, and the
# verdict itself in compliance.status. The library's own enumeration says so of 99 ("See the status attribute"), but
# its Compliance has no such member: reading a finding and writing it again keeps the 99 and loses what it stands for,
# with status_code and status_details, without an error. status_id is all that may be relied upon.
#
# Seen: "read: status, status_code, status_details, status_id; written: status_id (99)"
# https://schema.ocsf.io/1.5.0/objects/compliance
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check py-ocsf-models==0.10.0

cat >"$folder/look.py" <<'PYTHON'
import json

from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

compliance = {
    "control": "Keys are rotated every year",
    "standards": ["Example"],
    "status_id": 99,
    "status": "Not applicable",
    "status_code": "NOT_APPLICABLE",
    "status_details": ["Asymmetric keys are not rotated"],
}
finding = {
    "activity_id": 1,
    "category_name": "Findings",
    "category_uid": 2,
    "class_name": "Compliance Finding",
    "class_uid": 2003,
    "type_uid": 200301,
    "severity_id": 1,
    "time": 1767225600000,
    "metadata": {"version": "1.5.0", "product": {"name": "Example", "vendor_name": "Example", "version": "1"}},
    "finding_info": {
        "uid": "1",
        "title": "Rotation",
        "desc": "Rotation of a key",
        "product_uid": "example",
        "types": ["Configuration"],
        "created_time": 1767225600000,
    },
    "compliance": compliance,
}
written = json.loads(ComplianceFinding(**json.loads(json.dumps(finding))).model_dump_json(exclude_none=True))
before, after = (sorted(name for name in each if name.startswith("status")) for each in (compliance, written["compliance"]))
print(f"read: {', '.join(before)}; written: {', '.join(after)} ({written['compliance']['status_id']})")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py")
echo "py-ocsf-models 0.10.0: $seen"
[ "$seen" = "read: status, status_code, status_details, status_id; written: status_id (99)" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
