#!/usr/bin/env bash
# ministack 1.4.21 (also 1.5.33), an emulator of AWS: whatever a Python handler raises, the answer's errorType is
# "Runtime.HandlerError", and there is no stackTrace. Lambda, and its open-source runtime client for Python, give
# the name of the exception's class and the trace, by which callers and tests tell failures apart.
#
# Seen: '{"errorMessage": "why", "errorType": "Runtime.HandlerError"}' for a handler that raises MyError("why")
# https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
set -euo pipefail

folder=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ministack==1.4.21 boto3==1.44.8

port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env -i PATH="$folder/venv/bin:$PATH" HOME="$folder" TMPDIR="$folder" BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" \
  LAMBDA_EXECUTOR=local DOCKER_HOST=unix:///nowhere AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing \
  AWS_EC2_METADATA_DISABLED=true "$folder/venv/bin/python" -m ministack >"$folder/log" 2>&1 &
server=$!

cat >"$folder/look.py" <<'PYTHON'
import io
import json
import sys
import time
import zipfile

import boto3
from botocore.exceptions import BotoCoreError

session = boto3.Session("testing", "testing", region_name="us-east-1")
client = session.client("lambda", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}")
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("main.py", "class MyError(Exception): pass\ndef handle(event, context): raise MyError('why')\n")
for _ in range(60):
    try:
        client.list_functions()
        break
    except BotoCoreError:
        time.sleep(0.5)
client.create_function(
    FunctionName="f",
    Runtime="python3.13",
    Role="arn:aws:iam::111122223333:role/r",
    Handler="main.handle",
    Code={"ZipFile": code.getvalue()},
)
client.get_waiter("function_active_v2").wait(FunctionName="f")
print(json.dumps(json.load(client.invoke(FunctionName="f", Payload=b"{}")["Payload"]), sort_keys=True))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py" "$port")
echo "ministack 1.4.21: $seen"
[ "$seen" = '{"errorMessage": "why", "errorType": "Runtime.HandlerError"}' ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
