#!/usr/bin/env bash
# microburst 0.10.0, a proxy that injects AWS's errors: a rule that names an error by its code alone sends
# KMSInternalException with status 400. In botocore's model, and so from KMS, it is a fault of the service, 500,
# which SDKs ask again. With 400 none does, so that a test of retries by this rule shows that there are none.
# Its preset "kms-outage" sets 503 itself, and is asked again.
#
# Seen: "by code: status 400, 1 attempt; preset kms-outage: status 503, 3 attempts" with three attempts allowed
# https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html (Errors: KMSInternalException, 500)
set -euo pipefail

folder=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check microburst==0.10.0 boto3==1.44.8

port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env -i PATH="$PATH" HOME="$folder" TMPDIR="$folder" "$folder/venv/bin/microburst" --host 127.0.0.1 --port "$port" \
  --upstream http://127.0.0.1:9 >"$folder/log" 2>&1 &
server=$!

cat >"$folder/look.py" <<'PYTHON'
import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

address = f"http://127.0.0.1:{sys.argv[1]}"


def tell(method, path, what=None):
    """Ask the proxy's own API."""
    data = None if what is None else json.dumps(what).encode()
    request = urllib.request.Request(f"{address}/_microburst/{path}", data, method=method)
    request.add_header("Content-Type", "application/json")
    return urllib.request.urlopen(request).read()


def asked():
    """The status of ListKeys' error, and how often it was asked."""
    three = Config(retries={"mode": "standard", "total_max_attempts": 3})
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    try:
        session.client("kms", endpoint_url=address, config=three).list_keys()
    except ClientError as error:
        told = error.response["ResponseMetadata"]
        attempts = told["RetryAttempts"] + 1
        return f"status {told['HTTPStatusCode']}, {attempts} attempt{'s' if attempts > 1 else ''}"


for _ in range(60):
    try:
        tell("GET", "health")
        break
    except OSError:
        time.sleep(0.5)
tell("POST", "rules", [{"service": "kms", "error": {"code": "KMSInternalException"}}])
by_code = asked()
tell("POST", "rules", [])
tell("POST", "presets/kms-outage", {})
print(f"by code: {by_code}; preset kms-outage: {asked()}")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py" "$port")
echo "microburst 0.10.0: $seen"
[ "$seen" = "by code: status 400, 1 attempt; preset kms-outage: status 503, 3 attempts" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
