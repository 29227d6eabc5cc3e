#!/usr/bin/env bash
# compliance-trestle 5.2.0: OSCAL lets a time have any fraction of a second, and trestle reads one with microseconds.
# Written again it has milliseconds: two observations that were made one after the other were made at the same time,
# and nothing says that something was lost. What is signed or digested must be one's own bytes, never what trestle has
# written; and whoever wants an order of events to survive writes milliseconds at most, or an order of his own.
#
# Seen: "read: 09:15:00.000120, 09:15:00.000480; written: 09:15:00.000, 09:15:00.000"
# https://pages.nist.gov/OSCAL/reference/datatypes/#datetime-with-timezone
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check compliance-trestle==5.2.0

cat >"$folder/look.py" <<'PYTHON'
import json
import sys
from pathlib import Path

from trestle.oscal.assessment_results import AssessmentResults

PLAN = "0f5b1c5e-6f0a-4d4e-9a54-0c6f2f1f0002"
times = ["2026-11-30T09:15:00.000120Z", "2026-11-30T09:15:00.000480Z"]
observations = [
    {
        "uuid": f"0f5b1c5e-6f0a-4d4e-9a54-0c6f2f1f001{number}",
        "description": "Someone looked.",
        "methods": ["EXAMINE"],
        "collected": time,
    }
    for number, time in enumerate(times)
]
result = {
    "uuid": "0f5b1c5e-6f0a-4d4e-9a54-0c6f2f1f0003",
    "title": "An example",
    "description": "Two looks.",
    "start": "2026-11-30T09:00:00Z",
    "reviewed-controls": {"control-selections": [{"include-controls": [{"control-id": "au-9"}]}]},
    "observations": observations,
}
document = {
    "assessment-results": {
        "uuid": "0f5b1c5e-6f0a-4d4e-9a54-0c6f2f1f0001",
        "metadata": {
            "title": "An example",
            "last-modified": "2026-11-30T10:00:00Z",
            "version": "1",
            "oscal-version": "1.2.1",
        },
        "import-ap": {"href": f"#{PLAN}"},
        "results": [result],
        "back-matter": {"resources": [{"uuid": PLAN, "title": "What was looked at"}]},
    }
}
here, there = Path(sys.argv[1], "read.json"), Path(sys.argv[1], "written.json")
here.write_text(json.dumps(document))
AssessmentResults.oscal_read(here).oscal_write(there)
written = json.loads(there.read_text())["assessment-results"]["results"][0]["observations"]
before, after = ([one["collected"][11:].rstrip("Z").partition("+")[0] for one in each] for each in (observations, written))
print(f"read: {', '.join(before)}; written: {', '.join(after)}")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py" "$folder")
echo "compliance-trestle 5.2.0: $seen"
[ "$seen" = "read: 09:15:00.000120, 09:15:00.000480; written: 09:15:00.000, 09:15:00.000" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
